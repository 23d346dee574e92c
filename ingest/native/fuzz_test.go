package native_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/native"
)

// Whatever arrives becomes valid events or an error that says what is wrong.
func FuzzParse(f *testing.F) {
	good := event("1", "deployment", deployment)
	f.Add("application/json", []byte(good))
	f.Add("application/json", []byte("["+good+","+event("2", "change", `{"repository":"acme/mono","sha":"a","files":["shop/x"]}`)+"]"))
	f.Add("application/cloudevents+json", []byte(`{"specversion":"1.0","data":null,"context":{}}`))
	f.Add("application/cloudevents-batch+json", []byte(`[]`))
	f.Add("application/json", []byte(event("1", "toil", `{"team":"x","category":"y","minutes":5,"person":"ann"}`)))
	f.Add("application/json", []byte(cdevent))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		p := native.Parser{Catalog: acme}
		batch, _, err := p.Parse(http.Header{"Content-Type": {media}}, body)
		if err != nil {
			var invalid *native.InvalidError
			if !errors.As(err, &invalid) && !errors.Is(err, native.ErrMediaType) {
				t.Errorf("the error is %v", err)
			}
			if err.Error() == "" {
				t.Error("the error says nothing")
			}
			return
		}
		for _, events := range batch {
			for _, e := range events {
				if err := e.Validate(); err != nil {
					t.Errorf("event %s: %v", e.ID, err)
				}
			}
		}
	})
}

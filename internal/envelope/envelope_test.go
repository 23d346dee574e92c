package envelope_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

var at = time.Date(2026, 1, 1, 10, 0, 0, 123456789, time.UTC)

// odd is text that a header can't hold as it is.
const odd = "a b\r\nNats-Msg-Id: x\"%41é\x00"

func TestDelivery(t *testing.T) {
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, body := range map[string][]byte{
		"empty":                            {},
		"small":                            []byte(`{"a":1}`),
		"large":                            bytes.Repeat([]byte(`{"url":"https://api.github.com"},`), 10_000),
		"large and not to be made smaller": noise,
	} {
		t.Run(name, func(t *testing.T) {
			want := schemas.Delivery{
				Source: "github", ID: odd, Kind: "push", Body: body, ReceivedAt: at,
				Header: map[string]string{"Content-Type": "application/json", "X-Odd": odd},
			}
			m := envelope.Delivery(&want)
			if m.Subject != "deliveries.github" || len(m.Data) > len(body) {
				t.Errorf("%d bytes of %d go to %s", len(m.Data), len(body), m.Subject)
			}
			got, err := envelope.ParseDelivery(m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvent(t *testing.T) {
	want := schemas.Event{
		ID: odd, Source: "github/acme/shöp", Type: schemas.TypeChange, Time: at, Subject: "the shop",
		Data: []byte(`{"sha":"a"}`), KnownAt: at.Add(time.Hour),
	}
	m := envelope.Event(&want, 4)
	if !strings.HasPrefix(m.Subject, "events.change.") {
		t.Errorf("subject is %s", m.Subject)
	}
	for name, values := range m.Header {
		if strings.ContainsAny(values[0], "\r\n\x00é ") {
			t.Errorf("header %s is %q", name, values[0])
		}
	}
	got, err := envelope.ParseEvent(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Run("no two identities are one message id", func(t *testing.T) {
		a := envelope.EventID(&schemas.Event{Source: "a b", ID: "c"})
		b := envelope.EventID(&schemas.Event{Source: "a", ID: "b c"})
		if a == b {
			t.Errorf("both are %q", a)
		}
	})
	t.Run("a sender that escapes nothing is understood", func(t *testing.T) {
		m.Header["ce-subject"] = []string{"100% é"}
		if got, err := envelope.ParseEvent(m); err != nil || got.Subject != "100% é" {
			t.Errorf("the subject is %q, %v", got.Subject, err)
		}
	})
}

func TestDeadLetter(t *testing.T) {
	d := schemas.Delivery{Source: "github", ID: "1", Kind: "push", Body: []byte("{"), ReceivedAt: at}
	want := envelope.DeadLetter{
		Stage: "decode", Reason: "payload", Error: "it\nbroke", At: at, Stream: "DELIVERIES", Sequence: 7,
		Original: envelope.Delivery(&d),
	}
	m := want.Message()
	if m.Subject != "deadletters.decode" {
		t.Errorf("subject is %s", m.Subject)
	}
	got, err := envelope.ParseDeadLetter("decode", m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Run("the original can be driven again", func(t *testing.T) {
		again, err := envelope.ParseDelivery(got.Original)
		if err != nil || again.ID != "1" || string(again.Body) != "{" {
			t.Errorf("gives %+v, %v", again, err)
		}
	})
	t.Run("a long error is cut", func(t *testing.T) {
		want.Error = strings.Repeat("é", 5000)
		got, err := envelope.ParseDeadLetter("decode", want.Message())
		if err != nil || len(got.Error) > 2048 {
			t.Errorf("%d bytes, %v", len(got.Error), err)
		}
	})
}

func TestMalformed(t *testing.T) {
	good := envelope.Delivery(&schemas.Delivery{Source: "s", ID: "1", ReceivedAt: at, Body: bytes.Repeat([]byte("x"), 1<<20)})
	damaged := good
	damaged.Data = good.Data[:len(good.Data)/2]
	endless := good
	endless.Data = []byte{0xff, 0xff, 0xff, 0xff, 0x0f}
	for name, m := range map[string]jetstream.Message{"empty": {}, "cut": damaged, "too long": endless} {
		if _, err := envelope.ParseDelivery(m); !errors.Is(err, envelope.ErrMalformed) {
			t.Errorf("ParseDelivery of one that is %s gives %v", name, err)
		}
	}
	if _, err := envelope.ParseEvent(good); !errors.Is(err, envelope.ErrMalformed) {
		t.Errorf("ParseEvent of a delivery gives %v", err)
	}
	if _, err := envelope.ParseDeadLetter("decode", good); !errors.Is(err, envelope.ErrMalformed) {
		t.Errorf("ParseDeadLetter of a delivery gives %v", err)
	}
}

// Foreign messages may carry anything.
func FuzzParse(f *testing.F) {
	good := envelope.Delivery(&schemas.Delivery{Source: "s", ID: "1", ReceivedAt: at, Body: bytes.Repeat([]byte("x"), 1<<17)})
	f.Add("s", "1", "2026-01-01T10:00:00Z", "s2", good.Data)
	f.Add("s", "%4", "now", "", []byte("{}"))
	f.Fuzz(func(_ *testing.T, source, id, when, encoding string, data []byte) {
		m := jetstream.Message{Data: data, Header: map[string][]string{
			"Fivekeys-Source": {source}, "Fivekeys-Delivery-Id": {id}, "Fivekeys-Received-At": {when}, "content-encoding": {encoding},
			"ce-id": {id}, "ce-source": {source}, "ce-type": {encoding}, "ce-time": {when}, "Fivekeys-Known-At": {when},
			"Fivekeys-Original-Subject": {source}, "Fivekeys-Dead-At": {when}, "Fivekeys-Original-Sequence": {id},
		}}
		_, _ = envelope.ParseDelivery(m)
		_, _ = envelope.ParseEvent(m)
		_, _ = envelope.ParseDeadLetter("decode", m)
	})
}

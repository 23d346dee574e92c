package gate

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

// door decides who may ask.
type door struct {
	tokens *signature.Token
	// open lets this machine in without a token.
	open bool
}

func newDoor(tokens []string, own string) door {
	d := door{tokens: signature.NewBearer(append([]string{own}, tokens...))}
	d.open = errors.Is(signature.NewBearer(tokens).Precheck(nil), signature.ErrNotConfigured)
	return d
}

func (d door) admit(r *http.Request) (hint string, err error) {
	err = d.tokens.Precheck(r.Header)
	if err == nil || d.open && local(r) {
		return "", nil
	}
	if d.open {
		return "only this machine may ask without a token: set FIVEKEYS_API_TOKEN or FIVEKEYS_API_TOKEN_FILE and send it as Authorization: Bearer …",
			signature.ErrNotConfigured
	}
	return "send one of the configured tokens: Authorization: Bearer …", err
}

// forwarding are the headers of a proxy: behind one every caller looks local.
var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}

// local says whether the request comes from this machine.
func local(r *http.Request) bool {
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

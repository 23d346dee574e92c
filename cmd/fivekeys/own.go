package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

// ownOnly answers the commands of this machine, which read the token in the
// data folder of the serve that runs.
func ownOnly(token string, f func(r *http.Request) (any, error)) http.HandlerFunc {
	bearer := signature.NewBearer([]string{token})
	return func(w http.ResponseWriter, r *http.Request) {
		if err := bearer.Precheck(r.Header); err != nil {
			http.Error(w, "only this machine's fivekeys commands may do this", http.StatusUnauthorized)
			return
		}
		answer, err := f(r)
		switch {
		case errors.Is(err, errNoLetter):
			http.Error(w, err.Error(), http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer) // the client is gone if this fails
		}
	}
}

// ask has a running serve answer what ownOnly guards.
func (r *running) ask(ctx context.Context, method, path string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.HTTP+path, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+r.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the running fivekeys: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		if response.StatusCode == http.StatusNotFound {
			return errNoLetter
		}
		return fmt.Errorf("the running fivekeys answered %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

func TestWhatAStatusMeans(t *testing.T) {
	for status, want := range map[int]verdict{
		200: sent, 201: sent, 204: sent, 301: failed, 307: failed, 400: refused, 401: refused, 404: refused, 408: failed,
		410: refused, 413: refused, 422: refused, 429: failed, 500: failed, 501: failed, 502: failed, 503: failed,
	} {
		a := judge(&http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Retry-After": {"7"}}}, []byte("because\n of that"))
		if a.verdict != want || (a.err == nil) != (want == sent) {
			t.Errorf("%d: got %v, %v", status, a.verdict, a.err)
		}
		if later := status == 429 || status == 503; (a.later == 7*time.Second) != later {
			t.Errorf("%d: it is left alone for %s", status, a.later)
		}
		if want != sent && !strings.Contains(a.err.Error(), "because of that") {
			t.Errorf("%d: nothing of the answer is in %v", status, a.err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "soon": 0, "-1": 0, "99999999": maxLater, "1e3": 0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun, 01 Mar 2027 12:00:00 GMT": maxLater,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestAnErrorDoesNotRepeatTheAddress(t *testing.T) {
	a := post(t.Context(), &http.Client{}, "http://127.0.0.1:1/s3cret", request{})
	if a.verdict != failed || strings.Contains(a.err.Error(), "s3cret") {
		t.Errorf("got %v, %v", a.verdict, a.err)
	}
	if a := post(t.Context(), &http.Client{}, "http://s3cret\x00", request{}); a.verdict != refused || strings.Contains(a.err.Error(), "s3cret") {
		t.Errorf("got %v, %v", a.verdict, a.err)
	}
}

func TestSigningKeys(t *testing.T) {
	got, err := signingKeys([]string{"whsec_AAEC", "plain text"})
	if diff := cmp.Diff([][]byte{{0, 1, 2}, []byte("plain text")}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"whsec_", "whsec_s3cret!"} {
		if _, err := signingKeys([]string{bad}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// The example that Standard Webhooks publish: key, message and signature.
func TestThePublishedExampleOfASignature(t *testing.T) {
	keys, err := signingKeys([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	if err != nil {
		t.Fatal(err)
	}
	got := sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAlertsAddress(t *testing.T) {
	for root, want := range map[string]string{
		"http://h:9093": "http://h:9093/api/v2/alerts", "http://h/am/": "http://h/am/api/v2/alerts", "http://h/am/api/v2/alerts": "http://h/am/api/v2/alerts",
	} {
		if got, err := alertsAddress(root); got != want || err != nil {
			t.Errorf("%s: got %s, %v", root, got, err)
		}
	}
}

func TestReceiversThatCantBeTold(t *testing.T) {
	p := open(t, t.TempDir())
	for name, receivers := range map[string][]Receiver{
		"of two addresses":    {{Receiver: schemas.Receiver{Name: "a", Webhook: "https://h", Alertmanager: "https://h"}}},
		"of none":             {{Receiver: schemas.Receiver{Name: "a"}}},
		"with a broken key":   {{Receiver: schemas.Receiver{Name: "a", Webhook: "https://h"}, Secrets: []string{"whsec_?"}}},
		"of the same name":    {{Receiver: schemas.Receiver{Name: "a", Webhook: "https://h"}}, {Receiver: schemas.Receiver{Name: "a", Webhook: "https://h"}}},
		"at a broken address": {{Receiver: schemas.Receiver{Name: "a", Alertmanager: "http://h\x00"}}},
	} {
		if _, err := New(Config{Client: p.client, Publisher: p.publisher, Receivers: receivers}); err == nil {
			t.Errorf("a receiver %s is taken", name)
		}
	}
}

func TestWhatReceiversAreSent(t *testing.T) {
	bare := schemas.AlertSignal{ID: "1", State: schemas.AlertResolved, Objective: "o", StartedAt: noon}
	for name, s := range map[string]any{
		"firing": firing("checkout"), "resolved": resolved("checkout"), "bare": bare,
		"exhausted": budget("checkout", schemas.BudgetExhausted, noon), "restored": budget("checkout", schemas.BudgetRestored, noon),
	} {
		t.Run(name, func(t *testing.T) {
			subject := "signals.alert.x"
			if _, ok := s.(schemas.BudgetSignal); ok {
				subject = "signals.budget.x"
			}
			data, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parseSignal(subject, data)
			if err != nil {
				t.Fatal(err)
			}
			alert, err := alertsRequest([]postableAlert{parsed.postable(nil, "https://grafana.example.com")}, "")
			if err != nil {
				t.Fatal(err)
			}
			hook, err := webhookRequest(&parsed, nil, noon)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".alertmanager.json", alert.body)
			golden(t, name+".webhook.json", hook.body)
		})
	}
}

func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

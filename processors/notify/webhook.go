package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cloudEvent is a CloudEvent 1.0 in structured mode.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            time.Time       `json:"time"`
	Subject         string          `json:"subject,omitempty"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

const (
	eventSource = "fivekeys"
	// secretPrefix marks a key that is written in base64, as Standard Webhooks does.
	secretPrefix = "whsec_"
)

// webhookRequest renders a signal for a webhook, signed by Standard Webhooks with
// every key: while one is rotated the receiver may know either.
func webhookRequest(s *signal, keys [][]byte, now time.Time) (request, error) {
	body, err := json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: s.id(), Source: eventSource, Type: fmt.Sprintf("fivekeys.signal.%s.v1", s.kind),
		Time: s.at().UTC(), Subject: s.service(), DataContentType: "application/json", Data: s.data,
	})
	if err != nil {
		return request{}, fmt.Errorf("render signal %s: %w", s.id(), err)
	}
	id, stamp := webhookID(s), strconv.FormatInt(now.Unix(), 10)
	header := map[string]string{
		"Content-Type": "application/cloudevents+json", "webhook-id": id, "webhook-timestamp": stamp,
	}
	if len(keys) > 0 {
		header["webhook-signature"] = sign(keys, id, stamp, body)
	}
	return request{body: body, header: header}, nil
}

// webhookID is the same for each attempt. The signal's own id may hold the dots
// that separate what is signed.
func webhookID(s *signal) string {
	sum := sha256.Sum256([]byte(s.id()))
	return "msg_" + hex.EncodeToString(sum[:16])
}

func sign(keys [][]byte, id, stamp string, body []byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%s.", id, stamp) // a hash takes everything
		_, _ = mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

// signingKeys reads keys: whsec_ and base64, or any text as it is.
func signingKeys(secrets []string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range secrets {
		encoded, ok := strings.CutPrefix(secret, secretPrefix)
		if !ok {
			keys = append(keys, []byte(secret))
			continue
		}
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(key) == 0 {
			return nil, fmt.Errorf("read signing key: what follows %s isn't base64", secretPrefix)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

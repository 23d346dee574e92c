package jetstream

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pullRequest is the body of a pull.
type pullRequest struct {
	Batch    int           `json:"batch"`
	Expires  time.Duration `json:"expires"`
	MaxBytes int           `json:"max_bytes,omitempty"`
	Group    string        `json:"group,omitempty"`
	ID       string        `json:"id,omitempty"` // the pin
}

// headerPin is the server's mark of who is active on a partition.
const headerPin = "Nats-Pin-Id"

// Codes of a pull's end.
const (
	statusHeartbeat    = "100"
	statusBadRequest   = "400"
	statusNoMessages   = "404"
	statusTimeout      = "408"
	statusConflict     = "409"
	statusWrongPin     = "423"
	statusNoResponders = "503"
)

// status tells a control message of the server from one of the stream.
func status(msg *nats.Msg) (pullEnd, bool) {
	if len(msg.Data) > 0 || len(msg.Header) == 0 {
		return pullEnd{}, false
	}
	code := msg.Header.Get("Status")
	// A message of the stream carries where to acknowledge it, whatever its headers.
	if code == "" || strings.HasPrefix(msg.Reply, "$JS.ACK.") {
		return pullEnd{}, false
	}
	return pullEnd{code: code, description: msg.Header.Get("Description")}, true
}

// err is nil where a pull ended as pulls do.
func (e pullEnd) err() error {
	switch e.code {
	case "", statusNoMessages, statusTimeout, statusWrongPin:
		return nil
	case statusConflict:
		switch d := strings.ToLower(e.description); {
		case strings.Contains(d, "maxbytes"), strings.Contains(d, "batch completed"):
			return nil
		case strings.Contains(d, "consumer deleted"):
			return jetstream.ErrConsumerNotFound
		}
	case statusNoResponders:
		return errNoResponders // which also is what a missing consumer looks like
	}
	return fmt.Errorf("pull ended: %s %s", e.code, e.description)
}

func (r *reader) request(req pullRequest, reply string) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	return r.sub.client.nc.PublishRequest(fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", r.sub.cfg.Stream, r.name), reply, body)
}

// renewPin keeps a partition while its processor is busy and takes nothing: any
// pull renews the pin, and no message is as small as one byte.
func (r *reader) renewPin(req pullRequest) error {
	r.mu.Lock()
	req.ID = r.pin
	r.mu.Unlock()
	if req.ID == "" {
		return nil
	}
	req.Batch, req.MaxBytes, req.Expires = 1, 1, 50*time.Millisecond
	return r.request(req, r.inbox+".renew")
}

// unpin lets another process begin at once instead of after the pin's time to
// live. Not while messages are being worked on here: the pin then is the time
// that is left for them.
func (r *reader) unpin() {
	c := r.sub.client
	r.mu.Lock()
	pinned := r.pin != ""
	r.mu.Unlock()
	if !pinned || !c.nc.IsConnected() || r.sub.holds(r.name) {
		return
	}
	body, err := json.Marshal(struct {
		Group string `json:"group"`
	}{pinnedGroup})
	if err != nil {
		return
	}
	// Nobody waits for the answer: where it fails, the pin runs out.
	_ = c.nc.Publish(fmt.Sprintf("$JS.API.CONSUMER.UNPIN.%s.%s", r.sub.cfg.Stream, r.name), body)
}

// received reads what the server says of a message in its reply subject.
func (c *Client) received(msg *nats.Msg) (*Received, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	return &Received{
		Stored: Stored{
			Message: fromNATS(msg.Subject, msg.Header, msg.Data),
			Stream:  meta.Stream, Sequence: meta.Sequence.Stream, Time: meta.Timestamp.UTC(),
		},
		Consumer: meta.Consumer, NumDelivered: int(meta.NumDelivered), Pin: msg.Header.Get(headerPin),
		client: c, reply: msg.Reply, received: time.Now(),
	}, nil
}

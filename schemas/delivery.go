package schemas

import "time"

// Delivery is one webhook request as it arrived: accepted, durable, not yet
// understood. The decode stage turns it into events; until then it is bytes.
type Delivery struct {
	// Source is the folder name of the source, e.g. "github".
	Source string
	// ID is the source's own delivery id (GitHub: X-GitHub-Delivery).
	ID string
	// Kind is the source's name for the payload's shape (GitHub: X-GitHub-Event).
	Kind string
	// Header holds the request headers worth keeping; secrets are never among them.
	Header map[string]string
	// Body is the raw request body.
	Body []byte
	// ReceivedAt is when the gateway accepted it; it becomes the events' KnownAt.
	ReceivedAt time.Time
}

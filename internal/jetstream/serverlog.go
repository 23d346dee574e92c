package jetstream

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// serverLog passes the embedded server's messages on. Its notices are the daily
// chatter of a server (banner, versions, recovered messages): debug for us.
type serverLog struct {
	log   *slog.Logger
	fatal chan string // the first message after which the server gave up
}

var _ server.Logger = serverLog{}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Tracef(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }

// Warnf leaves out a warning of what we chose on purpose: GitHub's webhooks are
// as large as they are.
func (l serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Maximum payloads over") {
		l.Debugf(format, v...)
		return
	}
	l.log.Warn(fmt.Sprintf(format, v...))
}

// Fatalf must not end the process: Open fails with the message instead.
func (l serverLog) Fatalf(format string, v ...any) {
	msg := fmt.Sprintf(format, v...)
	l.log.Error(msg)
	select {
	case l.fatal <- msg:
	default:
	}
}

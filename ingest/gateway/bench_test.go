package gateway_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// senders is how many connections deliver at one time.
const senders = 64

// BenchmarkIntake compares the gateway with the least that could be called an
// intake: a handler that checks the HMAC and publishes, nothing else. Both run
// on an unsynced NATS in the process, behind a real HTTP server. Target: at
// least 0.9 of the minimal handler's deliveries per second.
func BenchmarkIntake(b *testing.B) {
	body := bytes.Repeat([]byte(`{"url":"https://api.github.com/repos/acme/shop","id":1234567},`), 128) // 8 KiB
	b.Run("gateway", func(b *testing.B) {
		deliverAll(b, serve(b, nil).url, body)
	})
	b.Run("minimal", func(b *testing.B) {
		js := minimalNATS(b)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(raw)
			if !hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(r.Header.Get("X-Hub-Signature-256"))) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if _, err := js.Publish(r.Context(), "deliveries.github", raw, jetstream.WithMsgID(r.Header.Get("X-GitHub-Delivery"))); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		b.Cleanup(s.Close)
		deliverAll(b, s.URL, body)
	})
}

func minimalNATS(b *testing.B) jetstream.JetStream {
	b.Helper()
	ns, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: b.TempDir(), NoLog: true, NoSigs: true, MaxPayload: 32 << 20})
	if err != nil {
		b.Fatal(err)
	}
	ns.Start()
	b.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(time.Minute) {
		b.Fatal("the server is not ready")
	}
	nc, err := nats.Connect("", nats.InProcessServer(ns))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{
		Name: "DELIVERIES", Subjects: []string{"deliveries.>"}, Discard: jetstream.DiscardNew, MaxBytes: 1 << 30, Compression: jetstream.S2Compression,
	})
	if err != nil {
		b.Fatal(err)
	}
	return js
}

func deliverAll(b *testing.B, url string, body []byte) {
	b.Helper()
	headers := signed("", "push", secret, body)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	b.Cleanup(client.CloseIdleConnections)
	var n atomic.Int64
	b.SetParallelism(senders / 2) // times GOMAXPROCS
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	before := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/webhooks/github", bytes.NewReader(body))
			for name, value := range headers {
				req.Header.Set(name, value)
			}
			req.Header.Set("X-GitHub-Delivery", fmt.Sprint(n.Add(1)))
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusAccepted {
				b.Errorf("answered with %d", res.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// processorTime is what this process has used: on a busy machine the one figure
// that compares.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

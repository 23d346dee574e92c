package jetstream

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/fivekeys/fivekeys/internal/jetstream/streamfiles"
)

// filled is a stopped server's folder with n events, the last block's path and
// its contents.
func filled(t *testing.T, n int) (folder, path string, block []byte) {
	t.Helper()
	folder = t.TempDir()
	c := ready(t, Config{StoreDir: folder, NoSync: n > 100})
	for i := 1; i <= n; i++ {
		m := nats.NewMsg("events.shop.1")
		m.Data = fmt.Appendf(nil, "event number %d, and what it says", i)
		if i%2 == 0 {
			m.Header.Set("Even", "yes")
		}
		if _, err := c.js.PublishMsgAsync(m); err != nil {
			t.Fatal(err)
		}
	}
	<-c.js.PublishAsyncComplete()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(folder, "jetstream", "$G", "streams", StreamEvents, "msgs", "1.blk")
	block, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return folder, path, block
}

func place(t *testing.T, block []byte, number int) int {
	t.Helper()
	at := bytes.Index(block, fmt.Appendf(nil, "event number %d,", number))
	if at < 0 {
		t.Fatalf("no event %d", number)
	}
	return at
}

func TestADamagedBlockCostsWhatIsDamagedAndNoMore(t *testing.T) {
	const n, unfinished = 20, "a write that did not end"
	var all []int
	for i := 1; i <= n; i++ {
		all = append(all, i)
	}
	for name, test := range map[string]struct {
		damage func(block []byte) []byte
		lost   []int
		says   string // "" where there is nothing to tell
	}{
		"nothing": {func(b []byte) []byte { return b }, nil, ""},
		"a body": {func(b []byte) []byte { b[place(t, b, 7)] ^= 0xff; return b }, []int{7},
			"1 accepted events between numbers 6 and 8 are lost"},
		"the first of all": {func(b []byte) []byte { b[place(t, b, 1)] ^= 0xff; return b }, []int{1},
			"1 accepted events between numbers 0 and 2 are lost"},
		"the last of all": {func(b []byte) []byte { b[place(t, b, n)] ^= 0xff; return b }, []int{n},
			"1 accepted events after number 19 are lost"},
		"some together": {func(b []byte) []byte {
			for i := place(t, b, 7); i < place(t, b, 10); i++ {
				b[i] = 0
			}
			return b
		}, []int{7, 8, 9, 10}, "4 accepted events between numbers 6 and 11 are lost"},
		"two apart": {func(b []byte) []byte { b[place(t, b, 3)] ^= 1; b[place(t, b, 12)] ^= 1; return b }, []int{3, 12},
			"2 accepted events between numbers 2 and 13 are lost"},
		"only the length of one": {func(b []byte) []byte {
			b[bytes.Index(b, []byte("events.shop.1"))-headerOf+1] ^= 0x10
			return b
		}, nil, "nothing is lost"},
		"everything":                     {func(b []byte) []byte { clear(b); return b }, all, "20 accepted events after number 0 are lost"},
		"a file that was cut to nothing": {func([]byte) []byte { return nil }, all, "20 accepted events after number 0 are lost"},
		"the end is cut off":             {func(b []byte) []byte { return b[:len(b)-5] }, []int{n}, "1 accepted events after number 19 are lost"},
		// The process was killed: the summary that the server writes at its end is missing.
		unfinished: {func(b []byte) []byte { return b[:len(b)-5] }, []int{n}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder, path, block := filled(t, n)
			damaged := test.damage(block)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if name == unfinished {
				if err := os.Remove(filepath.Join(filepath.Dir(path), "index.db")); err != nil {
					t.Fatal(err)
				}
			}
			c := ready(t, Config{StoreDir: folder})
			want := map[string]bool{}
			for i := 1; i <= n; i++ {
				if !slices.Contains(test.lost, i) {
					want[fmt.Sprintf("event number %d, and what it says", i)] = true
				}
			}
			sub := subscribe(t, c, StreamEvents, c.Topology().Consumers(StageDora)...)
			for range len(want) {
				m := receive(t, sub)
				if !want[string(m.Data)] {
					t.Errorf("got %q", m.Data)
				}
				if err := m.Ack(); err != nil {
					t.Error(err)
				}
			}
			r := mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "events.shop.1", ID: "new", Data: []byte("new")})
			if test.says != "" && r.Sequence != n+1 {
				t.Errorf("the next event is number %d, which readers take for a lost one", r.Sequence)
			}
			damages := c.Damages()
			if test.says == "" {
				if len(damages) > 0 {
					t.Errorf("told of %+v", damages)
				}
				return
			}
			if len(damages) != 1 || damages[0].Messages != uint64(len(test.lost)) || !strings.Contains(damages[0].Text, test.says) {
				t.Fatalf("told of %+v", damages)
			}
			losses, err := streamfiles.Losses(folder)
			if err != nil || len(losses) != 1 {
				t.Fatalf("%+v, %v", losses, err)
			}
			if aside, err := os.ReadFile(losses[0].File); err != nil || !bytes.Equal(aside, damaged) {
				t.Errorf("the damaged file is not what was set aside: %v", err)
			}
			// It is told of until the file is gone, and found once only.
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			c = open(t, Config{StoreDir: folder})
			if again := c.Damages(); !slices.Equal(again, damages) {
				t.Errorf("after a restart %+v is told", again)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(losses[0].File); err != nil {
				t.Fatal(err)
			}
			if c = open(t, Config{StoreDir: folder}); len(c.Damages()) > 0 {
				t.Errorf("still told of %+v", c.Damages())
			}
		})
	}
}

// headerOf is what stands before a record's subject.
const headerOf = 22

// What is removed in good order is not damage.
func TestATrimmedStreamIsNotTakenForADamagedOne(t *testing.T) {
	for name, upTo := range map[string]uint64{"half": 10, "all": 21, "beyond the end": 100} {
		t.Run(name, func(t *testing.T) {
			folder, path, _ := filled(t, 20)
			c := ready(t, Config{StoreDir: folder})
			s, err := c.js.Stream(t.Context(), StreamEvents)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Purge(t.Context(), jetstream.WithPurgeSequence(upTo)); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			for _, summary := range []string{"with", "without"} {
				if summary == "without" {
					if err := os.Remove(filepath.Join(filepath.Dir(path), "index.db")); err != nil {
						t.Fatal(err)
					}
				}
				c = ready(t, Config{StoreDir: folder})
				if d := c.Damages(); len(d) > 0 {
					t.Errorf("%s its summary it is told of %+v", summary, d)
				}
				last, _, err := c.LastSequence(t.Context(), StreamEvents)
				if err != nil || last != max(20, upTo-1) {
					t.Errorf("the last number is %d, %v", last, err)
				}
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The server compresses a block that is full.
func TestADamagedCompressedBlockKeepsWhatComesBeforeTheDamage(t *testing.T) {
	const n = 20_000
	folder, path, block := filled(t, n)
	compressed, err := server.S2Compression.Compress(block)
	if err != nil {
		t.Fatal(err)
	}
	info := server.CompressionInfo{Algorithm: server.S2Compression, OriginalSize: uint64(len(block))}
	compressed = append(info.MarshalMetadata(), compressed...)
	compressed[len(compressed)*2/3] ^= 0xff
	if err := os.WriteFile(path, compressed, 0o600); err != nil {
		t.Fatal(err)
	}
	c := ready(t, Config{StoreDir: folder})
	states, err := c.StreamStates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Stream == StreamEvents && (s.Messages == 0 || s.Messages >= n) {
			t.Errorf("%d of %d messages are there", s.Messages, n)
		}
	}
	if d := c.Damages(); len(d) != 1 || d[0].Messages == 0 {
		t.Errorf("told of %+v", d)
	}
}

func TestDamagedSettingsOfAStreamCostNoMessage(t *testing.T) {
	folder, path, _ := filled(t, 20)
	settings := filepath.Join(filepath.Dir(path), "..", "meta.inf")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 0xff
	if err := os.WriteFile(settings, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := ready(t, Config{StoreDir: folder})
	sub := subscribe(t, c, StreamEvents, c.Topology().Consumers(StageDora)...)
	for range 20 {
		if err := receive(t, sub).Ack(); err != nil {
			t.Fatal(err)
		}
	}
	if d := c.Damages(); len(d) != 1 || d[0].Messages != 0 || !strings.Contains(d[0].Text, "EVENTS") {
		t.Errorf("told of %+v", d)
	}
}

// SPANS was once made to acknowledge before it writes, which the server refuses
// to change.
func TestAStreamOfAnOlderVersionIsRemadeWithItsMessages(t *testing.T) {
	folder := t.TempDir()
	c := open(t, Config{StoreDir: folder})
	spec := c.Topology().spec(StreamSpans)
	spec.PersistMode, spec.AllowAtomicPublish = jetstream.AsyncPersistMode, false
	old, err := c.js.CreateStream(t.Context(), spec.StreamConfig)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if _, err := c.js.Publish(t.Context(), "spans.0", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Purge(t.Context(), jetstream.WithPurgeSequence(3)); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = ready(t, Config{StoreDir: folder})
	log, err := c.ReadLog(t.Context(), LogConfig{Stream: StreamSpans, After: map[string]uint64{"spans.0": 0}})
	if err != nil {
		t.Fatal(err)
	}
	for want := uint64(3); want <= 5; want++ {
		m, err := log.Next(t.Context())
		if err != nil || m.Sequence != want || string(m.Data) != fmt.Sprint(want-1) {
			t.Fatalf("number %d is %q, want %d: %v", m.Sequence, m.Data, want, err)
		}
	}
	if r := mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "spans.0", ID: "a", Data: []byte("new")}); r.Sequence != 6 {
		t.Errorf("the next chunk is number %d", r.Sequence)
	}
	now, err := c.js.Stream(t.Context(), StreamSpans)
	if err != nil {
		t.Fatal(err)
	}
	if got := now.CachedInfo().Config; got.PersistMode != jetstream.DefaultPersistMode || !got.AllowAtomicPublish {
		t.Errorf("it is %+v", got)
	}
	if d := c.Damages(); len(d) > 0 {
		t.Errorf("told of %+v", d)
	}
}

package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// writerPlaces and readerPlaces are how many statements of each role run at a
	// time. They are apart, so that no number of readers keeps a fact from being
	// stored. Each statement holds an OS thread.
	writerPlaces = 10
	readerPlaces = 4
	// readerQueue is how many more statements of readers may wait, with their
	// uploads; the next one is refused at once.
	readerQueue = 64
	// defaultReaderWait is how long one of them waits for its place.
	defaultReaderWait = 30 * time.Second
)

// places bound what runs at a time. The reader's statements have a budget of
// memory between them besides, from which each takes its share before it runs:
// the rest of the engine's memory is the writer's and the merges'.
type places struct {
	writer chan struct{}
	reader chan struct{}
	queue  chan struct{}
	memory *semaphore.Weighted
	total  uint64 // of memory
	share  uint64 // of one reader's statement, unless it asks for another
	wait   time.Duration
}

func newPlaces(l limits, wait time.Duration) *places {
	if wait <= 0 {
		wait = defaultReaderWait
	}
	return &places{
		writer: make(chan struct{}, writerPlaces), reader: make(chan struct{}, readerPlaces),
		queue:  make(chan struct{}, readerPlaces+readerQueue),
		memory: semaphore.NewWeighted(int64(l.readerMemory)),
		total:  l.readerMemory, share: l.readerMemory / readerPlaces, wait: wait,
	}
}

// enter lets a request in before anything of it is read.
func (p *places) enter(as role) (leave func(), err error) {
	if as != roleReader {
		return func() {}, nil
	}
	select {
	case p.queue <- struct{}{}:
		return func() { <-p.queue }, nil
	default:
		return nil, codeTooMany.errorf("Too many simultaneous queries: %d of the reader's run or wait already; ask again later", cap(p.queue))
	}
}

// take waits for a place. memory is the reader's share; the writer takes none.
func (p *places) take(ctx context.Context, as role, memory uint64) (give func(), err error) {
	if as != roleReader {
		select {
		case p.writer <- struct{}{}:
			return func() { <-p.writer }, nil
		case <-ctx.Done():
			return nil, codeCancelled.errorf("Query was cancelled before it began")
		}
	}
	patience, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	select {
	case p.reader <- struct{}{}:
	case <-patience.Done():
		return nil, p.tooMany(ctx)
	}
	if err := p.memory.Acquire(patience, int64(memory)); err != nil {
		<-p.reader
		return nil, p.tooMany(ctx)
	}
	return func() {
		p.memory.Release(int64(memory))
		<-p.reader
	}, nil
}

func (p *places) tooMany(ctx context.Context) error {
	if ctx.Err() != nil {
		return codeCancelled.errorf("Query was cancelled before it began")
	}
	return codeTooMany.errorf("Too many simultaneous queries: the reader's share of the engine was busy for %s with other statements; "+
		"ask again later, for a shorter time range, or fewer at a time", p.wait)
}

// shares are what a reader's statement may take of the memory: first its share,
// and, if that was too little, once all of it, alone. One that says how much it
// wants gets that.
func (p *places) shares(req *request) []uint64 {
	if req.role != roleReader {
		return []uint64{0}
	}
	for _, s := range req.settings {
		if s.name == "max_memory_usage" {
			if asked, err := strconv.ParseUint(s.value, 10, 64); err == nil && asked > 0 {
				return []uint64{min(asked, p.total)}
			}
		}
	}
	return []uint64{p.share, p.total}
}

// running counts the statements.
func (p *places) running() int { return len(p.writer) + len(p.reader) }

// drain takes all places, so that nothing runs and nothing begins.
func (p *places) drain(ctx context.Context) error {
	for range cap(p.writer) + cap(p.reader) {
		select {
		case p.writer <- struct{}{}:
		case p.reader <- struct{}{}:
		case <-ctx.Done():
			return errors.New("statements do not end")
		}
	}
	return nil
}

// outOfMemory is an error that more memory may cure.
func outOfMemory(err error) bool {
	return err != nil && asException(err).code == codeMemory.code
}

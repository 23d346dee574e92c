package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/processors/spans"
)

const backlogMetric = "fivekeys_backlog_messages"

var backlogDesc = prometheus.NewDesc(backlogMetric,
	"Messages a stage has still to process, by stage; its partitions are summed.", []string{"stage"}, nil)

var lettersDesc = prometheus.NewDesc("fivekeys_dead_letters", "Dead letters that wait for somebody to decide.", nil, nil)

// backlogCollector asks NATS when Prometheus asks us.
type backlogCollector struct{ p *pipeline }

func (backlogCollector) Describe(ch chan<- *prometheus.Desc) { ch <- backlogDesc; ch <- lettersDesc }

func (c backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	stages, err := c.p.backlog(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(backlogDesc, err)
		return
	}
	for stage, n := range stages {
		ch <- prometheus.MustNewConstMetric(backlogDesc, prometheus.GaugeValue, float64(n), stage)
	}
	states, err := c.p.bus.StreamStates(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(lettersDesc, err)
		return
	}
	for _, s := range states {
		if s.Stream == jetstream.StreamDeadLetters {
			ch <- prometheus.MustNewConstMetric(lettersDesc, prometheus.GaugeValue, float64(s.Messages))
		}
	}
}

// backlog is what each stage has still to do. Deliveries are asked for before
// events: a delivery becomes events before it is acknowledged, so in this order
// nothing on its way is missed.
func (p *pipeline) backlog(ctx context.Context) (map[string]uint64, error) {
	stages := map[string]uint64{}
	for _, stream := range []string{jetstream.StreamDeliveries, jetstream.StreamEvents} {
		lags, err := p.bus.Pending(ctx, stream)
		if err != nil {
			return nil, err
		}
		for _, lag := range lags {
			stage := lag.Consumer
			if i := strings.LastIndexByte(stage, '-'); i > 0 {
				stage = stage[:i] // dora-7
			}
			stages[stage] += lag.Total()
		}
	}
	if p.spans != nil {
		waiting, err := p.spans.Backlog(ctx)
		if err != nil {
			return nil, err
		}
		stages[spans.Name] = waiting
	}
	return stages, nil
}

// How a command that waits for the backlog looks at it. A question that is lost
// with its connection would be waited for as long as the command is patient.
const (
	drainPoll     = 100 * time.Millisecond
	drainAnswer   = 5 * time.Second
	drainPatience = time.Minute // without any answer
)

// waitDrained waits until everything accepted is in the facts.
func waitDrained(ctx context.Context, backlog func(context.Context) (uint64, error), progress func(left uint64)) error {
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	answered := time.Now()
	for {
		bounded, cancel := context.WithTimeout(ctx, drainAnswer)
		left, err := backlog(bounded)
		cancel()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded) && time.Since(answered) < drainPatience:
		case err != nil:
			return fmt.Errorf("ask for the backlog: %w", err)
		default:
			answered = time.Now()
			if progress != nil {
				progress(left)
			}
			if left == 0 {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// backlogTotal is the backlog of all stages together.
func (p *pipeline) backlogTotal(ctx context.Context) (uint64, error) {
	stages, err := p.backlog(ctx)
	var sum uint64
	for _, n := range stages {
		sum += n
	}
	return sum, err
}

// backlogOf asks another process's metrics.
func backlogOf(ctx context.Context, baseURL string) (uint64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, baseURL+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var sum float64
	found := false
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, backlogMetric+"{") {
			_, value, _ := strings.Cut(line, "} ")
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum, found = sum+n, true
		}
	}
	if !found {
		return 0, errors.New("the running fivekeys does not say; is NATS away?")
	}
	return uint64(sum), lines.Err()
}

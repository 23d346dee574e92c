package dora

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

// benchmarkEvents is the history of a service that merges pull requests, deploys
// every few of them to three environments, and now and then breaks something.
func benchmarkEvents(n int) []schemas.Event {
	body := strings.Repeat("It does what the title says, and says so at some length. ", 6)
	var events []schemas.Event
	for i := 0; len(events) < n; i++ {
		h := float64(i)
		name, number := fmt.Sprintf("c%d", i), i+1
		events = append(events,
			branchPushed("", "head "+name, h+0.1, made("head "+name, h)),
			pullRequestEvent(number, h+0.2, func(p *schemas.PullRequestEvent) {
				p.Title, p.Body, p.OpenedAt, p.HeadSHA, p.CommitCount, p.Branch = "Add "+name, body, hourp(h+0.2), sha("head "+name), 3, "feature/"+name
			}),
			pullRequestEvent(number, h+0.3, func(p *schemas.PullRequestEvent) { p.Title, p.ReviewedAt = "Add "+name, hourp(h+0.3) }),
			pullRequestEvent(number, h+0.4, func(p *schemas.PullRequestEvent) {
				p.Title, p.Body, p.OpenedAt, p.HeadSHA, p.CommitCount, p.MergeSHA = "Add "+name, body, hourp(h+0.2), sha("head "+name), 3, sha(name)
			}),
			land(name, h+0.4, pushed(name, 0), message("Add %s (#%d)\n\n%s", name, number, body), func(c *schemas.ChangeEvent) {
				c.Repository, c.Author, c.Branch, c.Files = shop, "ada", "main", []string{"internal/a.go", "internal/b.go", "docs/c.md"}
			}),
		)
		if i%3 == 0 {
			for k, environment := range []string{"staging", "prod-eu", "prod-us"} {
				id, at := fmt.Sprintf("%s-%d", environment, i), h+0.5+float64(k)/10
				events = append(events, deploymentEvent(id, environment, started, name, at),
					deploymentEvent(id, environment, succeeded, name, at+0.05))
			}
		}
		if i%30 == 29 {
			id := fmt.Sprintf("acme/shop#%d", i)
			events = append(events, opened(id, h+0.8), acknowledged(id, h+0.82), resolved(id, h+0.9))
		}
		if i%60 == 59 {
			events = append(events, deployTo("prod-eu", fmt.Sprintf("back-%d", i), fmt.Sprintf("c%d", i-8), h+0.85))
		}
	}
	return events[:n]
}

// BenchmarkRebuild decodes and folds services of ten thousand events each, as a
// rebuild does.
func BenchmarkRebuild(b *testing.B) {
	events := benchmarkEvents(10_000)
	rules := rulesOf(shop)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			timelineOf(b, events).Fold(rules)
		}
	})
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFold folds a service again, as happens whenever an event arrives.
func BenchmarkFold(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			timeline := timelineOf(b, benchmarkEvents(n))
			rules := rulesOf(shop)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				timeline.Fold(rules)
			}
			b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkMemory says how much an event takes in a timeline.
func BenchmarkMemory(b *testing.B) {
	events := benchmarkEvents(50_000)
	for range b.N {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		timeline := timelineOf(b, events)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/float64(timeline.Len()), "B/event")
		runtime.KeepAlive(timeline)
	}
}

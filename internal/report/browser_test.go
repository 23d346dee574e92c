package report

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium, which make browser installs; make test says
// so where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("SKIPPED, the page was not looked at: no Chromium here; make browser installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return ctx
}

// measures are what the page looks like.
type measures struct {
	Width, Charts, Bars, Tiles int
	Drawn                      bool
}

const measure = `({
	Width: document.documentElement.scrollWidth,
	Charts: document.querySelectorAll('svg.chart').length,
	Bars: document.querySelectorAll('svg.chart rect').length,
	Tiles: document.querySelectorAll('.tile').length,
	Drawn: [...document.querySelectorAll('svg.chart')].every(c => { const b = c.getBoundingClientRect(); return b.width > 80 && b.height > 30 }),
})`

// The page as people see it: nothing on the console, no request but for the page
// itself, every chart drawn, nothing wider than the window.
func TestHTMLReportInABrowser(t *testing.T) {
	ctx := browser(t)
	var mu sync.Mutex
	var complaints, requests []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, string(e.Type))
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			requests = append(requests, e.Request.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	for scene, r := range scenes(t) {
		var text bytes.Buffer
		if err := HTML(&text, r); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(text.Bytes())
		}))
		for _, view := range []struct {
			width  int64
			scheme string
		}{{1280, "light"}, {1280, "dark"}, {390, "light"}} {
			t.Run(fmt.Sprintf("%s at %d, %s", scene, view.width, view.scheme), func(t *testing.T) {
				mu.Lock()
				complaints, requests = nil, nil
				mu.Unlock()
				err := chromedp.Do(ctx,
					chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
						_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
							Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}},
						})
						return err
					}),
					chromedp.EmulateViewport(view.width, 900),
					chromedp.Navigate(server.URL+"/"),
				)
				if err != nil {
					t.Fatal(err)
				}
				seen, err := chromedp.Run(ctx, chromedp.Evaluate[measures](measure))
				if err != nil {
					t.Fatal(err)
				}
				picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if len(complaints) > 0 {
					t.Errorf("on the console: %q", complaints)
				}
				for _, url := range requests {
					if url != server.URL+"/" && !strings.HasPrefix(url, "data:") {
						t.Errorf("it asks the network for %s", url)
					}
				}
				if seen.Width > int(view.width) {
					t.Errorf("it is %d pixels wide", seen.Width)
				}
				if seen.Tiles != 5 || !seen.Drawn {
					t.Errorf("%d tiles; charts drawn: %v", seen.Tiles, seen.Drawn)
				}
				if (seen.Charts > 0) != (seen.Bars > 0) || scene == "whole" && seen.Charts != 5 {
					t.Errorf("%d charts with %d bars", seen.Charts, seen.Bars)
				}
				if folder := os.Getenv("FIVEKEYS_PICTURES"); folder != "" {
					name := fmt.Sprintf("report-%s-%d-%s.png", scene, view.width, view.scheme)
					if err := os.WriteFile(filepath.Join(folder, name), picture, 0o600); err != nil {
						t.Error(err)
					}
				}
			})
		}
		server.Close()
	}
}

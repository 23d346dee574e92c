package config

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/internal/suggest"
)

// url reads one address or several of a cluster, separated by commas.
func (d *decoder) url(into *string, what, variable string, schemes ...string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := d.scalar(n, what)
		if !ok {
			return
		}
		at := d.value(n)
		for i, part := range strings.Split(s, ",") {
			part = strings.TrimSpace(part)
			if i > 0 && !strings.Contains(part, "://") {
				part = schemes[0] + "://" + part // clickhouse://a:9000,b:9000/db
			}
			u, err := url.Parse(part)
			switch {
			case err != nil || u.Host == "":
				// The text isn't repeated: it may hold a password.
				d.report(at, what+" isn't an address", "write it as "+schemes[0]+"://host:port")
				return
			case !slices.Contains(schemes, u.Scheme):
				d.report(at, fmt.Sprintf("%s has the unknown scheme %q", what, u.Scheme), "known here: "+strings.Join(schemes, ", "))
				return
			}
			if holdsPassword(u) {
				d.report(at, what+" holds a password: secrets never stand in this file", "set the environment variable "+secretPrefix+variable+" instead")
				return
			}
		}
		*into = s
	}
}

func holdsPassword(u *url.URL) bool {
	_, password := u.User.Password()
	return password || u.Query().Has("password")
}

// webAddress reads the address of one HTTP server, which says who it is by
// other means than a password within.
func (d *decoder) webAddress(into *string, what, hint string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := d.scalar(n, what)
		if !ok {
			return
		}
		u, err := url.Parse(s)
		switch at := d.value(n); {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			// The text isn't repeated: it may hold a password.
			d.report(at, what+" isn't an address", "write it as https://host")
		case holdsPassword(u):
			d.report(at, what+" holds a password: secrets never stand in this file", hint)
		default:
			*into = s
		}
	}
}

// listen reads an address to listen on.
func (d *decoder) listen(into *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := d.scalar(n, what)
		if !ok {
			return
		}
		_, port, err := net.SplitHostPort(s)
		if number, e := strconv.Atoi(port); err != nil || e != nil || number < 0 || number > 65535 {
			d.report(d.value(n), fmt.Sprintf("%s %q isn't an address", what, s), "write host:port, such as 127.0.0.1:8080")
			return
		}
		*into = s
	}
}

const durationHint = "write 24h, 90m or 7d"

// duration reads one above 0, from least to most.
func (d *decoder) duration(into *time.Duration, what string, least, most time.Duration) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := d.scalar(n, what)
		if !ok {
			return
		}
		v, err := ParseDuration(s)
		switch {
		case err != nil:
			d.report(d.value(n), fmt.Sprintf("%s %q isn't a duration", what, s), durationHint)
		case v <= 0 || v < least || v > most:
			d.report(d.value(n), fmt.Sprintf("%s %q isn't between %s and %s", what, s, formatDuration(least), formatDuration(most)), durationHint)
		default:
			*into = v
		}
	}
}

// formatDuration writes a bound as ParseDuration reads it.
func formatDuration(v time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case v == 0:
		return "0"
	case v%day == 0:
		return strconv.Itoa(int(v/day)) + "d"
	case v%time.Hour == 0:
		return strconv.Itoa(int(v/time.Hour)) + "h"
	case v%time.Minute == 0:
		return strconv.Itoa(int(v/time.Minute)) + "m"
	}
	return v.String()
}

// ParseDuration reads Go's durations and whole days and weeks: 90m, 24h, 7d, 2w.
func ParseDuration(s string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			n, err := strconv.ParseUint(number, 10, 14)
			if err != nil {
				return 0, fmt.Errorf("read duration %q: %w", s, err)
			}
			return time.Duration(n) * unit, nil
		}
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("read duration %q: %w", s, err)
	}
	return v, nil
}

const shareHint = "write 40% or 0.4"

// share reads a part of a whole, written as 40% or 0.4.
func (d *decoder) share(into *float64, what string) func(ast.Node) {
	return func(n ast.Node) {
		if n = d.value(n); n == nil {
			return
		}
		text := n.GetToken().Value
		switch v := n.(type) {
		case *ast.StringNode:
			text = v.Value
		case *ast.IntegerNode, *ast.FloatNode:
		default:
			d.report(n, fmt.Sprintf("%s must be a share, is %s", what, kind(n)), shareHint)
			return
		}
		number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if percent {
			v /= 100
		}
		switch {
		case err != nil || math.IsNaN(v):
			d.report(n, fmt.Sprintf("%s must be a share, is %s", what, kind(n)), shareHint)
		case v < 0 || v > 1:
			d.report(n, fmt.Sprintf("%s %s isn't between 0%% and 100%%", what, text), shareHint)
		default:
			*into = v
		}
	}
}

// boolean reads a yes or no and says whether there was one.
func (d *decoder) boolean(into *bool, what string) func(ast.Node) bool {
	return func(n ast.Node) bool {
		switch v := d.value(n).(type) {
		case nil:
		case *ast.BoolNode:
			*into = v.Value
			return true
		default:
			d.report(v, fmt.Sprintf("%s must be true or false, is %s", what, kind(v)), "")
		}
		return false
	}
}

// instant reads a point in time, or a day that is meant to its beginning in UTC.
func (d *decoder) instant(into *time.Time, what string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := d.scalar(n, what)
		if !ok {
			return
		}
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if v, err := time.Parse(layout, s); err == nil {
				*into = v.UTC()
				return
			}
		}
		d.report(d.value(n), fmt.Sprintf("%s %q isn't a time", what, s), "write 2026-12-01T00:00:00Z or 2026-12-01")
	}
}

// choice reads one of a few words.
func choice[T ~string](d *decoder, into *T, what string, known ...T) func(ast.Node) {
	return func(n ast.Node) {
		if v, ok := d.word(n, what, words(known)); ok {
			*into = T(v)
		}
	}
}

// choices reads a list of such words, or one.
func choices[T ~string](d *decoder, into *[]T, what string, known ...T) func(ast.Node) {
	return func(n ast.Node) {
		var texts []string
		d.texts(&texts, what, func(at ast.Node, _ string) { d.word(at, what, words(known)) })(n)
		for _, t := range texts {
			*into = append(*into, T(t))
		}
	}
}

func words[T ~string](known []T) []string {
	out := make([]string, len(known))
	for i, k := range known {
		out[i] = string(k)
	}
	return out
}

func (d *decoder) word(n ast.Node, what string, known []string) (string, bool) {
	s, ok := d.scalar(n, what)
	if ok && !slices.Contains(known, s) {
		d.report(d.value(n), fmt.Sprintf("%s %q isn't known", what, s), suggest.DidYouMean(s, known))
		return "", false
	}
	return s, ok
}

package config

import (
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of the rules for spans.
const (
	minRetention = time.Hour
	maxRetention = 3650 * 24 * time.Hour
	maxSlow      = 24 * time.Hour
)

func (d *decoder) spans(n ast.Node) {
	s := &d.config.Spans
	var retention, keep ast.Node
	d.mapping(n, "spans", fields{
		"retention": func(n ast.Node) {
			retention = n
			d.duration(&s.Retention, "spans.retention", minRetention, maxRetention)(n)
		},
		"keep":      func(n ast.Node) { keep = n; d.share(&s.Keep, "spans.keep")(n) },
		"slow":      d.duration(&s.Slow, "spans.slow", 0, maxSlow),
		"otlp_grpc": d.otlpGRPC,
	})
	if retention != nil && s.Retention > 90*24*time.Hour {
		d.warn(d.value(retention), "single spans are kept for more than 90d", "figures counted from them stay anyway; a week or two is usual")
	}
	if keep != nil && s.Keep > 0 && s.Keep < 0.0001 {
		d.warn(d.value(keep), "fewer than one in ten thousand ordinary traces is kept", "write 0 for none, or a share that is meant to be seen")
	}
}

// otlpGRPC reads an address, or that there is none.
func (d *decoder) otlpGRPC(n ast.Node) {
	into := &d.config.OTLPGRPC
	switch v := d.value(n).(type) {
	case *ast.StringNode:
		if v.Value == "" || v.Value == "off" {
			*into = ""
			return
		}
	case *ast.BoolNode:
		if !v.Value {
			*into = ""
			return
		}
	}
	d.listen(into, "spans.otlp_grpc")(n)
}

package dashboards

// NodeGraph draws who calls whom. The SQL of the frame gives the nodes: id,
// title, subtitle, mainstat, secondarystat and the columns of Arcs, which sum to
// 1. That of Edges gives id, source, target, mainstat, secondarystat; source and
// target are ids of nodes, and Grafana draws nothing at all where one is not.
// The stats are texts: of numbers Grafana writes two decimals and the unit's id.
//
// Without any node Grafana shows an error, so the SQL gives one that says that
// there is nothing; Empty holds its words.
type NodeGraph struct {
	Frame
	Edges string
	// Arcs names and colours the columns arc__… of the nodes.
	Arcs []Arc
	// NodeLinks lead from a node.
	NodeLinks []Link
}

// Arc is a part of a node's ring, as the legend calls it.
type Arc struct{ Column, Title, Colour string }

// Trace is the waterfall of one trace. Its SQL gives the columns of
// traceColumns, one row a span. Without any Grafana draws empty rows, so the SQL
// gives one that says what to do; Empty holds its words.
type Trace struct{ Frame }

// The columns that Grafana reads of nodes, edges and spans. Case matters: a
// column that is spelt in another way is not there.
var (
	nodeColumns  = []string{"id", "title", "subtitle", "mainstat", "secondarystat"}
	edgeColumns  = []string{"id", "source", "target", "mainstat", "secondarystat"}
	traceColumns = []string{
		"traceID", "spanID", "parentSpanID", "serviceName", "operationName", "startTime", "duration", "tags", "serviceTags",
		"kind", "statusCode", "statusMessage",
	}
)

func (p NodeGraph) frame() Frame { return p.Frame }
func (p Trace) frame() Frame     { return p.Frame }

func (p NodeGraph) model() object {
	arcs := list{}
	var overrides []object
	for _, a := range p.Arcs {
		arcs = append(arcs, object{"field": a.Column, "color": a.Colour})
		overrides = append(overrides, override(a.Column, list{object{"id": "displayName", "value": a.Title}}))
	}
	links := list{}
	for _, l := range p.NodeLinks {
		links = append(links, l.model())
	}
	return object{
		"type": "nodeGraph",
		// Of the two frames only that of the nodes has a title.
		"fieldConfig": fieldConfig(p.Frame, object{}, append(overrides, override("title", list{object{"id": "links", "value": links}}))...),
		"options":     object{"nodes": object{"arcs": arcs}, "edges": object{}},
	}
}

func (p Trace) model() object {
	return object{"type": "traces", "fieldConfig": fieldConfig(p.Frame, object{}), "options": object{}}
}

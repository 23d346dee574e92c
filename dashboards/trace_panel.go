package dashboards

// NodeGraph draws who calls whom. The SQL of the frame gives the nodes: id,
// title, subtitle, mainstat, secondarystat and the columns of Arcs, which sum to
// 1. That of Edges gives id, source, target, mainstat, secondarystat; source and
// target are ids of nodes, and Grafana draws nothing at all where one is not.
type NodeGraph struct {
	Frame
	Edges string
	// Unit and SecondUnit are those of mainstat and secondarystat.
	Unit, SecondUnit string
	// Arcs colours the columns arc__… of the nodes.
	Arcs []Arc
	// NodeLinks lead from a node.
	NodeLinks []Link
}

// Arc is a part of a node's ring.
type Arc struct{ Column, Colour string }

// Trace is the waterfall of one trace. Its SQL gives the columns of
// traceColumns, one row a span.
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
	for _, a := range p.Arcs {
		arcs = append(arcs, object{"field": a.Column, "color": a.Colour})
	}
	links := list{}
	for _, l := range p.NodeLinks {
		links = append(links, l.model())
	}
	return object{
		"type": "nodeGraph",
		// Of the two frames only that of the nodes has a title.
		"fieldConfig": fieldConfig(p.Frame, object{}, override("title", list{object{"id": "links", "value": links}})),
		"options": object{
			"nodes": object{"mainStatUnit": p.Unit, "secondaryStatUnit": p.SecondUnit, "arcs": arcs},
			"edges": object{"mainStatUnit": p.Unit, "secondaryStatUnit": p.SecondUnit},
		},
	}
}

func (p Trace) model() object {
	return object{"type": "traces", "fieldConfig": fieldConfig(p.Frame, object{}), "options": object{}}
}

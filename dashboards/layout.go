package dashboards

import "fmt"

// gridWidth is Grafana's: panels stand on 24 columns.
const gridWidth = 24

// panels puts the rows below each other and a row's panels beside each other,
// breaking where the next one doesn't fit. So no two panels overlap.
func (d Dashboard) panels() (list, error) {
	out := list{}
	id, y := 0, 0
	add := func(m object, x, width, height int) {
		id++
		m["id"], m["gridPos"] = id, object{"x": x, "y": y, "w": width, "h": height}
		out = append(out, m)
	}
	for _, r := range d.rows() {
		if r.Title != "" {
			add(object{"type": "row", "title": r.Title, "collapsed": false, "panels": list{}}, 0, gridWidth, 1)
			y++
		}
		x := 0
		for _, p := range r.Panels {
			f := p.frame()
			m, err := complete(p)
			if err != nil {
				return nil, fmt.Errorf("panel %q: %w", f.Title, err)
			}
			if x+f.Width > gridWidth {
				x, y = 0, y+r.Height
			}
			add(m, x, f.Width, r.Height)
			x += f.Width
		}
		y += r.Height
	}
	return out, nil
}

// rows are those that a dashboard names, below how fresh it is.
func (d Dashboard) rows() []Row {
	if d.Fresh == "" {
		return d.Rows
	}
	return append([]Row{d.freshness()}, d.Rows...)
}

// complete gives a panel's JSON but for its place.
func complete(p Panel) (object, error) {
	f := p.frame()
	if f.Width < 1 || f.Width > gridWidth {
		return nil, fmt.Errorf("width %d is not of %d columns", f.Width, gridWidth)
	}
	m := p.model()
	m["title"], m["description"] = f.Title, f.Description
	targets := list{}
	for _, q := range questions(p) {
		sql, err := query(q.file)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target(q.refID, sql, q.shape))
	}
	if len(targets) > 0 {
		m["datasource"], m["targets"] = dataSource, targets
	}
	links := list{}
	for _, l := range f.Links {
		links = append(links, dashboardLink(l.model()))
	}
	m["links"] = links
	return m, nil
}

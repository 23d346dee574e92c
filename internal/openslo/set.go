package openslo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// File is one file's name, for the problems, and its content.
type File struct {
	Name    string
	Content []byte
}

// Set is what files say together.
type Set struct {
	// Objectives are in the order of the files; what has a problem isn't there.
	Objectives []schemas.Objective
	// Problems found while reading; Lint finds more.
	Problems Problems
	// Services are those that the files declare themselves (kind: Service).
	Services []string
	places   map[string]place // of the objectives, by key
	// halves are objectives of which something is refused, as far as they could be
	// read: lint says what is wrong with the rest.
	halves []half
}

type half struct {
	schemas.Objective
	at place
}

// Err are the problems that forbid to use the files, nil where there is none.
func (s *Set) Err() error {
	if refused := s.Problems.Of(Refused); len(refused) > 0 {
		return refused
	}
	return nil
}

// Load reads files by their names or by patterns (filepath.Match). A pattern
// that names no file is a problem: it is a typing mistake more often than not.
func Load(patterns ...string) *Set {
	var problems Problems
	var names []string
	for _, pattern := range patterns {
		if _, err := os.Stat(pattern); err == nil {
			names = append(names, pattern) // [ in its name is no pattern
			continue
		}
		found, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			problems = append(problems, place{file: pattern}.problem(Refused, "isn't a pattern of file names", "quote [ with a backslash"))
		case len(found) == 0:
			problems = append(problems, place{file: pattern}.problem(Refused, "no such file", "is the path right?"))
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	var files []File
	for _, name := range slices.Compact(names) {
		content, err := os.ReadFile(name)
		if err != nil {
			problems = append(problems, place{file: name}.problem(Refused, fmt.Sprintf("can't be read: %v", err), ""))
			continue
		}
		files = append(files, File{name, content})
	}
	set := Parse(files...)
	set.Problems = append(set.Problems, problems...).sorted()
	return set
}

// Parse reads files together: what one refers to may stand in another.
func Parse(files ...File) *Set {
	r := &reader{set: &Set{places: map[string]place{}}, objects: map[openslo.Kind]map[string]*object{}}
	for _, f := range files {
		p := &planter{file: f.Name, report: r.report}
		for _, n := range p.parse(f.Content) {
			if o, ok := r.decode(n); ok {
				r.add(o)
			} else if o != nil {
				r.broken(o)
			}
		}
	}
	r.resolve()
	r.set.Problems = r.set.Problems.sorted()
	return r.set
}

// reader collects the objects of all files before any is resolved.
type reader struct {
	set     *Set
	objects map[openslo.Kind]map[string]*object
	order   []*object
	refused []*object
	// refusals counts what is wrong so far, references to what is wrong included.
	refusals int
}

func (r *reader) report(p Problem) {
	if p.Level == Refused {
		r.refusals++
	}
	r.set.Problems = append(r.set.Problems, p)
}

func (r *reader) add(o *object) {
	if first := r.objects[o.kind][o.name]; first != nil && first.value != nil {
		o.refuse("metadata.name", "stands twice", fmt.Sprintf("the first is %s:%d; rename one of them", first.at.file, first.at.line))
		return
	}
	r.keep(o)
	r.order = append(r.order, o)
}

// broken remembers what was refused: whoever refers to it need not be told that
// there is no such thing.
func (r *reader) broken(o *object) {
	whole := *o
	whole.used, whole.broken = true, true
	r.refused = append(r.refused, &whole)
	if r.objects[o.kind][o.name] == nil {
		o.value = nil
		r.keep(o)
	}
}

func (r *reader) keep(o *object) {
	if r.objects[o.kind] == nil {
		r.objects[o.kind] = map[string]*object{}
	}
	r.objects[o.kind][o.name] = o
}

// find follows a reference; nil where it leads nowhere, which has been reported.
func (r *reader) find(from *object, path string, k openslo.Kind, name string) *object {
	o := r.objects[k][name]
	if o == nil {
		from.refuse(path, fmt.Sprintf("refers to no %s: %q", k, clip(name)), suggest.DidYouMean(name, keys(r.objects[k])))
		return nil
	}
	o.used = true
	if o.value == nil {
		r.refusals++
		return nil
	}
	return o
}

func (r *reader) resolve() {
	for _, o := range r.order {
		switch v := o.value.(type) {
		case *v1.SLO:
			r.slo(o, v)
		case *v1.Service:
			r.set.Services = append(r.set.Services, v.Metadata.Name)
		}
	}
	for _, o := range r.refused {
		switch v := o.value.(type) {
		case *v1.SLO:
			r.slo(o, v)
		case *v1.SLI:
			r.indicator(source{o, "spec"}, v.Spec, "")
		case *v1.AlertPolicy:
			r.policy(source{o, "spec"}, v.Spec)
		case *v1.AlertCondition:
			condition(source{o, "spec"}, v.Metadata.Name, v.Spec)
		}
	}
	for _, o := range r.order {
		r.unused(o)
	}
}

// unused looks at what no SLO refers to: it is read all the same, so that a
// mistake in it shows before it is used.
func (r *reader) unused(o *object) {
	if o.used {
		return
	}
	switch v := o.value.(type) {
	case *v1.SLI:
		r.indicator(source{o, "spec"}, v.Spec, "")
		o.problem(Warning, "", "no SLO refers to it", "name it as indicatorRef, or remove it")
	case *v1.AlertPolicy:
		r.policy(source{o, "spec"}, v.Spec)
		o.problem(Warning, "", "no SLO refers to it", "name it as alertPolicyRef, or remove it")
	case *v1.AlertCondition:
		condition(source{o, "spec"}, v.Metadata.Name, v.Spec)
		o.problem(Warning, "", "no AlertPolicy refers to it", "name it as conditionRef, or remove it")
	case *v1.DataSource:
		o.problem(Warning, "", "no metric refers to it", "fivekeys counts spans and reported counts itself and queries no other system")
	case *v1.AlertNotificationTarget:
		o.problem(Warning, "", "isn't used", "who hears of alerts stands under alerts: in fivekeys.yaml")
	}
}

// source is a part of an object: where the spec of an indicator or of a policy
// stands, on its own or within an SLO.
type source struct {
	*object
	path string
}

func (s source) in(key string) source { return source{s.object, join(s.path, key)} }

func (s source) refuseAt(key, message, hint string) { s.refuse(join(s.path, key), message, hint) }

package cdevents

import (
	"net/url"
	"regexp"
	"strings"
)

var sha = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// artifact reads a package URL (pkg:type/name@version?qualifiers) for what it
// says of the version and of the commit it was built from:
//
//	pkg:oci/shop@sha256%3A…?tag=1.2.3    version 1.2.3
//	pkg:oci/shop@sha256%3A…              version sha256:…, which tells images apart
//	pkg:github/acme/shop@<commit>        that commit
//	…?vcs_url=git+https://…@<commit>     that commit
func artifact(purl string) (version, commit string) {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return "", ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	qualifiers, _ := url.ParseQuery(query) // what is readable of it
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		version = rest[i+1:]
		if plain, err := url.PathUnescape(version); err == nil {
			version = plain
		}
	}
	if vcs := qualifiers.Get("vcs_url"); vcs != "" {
		if i := strings.LastIndexByte(vcs, '@'); i >= 0 && sha.MatchString(vcs[i+1:]) {
			commit = vcs[i+1:]
		}
	}
	if sha.MatchString(version) {
		commit, version = or(commit, version), ""
	}
	return or(qualifiers.Get("tag"), version), commit
}

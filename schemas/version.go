package schemas

import (
	"regexp"
	"strings"
)

// EnvironmentPrerelease is where tags and releases that are only to be tried
// out are deployed to; it is never production.
const EnvironmentPrerelease = "prerelease"

const (
	number     = `(?:0|[1-9][0-9]*)`
	identifier = `(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
	semver     = number + `\.` + number + `\.` + number +
		`(-` + identifier + `(?:\.` + identifier + `)*)?` +
		`(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`
)

var (
	version = regexp.MustCompile(`^[vV]?` + semver)
	// component allows a name before the version: "shop-v1.2.0", "shop_1.2.0".
	component = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_.-]*?[-_][vV]?` + semver)
)

// IsPrerelease says whether a tag is a semantic version with a pre-release
// part. A monorepo puts the component before the version: "shop/v1.2.0-rc.1",
// "shop@1.2.0-rc.1".
func IsPrerelease(tag string) bool {
	last := tag[strings.LastIndexAny(tag, "/@")+1:]
	for _, r := range []*regexp.Regexp{version, component} {
		if m := r.FindStringSubmatch(last); m != nil {
			return m[1] != ""
		}
	}
	return false
}

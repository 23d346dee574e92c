package gitlog

import (
	"regexp"
	"strings"
)

// The environments that tags stand for.
const (
	production = "production"
	prerelease = "prerelease"
)

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

// environmentOf says what a tag deploys to: a semantic version with a
// pre-release part to prerelease, everything else to production. A monorepo
// puts the component before the version: "shop/v1.2.0-rc.1", "shop@1.2.0-rc.1".
func environmentOf(tagName string) string {
	last := tagName[strings.LastIndexAny(tagName, "/@")+1:]
	for _, r := range []*regexp.Regexp{version, component} {
		if m := r.FindStringSubmatch(last); m != nil {
			if m[1] != "" {
				return prerelease
			}
			return production
		}
	}
	return production
}

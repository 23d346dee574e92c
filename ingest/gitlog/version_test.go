package gitlog

import "testing"

func TestEnvironmentOfATag(t *testing.T) {
	for tag, want := range map[string]string{
		"v1.2.0":                 production,
		"1.2.0":                  production,
		"V1.2.0":                 production,
		"v1.2.0+build-7":         production, // build metadata, however it looks
		"v1.2.0-rc.1":            prerelease,
		"1.2.0-rc1":              prerelease,
		"v1.2.0-0.3.7":           prerelease,
		"v1.2.0-alpha-2+exp.sha": prerelease,
		"v1.2.0-01":              production, // a leading zero: no semantic version
		"v1.2.0-":                production,
		"v01.2.0-rc.1":           production,
		"v1.2-rc1":               production,
		"v1.2.0.1-rc1":           production,
		"release-2024-01-02":     production,
		"2024.01.02-1":           production,
		"latest":                 production,
		"shop/v1.2.0":            production,
		"shop/v1.2.0-rc.1":       prerelease,
		"shop@1.2.0-beta.1":      prerelease,
		"@acme/shop@1.2.0":       production,
		"shop-v1.2.0":            production,
		"shop-v1.2.0-rc.1":       prerelease,
		"my-shop_1.2.0-rc.1":     prerelease,
		"":                       production,
	} {
		if got := environmentOf(tag); got != want {
			t.Errorf("tag %q deploys to %s, want %s", tag, got, want)
		}
	}
}

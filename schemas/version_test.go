package schemas

import "testing"

func TestIsPrerelease(t *testing.T) {
	for tag, want := range map[string]bool{
		"v1.2.0":                 false,
		"1.2.0":                  false,
		"V1.2.0":                 false,
		"v1.2.0+build-7":         false, // build metadata, however it looks
		"v1.2.0-rc.1":            true,
		"1.2.0-rc1":              true,
		"v1.2.0-0.3.7":           true,
		"v1.2.0-alpha-2+exp.sha": true,
		"v1.2.0-01":              false, // a leading zero: no semantic version
		"v1.2.0-":                false,
		"v01.2.0-rc.1":           false,
		"v1.2-rc1":               false,
		"v1.2.0.1-rc1":           false,
		"release-2024-01-02":     false,
		"2024.01.02-1":           false,
		"latest":                 false,
		"shop/v1.2.0":            false,
		"shop/v1.2.0-rc.1":       true,
		"shop@1.2.0-beta.1":      true,
		"@acme/shop@1.2.0":       false,
		"shop-v1.2.0":            false,
		"shop-v1.2.0-rc.1":       true,
		"my-shop_1.2.0-rc.1":     true,
		"":                       false,
	} {
		if got := IsPrerelease(tag); got != want {
			t.Errorf("tag %q is a pre-release: %t, want %t", tag, got, want)
		}
	}
}

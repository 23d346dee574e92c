package main

import (
	"fmt"
	"runtime"
)

// release is the version of the CHANGELOG that this is, or that comes next.
const release = "0.1.0"

// version is set by the build, to more than the release where it is between two.
var version = release

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env *environment) error {
	_, err := fmt.Fprintln(env.stdout, versionText())
	return err
}

func versionText() string {
	return fmt.Sprintf("fivekeys %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

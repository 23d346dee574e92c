package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the build; go install has the module's.
var version = moduleVersion()

func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env *environment) error {
	_, err := fmt.Fprintln(env.stdout, versionText())
	return err
}

func versionText() string {
	return fmt.Sprintf("fivekeys %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

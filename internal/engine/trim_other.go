//go:build unix && !linux

package engine

func trimLibrary(string) {}

func nameProcess() {}

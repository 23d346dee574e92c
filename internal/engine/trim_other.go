//go:build unix && !linux

package engine

func libraryPages(string, string, uintptr) [][2]uintptr { return nil }

func trimLibrary([][2]uintptr) {}

func nameProcess() {}

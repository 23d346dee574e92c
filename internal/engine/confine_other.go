//go:build unix && !linux

package engine

import "errors"

func confinedAgain(dataDir, library string, environment []string) error {
	return errors.New("this system has no Landlock")
}

package config

import (
	"fmt"
	"os"
	"strings"
)

// secretPrefix begins the names of all environment variables of ours.
const secretPrefix = "FIVEKEYS_"

// Secrets reads the values of a secret, such as GITHUB_SECRET, from the
// environment variable FIVEKEYS_GITHUB_SECRET or from the file that
// FIVEKEYS_GITHUB_SECRET_FILE names. Several values, separated by commas (in a
// file also by lines), are all valid: that is how a secret is rotated. None at
// all is no error here: a source without a secret answers 401.
func Secrets(getenv func(string) string, name string) ([]string, error) {
	variable := secretPrefix + name
	value, path := getenv(variable), getenv(variable+"_FILE")
	switch {
	case value != "" && path != "":
		return nil, fmt.Errorf("read secret %s: both %s and %s_FILE are set; unset one of them", name, variable, variable)
	case path != "":
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read secret %s_FILE: %w", variable, err)
		}
		value = string(text)
		if len(values(value)) == 0 {
			return nil, fmt.Errorf("read secret %s_FILE: %s holds no value", variable, path)
		}
	case value != "" && len(values(value)) == 0:
		return nil, fmt.Errorf("read secret %s: it holds no value", variable)
	}
	return values(value), nil
}

func values(text string) []string {
	var out []string
	for _, v := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

package github

import (
	"regexp"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

var (
	// causedBy finds "caused by: <sha>", "Caused by deployment 4711", also with a
	// commit's address for its SHA and in a list or in bold.
	causedBy = regexp.MustCompile("(?im)^[\\s>*_#-]*caused[ -]by\\b[\\s:*_]*(?:(deployment|deploy|commit|sha)\\b[\\s:#*_]*)?[`<]?(\\S+)")
	anySHA   = regexp.MustCompile(`(?i)^(?:https?://\S+/commits?/)?([0-9a-f]{7,64})$`)

	severityShort = regexp.MustCompile(`(?i)^(sev|p)[ -]?([0-9])$`)
)

// causeOf reads which deployment an issue's text blames, if it says so.
func causeOf(body string) *schemas.Cause {
	for _, m := range causedBy.FindAllStringSubmatch(body, -1) {
		word, what := strings.ToLower(m[1]), strings.Trim(m[2], "`<>()[]*_.,;")
		if what == "" {
			continue
		}
		switch word {
		case "deployment", "deploy":
			return &schemas.Cause{DeploymentID: what}
		}
		// Without the word it has to look like a commit: "caused by: an expired
		// certificate" names nobody.
		if sha := anySHA.FindStringSubmatch(what); sha != nil && strings.ContainsAny(sha[1], "0123456789") {
			return &schemas.Cause{SHA: strings.ToLower(sha[1])}
		}
	}
	return nil
}

// severityOf gives the severity of the first label that has one.
func severityOf(labels []string) string {
	for _, label := range labels {
		if s, ok := cutLabel(label, "severity"); ok {
			return s
		}
		if m := severityShort.FindStringSubmatch(label); m != nil {
			return strings.ToLower(m[1] + m[2])
		}
	}
	return ""
}

package gitlog

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/schemas"
)

// text is what a commit object says in words.
type text struct{ author, message string }

// parseCommit reads a commit object; its parents and dates are the graph's.
func parseCommit(object []byte) text {
	var t text
	header, message, _ := bytes.Cut(object, []byte("\n\n"))
	for line := range bytes.Lines(header) {
		// Lines of a signature start with a space, so they can't be taken for it.
		if rest, ok := bytes.CutPrefix(line, []byte("author ")); ok {
			name, _, _ := bytes.Cut(rest, []byte("<"))
			t.author = strings.TrimSpace(decode(name))
			break
		}
	}
	t.message = strings.TrimSpace(decode(message))
	return t
}

// decode makes UTF-8. Old commits may be in any encoding and often don't say
// so: what isn't UTF-8 is read as Latin-1, as git itself does.
func decode(b []byte) string {
	s := string(b)
	if !utf8.Valid(b) {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		s = string(runes)
	}
	return strings.ReplaceAll(s, "\x00", "")
}

const (
	maxMessage = 4096      // bytes of a message that an event carries
	maxKept    = 1024      // of these, for the lines kept from a long one's rest
	maxScanned = 256 << 10 // how far a long one is searched for them
	maxShort   = 256       // for a name, a title, a branch
)

func short(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxShort)], "")
}

// telling matches what a message must not lose when it is cut: which commit it
// reverts, which issue it closes, what caused the incident it fixes. Counted
// repetitions would make it slow; phrases that are too long are dropped below.
var telling = regexp.MustCompile(`(?i)This reverts commit [0-9a-f]+` +
	`|\bReverts [\w./-]*[#!]\d+` +
	`|\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+(?:(?:[\w.-]+/[\w.-]+)?#\d+|https?://\S+)` +
	`|\bcaused[ -]by:[ \t]*\S+`)

// bounded cuts a long message, at the end of a line where one is near, and keeps
// the telling phrases that the cut would lose or break.
func bounded(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	const ellipsis = "\n…"
	head := message[:maxMessage-maxKept-len(ellipsis)]
	if end := strings.LastIndexByte(head, '\n'); end > len(head)/2 {
		head = head[:end]
	}
	for !utf8.ValidString(head) { // cut within a character
		head = head[:len(head)-1]
	}
	var kept strings.Builder
	for _, m := range telling.FindAllStringIndex(message[:min(len(message), maxScanned)], -1) {
		phrase := strings.ToValidUTF8(message[m[0]:m[1]], "")
		if m[1] > len(head) && kept.Len()+1+len(phrase) <= maxKept {
			kept.WriteString("\n" + phrase)
		}
	}
	return head + ellipsis + kept.String()
}

// How the forges write the pull request into the commit that merges it.
var (
	githubMerge    = regexp.MustCompile(`^Merge pull request #(\d{1,9}) from (\S+)`)
	bitbucketMerge = regexp.MustCompile(`^Merged in (\S+) \(pull request #(\d{1,9})\)`)
	azureMerge     = regexp.MustCompile(`^Merged PR (\d{1,9}): (.*)`)
	gitlabMerge    = regexp.MustCompile(`(?m)^See merge request \S*!(\d{1,9})\s*$`)
	branchMerge    = regexp.MustCompile(`^Merge (?:remote-tracking )?branch '([^']+)'`)
	squashed       = regexp.MustCompile(`^(.*\S)\s*\((?:pull request )?#(\d{1,9})\)$`)
)

// pullRequest tells which pull request a commit is, from its message alone.
func pullRequest(message string, merge bool) schemas.PullRequest {
	pr := recognise(message, merge)
	pr.Title, pr.Branch = short(pr.Title), short(pr.Branch)
	return pr
}

func recognise(message string, merge bool) schemas.PullRequest {
	subject, body, _ := strings.Cut(message, "\n")
	subject = strings.TrimSpace(subject)
	var pr schemas.PullRequest
	if m := azureMerge.FindStringSubmatch(subject); m != nil {
		pr.Number, pr.Title = atoi(m[1]), m[2]
		return pr
	}
	if !merge {
		if m := squashed.FindStringSubmatch(subject); m != nil {
			pr.Number, pr.Title = atoi(m[2]), m[1]
		}
		return pr
	}
	if m := githubMerge.FindStringSubmatch(subject); m != nil {
		_, head, _ := strings.Cut(m[2], "/") // owner/branch
		pr.Number, pr.Branch = atoi(m[1]), head
	} else if m := bitbucketMerge.FindStringSubmatch(subject); m != nil {
		pr.Number, pr.Branch = atoi(m[2]), m[1]
	} else {
		if m := branchMerge.FindStringSubmatch(subject); m != nil {
			pr.Branch = strings.TrimPrefix(m[1], "origin/")
		}
		if m := gitlabMerge.FindStringSubmatch(body); m != nil {
			pr.Number = atoi(m[1])
		} else if m := squashed.FindStringSubmatch(subject); m != nil {
			pr.Number, pr.Title = atoi(m[2]), m[1]
			return pr
		}
	}
	// The forges put the title on the first line of the body.
	pr.Title = subject
	if pr.Number != 0 {
		if first := firstLine(body); first != "" && !gitlabMerge.MatchString(first) {
			pr.Title = first
		}
	}
	return pr
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits) // at most nine digits, by the patterns
	return n
}

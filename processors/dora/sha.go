package dora

import (
	"slices"
	"strings"
)

// minPrefix is the shortest abbreviation of a SHA that git itself writes.
const minPrefix = 7

// normalSHA gives a SHA as the fold compares it: git writes lower case, other
// tools do not always. All zeros is git's word for "none".
func normalSHA(sha string) string {
	sha = strings.TrimSpace(sha)
	if !isHex(sha) || len(sha) < minPrefix {
		return sha
	}
	if strings.Trim(sha, "0") == "" {
		return ""
	}
	return strings.ToLower(sha)
}

func normalSHAs(list []string) []string {
	for i := range list {
		list[i] = normalSHA(list[i])
	}
	return list
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return s != ""
}

// shas finds commits by their SHA: in full, or by an abbreviation of at least
// minPrefix characters that fits one commit only, whichever side is the
// abbreviated one.
type shas struct {
	nodes   map[string]int32
	sorted  []string // built when the first abbreviation is asked for
	lengths []int    // of the abbreviated SHAs among the nodes
}

func (s *shas) find(sha string) (int32, bool) {
	if n, ok := s.nodes[sha]; ok {
		return n, true
	}
	if len(sha) < minPrefix || !isHex(sha) {
		return 0, false
	}
	if s.sorted == nil {
		s.sort()
	}
	found, count := int32(0), 0
	for i, _ := slices.BinarySearch(s.sorted, sha); i < len(s.sorted) && strings.HasPrefix(s.sorted[i], sha); i++ {
		found, count = s.nodes[s.sorted[i]], count+1
		if count > 1 {
			return 0, false
		}
	}
	for _, l := range s.lengths {
		if l >= len(sha) {
			break
		}
		if n, ok := s.nodes[sha[:l]]; ok {
			found, count = n, count+1
		}
	}
	return found, count == 1
}

func (s *shas) sort() {
	s.sorted = make([]string, 0, len(s.nodes))
	short := map[int]bool{}
	for sha := range s.nodes {
		if len(sha) < minPrefix || !isHex(sha) {
			continue
		}
		s.sorted = append(s.sorted, sha)
		if len(sha) < 40 {
			short[len(sha)] = true
		}
	}
	slices.Sort(s.sorted)
	for l := range short {
		s.lengths = append(s.lengths, l)
	}
	slices.Sort(s.lengths)
}

package suggest

import (
	"slices"
	"strings"
)

// longest is what is compared of a word that somebody else has written.
const longest = 64

// DidYouMean is a hint for a word that isn't one of the known ones.
func DidYouMean(word string, known []string) string {
	if len(known) == 0 {
		return "none is known here"
	}
	known = slices.Sorted(slices.Values(known))
	word = fold(word[:min(len(word), longest)])
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		folded := fold(k)
		d := distance(word, folded)
		if len(word) > 2 && strings.HasPrefix(folded, word) {
			d = min(d, 1) // repo for repositories
		}
		if d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

var dashes = strings.NewReplacer("-", "", "_", "")

func fold(word string) string { return dashes.Replace(strings.ToLower(word)) }

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between two words.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

package openslo

import (
	"slices"
	"strings"
)

// didYouMean is a hint for a word that isn't one of the known ones.
func didYouMean(word string, known []string) string {
	if len(known) == 0 {
		return "there is none in these files"
	}
	known = slices.Sorted(slices.Values(known))
	if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, word) }); i >= 0 {
		return "did you mean " + known[i] + "?"
	}
	best, least := "", max(1, min(len(word), 64)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(clip(word)), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// distance counts the insertions, deletions and replacements between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

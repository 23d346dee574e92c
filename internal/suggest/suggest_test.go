package suggest

import (
	"strings"
	"testing"
)

func TestDidYouMean(t *testing.T) {
	known := []string{"services", "repositories", "minimum_sample", "displayName", "on-call", "tag", "release"}
	all := "known here: displayName, minimum_sample, on-call, release, repositories, services, tag"
	for sentence, tt := range map[string]struct{ word, want string }{
		"a letter is missing":                    {"servces", "did you mean services?"},
		"two letters are swapped":                {"tga", "did you mean tag?"},
		"another case":                           {"displayname", "did you mean displayName?"},
		"a dash for an underscore":               {"minimum-sample", "did you mean minimum_sample?"},
		"no dash":                                {"oncall", "did you mean on-call?"},
		"a beginning":                            {"repo", "did you mean repositories?"},
		"a beginning of two letters says little": {"re", all},
		"like none":                              {"shenanigans", all},
		"nothing":                                {"", all},
		"a word without end":                     {strings.Repeat("services", 100_000), all},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := DidYouMean(tt.word, known); got != tt.want {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("where nothing is known", func(t *testing.T) {
		if got := DidYouMean("word", nil); got != "none is known here" {
			t.Errorf("got %q", got)
		}
	})
}

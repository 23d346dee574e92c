package spreadsheet

import "testing"

func TestAFieldIsNoFormula(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"shop":                "shop",
		"a=b":                 "a=b",
		"=1+1":                "'=1+1",
		"+1":                  "'+1",
		"-2+3":                "'-2+3",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t=1",
		"\r=1":                "'\r=1",
		"＝cmd":                "'＝cmd",
		"'=quoted already":    "'=quoted already",
		"é begins no formula": "é begins no formula",
	} {
		if got := Field(in); got != want {
			t.Errorf("Field(%q) = %q, want %q", in, got, want)
		}
	}
}

package dashboards

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// plugin does to SQL what Grafana and the ClickHouse plugin do before they
// send it: $__conditionalAll, the variables, then the time macros.
type plugin struct {
	from, to time.Time
	interval time.Duration
	// chosen are the variables' values; none means All.
	chosen map[string][]string
}

// choose gives the same plugin with a variable set.
func (p plugin) choose(variable string, values ...string) plugin {
	chosen := map[string][]string{variable: values}
	for name, v := range p.chosen {
		if name != variable {
			chosen[name] = v
		}
	}
	p.chosen = chosen
	return p
}

var (
	variableName  = regexp.MustCompile(`\$\{?(\w+)\}?`)
	interpolation = regexp.MustCompile(`\$\{(\w+):singlequote\}`)
	timeMacro     = regexp.MustCompile(`\$__(\w+)`)
)

func (p plugin) expand(t testing.TB, sql string) string {
	t.Helper()
	const conditional = "$__conditionalAll"
	for {
		at := strings.LastIndex(sql, conditional+"(")
		if at < 0 {
			break
		}
		args, length := macroArguments(t, sql[at+len(conditional):])
		if len(args) != 2 {
			t.Fatalf("%s takes 2 arguments, got %q", conditional, args)
		}
		phrase := args[0]
		if len(p.chosen[variableName.FindStringSubmatch(args[1])[1]]) == 0 {
			phrase = "1=1"
		}
		sql = sql[:at] + phrase + sql[at+len(conditional)+length:]
	}
	sql = interpolation.ReplaceAllStringFunc(sql, func(v string) string {
		var quoted []string
		values := p.chosen[interpolation.FindStringSubmatch(v)[1]]
		if len(values) == 0 {
			values = []string{""} // a text box in which nothing stands
		}
		for _, value := range values {
			quoted = append(quoted, "'"+strings.ReplaceAll(value, "'", `\'`)+"'")
		}
		return strings.Join(quoted, ",")
	})
	return p.expandTime(t, sql)
}

func (p plugin) expandTime(t testing.TB, sql string) string {
	t.Helper()
	from, to := fmt.Sprintf("toDateTime(%d)", p.from.Unix()), fmt.Sprintf("toDateTime(%d)", p.to.Unix())
	for {
		found := timeMacro.FindStringSubmatchIndex(sql)
		if found == nil {
			return sql
		}
		name, rest := sql[found[2]:found[3]], sql[found[1]:]
		argument := func() string {
			args, length := macroArguments(t, rest)
			if len(args) != 1 {
				t.Fatalf("$__%s takes 1 argument, got %q", name, args)
			}
			rest = rest[length:]
			return args[0]
		}
		text := ""
		switch name {
		case "interval_s":
			text = fmt.Sprint(int(p.interval.Seconds()))
		case "fromTime":
			text = from
		case "toTime":
			text = to
		case "timeFilter":
			column := argument()
			text = fmt.Sprintf("%s >= %s AND %s <= %s", column, from, column, to)
		case "timeInterval":
			text = fmt.Sprintf("toStartOfInterval(toDateTime(%s), INTERVAL %d second)", argument(), int(p.interval.Seconds()))
		default:
			t.Fatalf("$__%s is no macro that this test knows", name)
		}
		sql = sql[:found[0]] + text + rest
	}
}

// macroArguments reads "(a, f(b, c)) …": the arguments and the length of the
// parenthesis.
func macroArguments(t testing.TB, s string) ([]string, int) {
	t.Helper()
	var args []string
	depth, start := 0, 1
	for i, r := range s {
		switch {
		case i == 0 && r != '(':
			t.Fatalf("a macro without its parenthesis: %.40q", s)
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth == 0 {
				return append(args, strings.TrimSpace(s[start:i])), i + 1
			}
		case r == ',' && depth == 1:
			args = append(args, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	t.Fatalf("a parenthesis that never closes: %.40q", s)
	return nil, 0
}

func TestPluginExpandsAsThePluginDoes(t *testing.T) {
	p := plugin{from: time.Unix(100, 0), to: time.Unix(200, 0), interval: time.Minute}
	for name, c := range map[string]struct {
		p         plugin
		sql, want string
	}{
		"a filter of everything":         {p, "$__conditionalAll(f(a, b) IN (${team:singlequote}), $team)", "1=1"},
		"a filter of some":               {p.choose("team", "a", "b's"), "$__conditionalAll(f(a, b) IN (${team:singlequote}), $team) AND x", `f(a, b) IN ('a','b\'s') AND x`},
		"the ends of the range":          {p, "$__fromTime, $__toTime - 1", "toDateTime(100), toDateTime(200) - 1"},
		"a column in the range":          {p, "$__timeFilter(t)", "t >= toDateTime(100) AND t <= toDateTime(200)"},
		"a column cut to the resolution": {p, "$__timeInterval(t) AS x", "toStartOfInterval(toDateTime(t), INTERVAL 60 second) AS x"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.p.expand(t, c.sql); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

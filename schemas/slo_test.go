package schemas

import "testing"

func TestBurnAlertsOfAnObjective(t *testing.T) {
	own := []BurnAlert{{Name: "own", Factor: 2, Long: day, Short: 2 * day / 24}}
	for name, c := range map[string]struct {
		alerts []BurnAlert
		want   []string
	}{
		"none given: the default ones": {nil, []string{"fast", "medium", "slow", "creeping"}},
		"its own instead of them":      {own, []string{"own"}},
		"an empty slice: none at all":  {[]BurnAlert{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := Objective{Window: Window{Rolling: 30 * day}, Alerts: c.alerts}
			got := o.BurnAlerts()
			if len(got) != len(c.want) {
				t.Fatalf("%d alerts, want %d", len(got), len(c.want))
			}
			for i, a := range got {
				if a.Name != c.want[i] {
					t.Errorf("alert %d is %s, want %s", i, a.Name, c.want[i])
				}
			}
		})
	}
}

package dashboards

// One look for everything: the four bands take the colours of Okabe and Ito,
// which people with any kind of colour blindness tell apart, here as in the
// report. The word always stands beside the colour, mostly on it: Grafana writes
// in dark on light fills only, so the dark ones are a shade darker than theirs
// and the light ones lighter, for the word to be read.
const (
	bluishGreen   = "#00805D"
	skyBlue       = "#7CC8F2"
	orange        = "#F2B233"
	vermillion    = "#B95000"
	reddishPurple = "#E0A3C4"
	blue          = "#0072B2"
	brown         = "#8C6D31"
	grey          = "#707070"
)

// Colours gives a text the colour it has wherever it is shown.
type Colours map[string]string

var (
	bandColours = Colours{
		"Elite": bluishGreen, "High": skyBlue, "Medium": orange, "Low": vermillion, "not enough data": grey,
	}
	verdictColours = Colours{"better": bluishGreen, "worse": vermillion}
	// stateColours are those of a deployment's states (sql/parts/state.sql).
	stateColours = Colours{
		"ok": bluishGreen, "rework": orange, "rolled back": reddishPurple, "failed": vermillion,
		"never live": grey, "running": skyBlue,
	}
	// budgetColours are those of an error budget's states (sql/parts/budget.sql).
	budgetColours      = Colours{"ok": bluishGreen, "running out": orange, "spent": vermillion, "no data": grey}
	severityColours    = Colours{"page": vermillion, "ticket": orange}
	firingColours      = Colours{"firing": vermillion, "over": grey}
	toilColours        = Colours{"under the cap": bluishGreen, "over the cap": vermillion, "no capacity": grey, "no data": grey}
	kindColours        = Colours{"confirmed": blue, "inferred": reddishPurple}
	answerColours      = Colours{"ok": bluishGreen, "error": vermillion}
	attributionColours = Colours{"attributed": blue, "not attributed": grey}
)

// The units of figures. Grafana scales seconds to minutes, hours and days, and
// ratios to percent; it puts a space before a suffix.
const (
	seconds   = "s"
	ratio     = "percentunit"
	perSecond = "suffix:a second"
	millis    = "ms"
	nanos     = "ns"
	bytesUsed = "bytes"
	times     = "suffix:×"
	count     = "none"
	many      = "short" // thousands as K, millions as Mil
	timestamp = "time:YYYY-MM-DD HH:mm"
	date      = "time:YYYY-MM-DD"
	clock     = "time:MM-DD HH:mm:ss"
	// worked is for hours of people, which Grafana would make days of 24.
	worked = "suffix:h"
	// allowed is for budgets, which people know in minutes: 43 of a month. Grafana
	// makes hours and days of many.
	allowed = "m"
	// written leaves the unit to the SQL, which gives it beside the value.
	written = "string"
)

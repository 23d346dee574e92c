package dashboards

// One look for everything: the four bands take the colours of Okabe and Ito,
// which people with any kind of colour blindness tell apart, here as in the
// terminal's report. The word always stands beside the colour.
const (
	bluishGreen   = "#009E73"
	skyBlue       = "#56B4E9"
	orange        = "#E69F00"
	vermillion    = "#D55E00"
	reddishPurple = "#CC79A7"
	blue          = "#0072B2"
	grey          = "#8E8E8E"
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
	attributionColours = Colours{"attributed": blue, "not attributed": grey}
)

// The units of figures. Grafana scales seconds to minutes, hours and days, and
// ratios to percent.
const (
	seconds   = "s"
	ratio     = "percentunit"
	perWeek   = "suffix: a week"
	count     = "none"
	timestamp = "dateTimeAsIso"
	// written leaves the unit to the SQL, which gives it beside the value.
	written = "string"
)

package terminal

// Paint is the parameter of an ANSI SGR sequence; None paints nothing.
type Paint string

// The paints. The four bands take the colours of Okabe and Ito, which people
// with any kind of colour blindness tell apart; the word stands beside them.
const (
	None        Paint = ""
	Bold        Paint = "1"
	Faint       Paint = "2"
	BluishGreen Paint = "38;5;36"
	SkyBlue     Paint = "38;5;74"
	Orange      Paint = "38;5;178"
	Vermillion  Paint = "38;5;166"
)

const reset = "\x1b[0m"

func (p Paint) start() string { return "\x1b[" + string(p) + "m" }

// Apply paints a text where colour is wanted.
func (p Paint) Apply(s string, color bool) string {
	if !color || p == None || s == "" {
		return s
	}
	return p.start() + s + reset
}

// own are the only escape sequences that a Writer lets through.
var own = []string{
	reset, Bold.start(), Faint.start(), BluishGreen.start(), SkyBlue.start(), Orange.start(), Vermillion.start(),
}

package traces

// wheel says which traces may be due in a second of stream time. A trace
// stands in it once, and stays where it is when its end moves on: whoever takes
// it out looks whether it is due and puts it back otherwise.
type wheel struct {
	slots [wheelSlots][]uint32
	now   int64 // the second up to which everything was taken out
}

// wheelSlots is more seconds than a trace can be due ahead.
const wheelSlots = 16

func (w *wheel) add(second int64, trace uint32) {
	slot := &w.slots[second%wheelSlots]
	*slot = append(*slot, trace)
}

// turn hands over every trace that may be due, up to and including a second.
func (w *wheel) turn(second int64, due func(trace uint32, second int64)) {
	for from := max(w.now+1, second-wheelSlots+1); from <= second; from++ {
		slot := &w.slots[from%wheelSlots]
		// What is put back goes at least a second on, never into this slot.
		taken := *slot
		*slot = nil
		for _, trace := range taken {
			due(trace, from)
		}
		if *slot == nil {
			*slot = taken[:0]
		}
	}
	w.now = max(w.now, second)
}

package dora

import "slices"

// markRollbacks tells redeploys and rollbacks in every environment.
//
// A redeploy brings what was live before, or still is. It is a rollback where
// that goes back: to something that first came before what is live now. V1→V1
// goes nowhere, and V1→V2→V1→V2 ends rolling forward again. What a rollback
// undid is the first deployment after the latest one of its target: V1→V2→V3→V1
// undid V2. One that is only said to go back, without a SHA that says whereto,
// goes back to what was live before.
func markRollbacks(all *deployments) {
	for _, name := range all.names {
		line := all.environments[name]
		first, last := map[string]int{}, map[string]int{}
		for i, d := range line {
			if _, known := first[d.release]; i > 0 && d.back && d.sha == "" && !known {
				d.release = liveBefore(line[:i], d.release)
			}
			from, wasLive := first[d.release]
			if i > 0 && wasLive {
				d.redeploy = true
				if from < first[line[i-1].release] {
					d.rollback = true
					d.rolledBack = line[last[d.release]+1]
				}
			}
			if !wasLive {
				first[d.release] = i
			}
			last[d.release] = i
		}
	}
}

// liveBefore gives the release that the last one of a line replaced, or unknown
// where there was no other.
func liveBefore(line []*deployment, unknown string) string {
	live := line[len(line)-1].release
	for _, d := range slices.Backward(line) {
		if d.release != live {
			return d.release
		}
	}
	return unknown
}

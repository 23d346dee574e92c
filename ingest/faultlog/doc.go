// Package faultlog tells the log about faults of ours that a sender was asked to
// wait out. In an outage every request fails the same way, so there is at most
// one line a second for each kind of outcome; it says how many it stands for.
package faultlog

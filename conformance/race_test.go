//go:build race

package conformance

// race builds the server as the suite was: with the race detector, whose finds make its exit status 66.
const race = true

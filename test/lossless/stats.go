package lossless

import (
	"fmt"
	"sync/atomic"
)

type counters struct {
	requests, lost, repeated, superseded, reads, changes, sent, passed, received, bytesUp, bytesDown atomic.Int64
}

// Stats are what a run has done.
type Stats struct {
	Requests   int64 // sent
	Lost       int64 // of them, without an answer
	Reads      int64 // of them, to read
	Superseded int64 // reads whose place was taken
	Changes    int64 // reads by another carrier than the one before
	Repeated   int64 // numbers sent again

	Sent, Received     int64 // messages
	Passed             int64 // of those sent, that the relay has said to have passed on
	BytesUp, BytesDown int64 // in them
}

func (c *counters) stats() Stats {
	return Stats{
		c.requests.Load(), c.lost.Load(), c.reads.Load(), c.superseded.Load(), c.changes.Load(), c.repeated.Load(),
		c.sent.Load(), c.received.Load(), c.passed.Load(), c.bytesUp.Load(), c.bytesDown.Load(),
	}
}

func (s Stats) String() string {
	return fmt.Sprintf("%d messages up (%.1f MB), %d down (%.1f MB), in %d requests: %d lost, %d numbers sent again; %d reads: %d superseded, %d by another carrier",
		s.Sent, float64(s.BytesUp)/1e6, s.Received, float64(s.BytesDown)/1e6, s.Requests, s.Lost, s.Repeated, s.Reads, s.Superseded, s.Changes)
}

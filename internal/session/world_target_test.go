package session

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// compareTarget compares what the target got since the last time, from the
// message that was unfinished then.
func (w *world) compareTarget() string {
	want := joined(w.want)
	got := slices.Clone(w.u.messages[w.same:])
	if w.u.partial.Kind != 0 {
		got = append(got, w.u.partial)
	}
	diff := cmp.Diff(shape(want), shape(got))
	w.same = len(w.u.messages)
	whole := 0
	for i, f := range w.want {
		if !f.More {
			whole = i + 1
		}
	}
	w.want = w.want[whole:]
	return diff
}

// joined joins parts into messages; the last may be unfinished.
func joined(parts []wire.Frame) []wire.Frame {
	var messages []wire.Frame
	more := false
	for _, p := range parts {
		if more {
			last := &messages[len(messages)-1]
			last.Data = append(slices.Clone(last.Data), p.Data...)
		} else {
			messages = append(messages, wire.Frame{Kind: p.Kind, Data: p.Data})
		}
		more = p.More
	}
	return messages
}

// shape shows frames briefly, and fully where they are short.
func shape(frames []wire.Frame) []string {
	shapes := []string{}
	for _, f := range frames {
		s := string(f.Data)
		if len(s) > 40 {
			s = fmt.Sprintf("%s… (%d bytes, %x)", s[:20], len(s), sum(f.Data))
		}
		shapes = append(shapes, string(f.Kind)+s)
	}
	return shapes
}

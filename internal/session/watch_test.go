package session

import (
	"testing"
	"testing/synctest"

	"github.com/polysocket/polysocket/internal/wire"
)

// Who sends is told of the client's own close, up to which numbers may be sent again,
// and of the end.
func TestWatch(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		told, stopped := 0, 0
		defer r.s.Watch(func() { told++ })()
		r.s.Watch(func() { stopped++ })()
		r.text(1, "a")
		want := func(times int, codes ...wire.ErrorCode) { // for no number, 2 and 3
			r.Helper()
			synctest.Wait()
			if told != times || stopped != 0 {
				r.Errorf("told %d times, want %d; %d after the stop", told, times, stopped)
			}
			for i, n := range []uint64{0, 2, 3} {
				var code wire.ErrorCode
				if err := r.s.Closed(n); err != nil {
					code = err.Code
				}
				if code != codes[i] {
					r.Errorf("for number %d it is closed with %q, want %q", n, code, codes[i])
				}
			}
		}
		want(0, "", "", "")
		r.send(Send{N: 2, Frames: []wire.Frame{{Kind: wire.Close, Code: wire.CloseNormal}}})
		want(1, wire.BadRequest, "", wire.BadRequest)
		r.s.OnClosed(wire.CloseNormal, nil)
		want(2, wire.NoSocket, wire.NoSocket, wire.NoSocket)
		late := 0
		r.s.Watch(func() { late++ })()
		if late != 1 {
			r.Errorf("one who watches when it is closed is told %d times", late)
		}
	})
}

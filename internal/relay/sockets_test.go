package relay

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// nowhere is an upstream that takes everything.
type nowhere struct{}

func (nowhere) Send(wire.Kind, []byte, bool) (bool, error) { return false, nil }
func (nowhere) Close(wire.CloseCode, []byte) (bool, error) { return false, nil }
func (nowhere) Pause()                                     {}
func (nowhere) Resume()                                    {}
func (nowhere) Charge(*budget.Account)                     {}
func (nowhere) Stuck() bool                                { return false }
func (nowhere) Abort()                                     {}

// put adds a socket without a target.
func (t *sockets) put(id, origin string) *session.Session {
	s, _ := t.place(id, bus.OpenRequest{Origin: origin}, nowhere{})
	return s
}

// place adds a socket with a target that pushes to the handler.
func (t *sockets) place(id string, req bus.OpenRequest, conn upstreamConn) (*session.Session, upstream.Handler) {
	config := session.Config{}.WithDefaults()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hold(id, req, conn, &config)
}

func TestEnter(t *testing.T) {
	const a, b = "https://a.example", "https://b.example"
	type enter struct {
		origin, bound string
		ok            bool
	}
	for name, test := range map[string]struct {
		created string
		enters  []enter
		bound   string // in the end
	}{
		"created by a page":            {a, []enter{{a, a, true}, {"", a, true}, {b, "", false}, {a, a, true}}, a},
		"created by nobody known":      {"", []enter{{"", "", true}, {"", "", true}}, ""},
		"bound by the first who comes": {"", []enter{{"", "", true}, {b, b, true}, {a, "", false}, {"", b, true}, {b, b, true}}, b},
		"in another case":              {a, []enter{{"https://A.example", "", false}}, a},
	} {
		sockets := newSockets(nil, new(budget.Budget))
		s := sockets.put("id", test.created)
		for i, e := range test.enters {
			got, bound, ok := sockets.Enter("id", e.origin)
			if ok != e.ok || bound != e.bound || ok && got != s || !ok && got != nil {
				t.Errorf("%s, request %d: %v, bound to %q, %v", name, i, got, bound, ok)
			}
			if ok {
				got.Leave()
			}
		}
		if got := sockets.Bound("id"); got != test.bound {
			t.Errorf("%s: bound to %q", name, got)
		}
		if _, bound, ok := sockets.Enter("another", ""); ok || bound != "" || sockets.Bound("another") != "" {
			t.Errorf("%s: there is another socket", name)
		}
		s.Drop()
		if _, _, ok := sockets.Enter("id", test.bound); ok || sockets.count() != 0 || sockets.Bound("id") != "" {
			t.Errorf("%s: it is still there", name)
		}
	}
}

// A request that is in keeps the socket; the grace period comes after it.
func TestEnterCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sockets := newSockets(nil, new(budget.Budget))
		sockets.put("id", "")
		s, _, ok := sockets.Enter("id", "")
		if !ok {
			t.Fatal("no such socket")
		}
		time.Sleep(time.Hour)
		if sockets.count() != 1 {
			t.Error("the socket is gone, with a request under way")
		}
		s.Leave()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if sockets.count() != 0 {
			t.Error("the socket is there without a request")
		}
	})
}

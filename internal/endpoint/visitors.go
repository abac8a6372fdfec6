package endpoint

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/polysocket/polysocket/internal/wire"
)

// Visitors bound what comes from one address (see Block): how many connections it has,
// and how many requests under way, those that wait among them. A trusted proxy has as
// many connections as it likes, and its clients are told apart by ClientAddr. The zero
// value has no bounds. Apply may be called at any time.
type Visitors struct {
	mu      sync.Mutex
	bounds  Bounds
	conns   map[netip.AddrPort]struct{} // which are counted
	visitor map[netip.Prefix]*visitor
}

// Bounds are what Visitors hold to. 0 is no bound.
type Bounds struct {
	Connections int            // of one address
	Requests    int            // under way, of one address
	Proxies     []netip.Prefix // are trusted
}

// A visitor is what one address has.
type visitor struct{ connections, requests int }

// Apply has other bounds hold, for what comes from now on.
func (v *Visitors) Apply(b Bounds) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bounds = b
}

// change counts, unless it would be over the bound, and forgets who has nothing. v.mu is
// held.
func (v *Visitors) change(of netip.Prefix, count func(*visitor) *int, by, bound int) bool {
	who := v.visitor[of]
	if who == nil {
		if v.visitor == nil {
			v.visitor = make(map[netip.Prefix]*visitor)
		}
		who = new(visitor)
		v.visitor[of] = who
	}
	n := count(who)
	fits := by < 0 || bound <= 0 || *n < bound
	if fits {
		*n += by
	}
	if *who == (visitor{}) {
		delete(v.visitor, of)
	}
	return fits
}

func connections(w *visitor) *int { return &w.connections }
func requests(w *visitor) *int    { return &w.requests }

// ConnState is for http.Server. A connection that is one too many is closed before
// anything is read of it, TLS too. One that the handlers take over counts until Closed is
// called with it; it may come back to the server meanwhile.
func (v *Visitors) ConnState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if !v.connected(c.RemoteAddr()) {
			_ = c.Close()
		}
	case http.StateClosed:
		v.Closed(c)
	}
}

func (v *Visitors) connected(addr net.Addr) bool {
	peer, ok := addrPort(addr)
	if !ok {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.conns[peer]; known || trusts(v.bounds.Proxies, peer.Addr()) {
		return true
	}
	if !v.change(Block(peer.Addr()), connections, 1, v.bounds.Connections) {
		return false
	}
	if v.conns == nil {
		v.conns = make(map[netip.AddrPort]struct{})
	}
	v.conns[peer] = struct{}{}
	return true
}

// Closed counts a connection out.
func (v *Visitors) Closed(c net.Conn) {
	peer, _ := addrPort(c.RemoteAddr())
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, counted := v.conns[peer]; counted {
		delete(v.conns, peer)
		v.change(Block(peer.Addr()), connections, -1, 0)
	}
}

func addrPort(addr net.Addr) (netip.AddrPort, bool) {
	if addr == nil {
		return netip.AddrPort{}, false
	}
	ap, err := netip.ParseAddrPort(addr.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), err == nil
}

// visitKey is the key of a visit in a request's context.
type visitKey struct{}

// A visit is a request that is counted.
type visit struct {
	visitors *Visitors
	of       netip.Prefix
	kept     bool // it goes on when its handler has returned
}

func (v *visit) over() {
	v.visitors.mu.Lock()
	defer v.visitors.mu.Unlock()
	v.visitors.change(v.of, requests, -1, 0)
}

// Counted bounds the requests under way: one that is one too many is 429 rate_limited.
func (v *Visitors) Counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		of := Block(ClientAddr(r, v.bounds.Proxies))
		fits := v.change(of, requests, 1, v.bounds.Requests)
		v.mu.Unlock()
		if !fits {
			AllowOrigin(w.Header(), "*")
			Answer{}.Error(w, wire.Errorf(wire.RateLimited, "too many requests of this address are under way: wait until some are answered"))
			return
		}
		this := &visit{visitors: v, of: of}
		defer func() {
			if !this.kept {
				this.over()
			}
		}()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, this)))
	})
}

// Keep has a request counted until release is called, and not only until its handler
// returns. It is called by the handler.
func Keep(r *http.Request) (release func()) {
	this, _ := r.Context().Value(visitKey{}).(*visit)
	if this == nil {
		return func() {}
	}
	this.kept = true
	return sync.OnceFunc(this.over)
}

package relay

import (
	"context"
	"slices"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// A pending socket is one that is being opened.
type pending struct {
	bus.OpenRequest
	life    context.Context // ends when it is not to be opened any more
	end     context.CancelCauseFunc
	revoked bool // guarded by sockets.mu
}

func newPending(ctx context.Context, req bus.OpenRequest) *pending {
	p := &pending{OpenRequest: req}
	p.life, p.end = context.WithCancelCause(ctx)
	return p
}

// errRevoked is the answer where the key or the token has been revoked meanwhile.
var errRevoked = wire.Errorf(wire.TokenInvalid, "the token is not taken any more")

// because is the error of a socket that has not come of it.
func (p *pending) because(err error) error {
	if context.Cause(p.life) == errRevoked {
		return errRevoked
	}
	return err
}

// begin has Close know of a socket that is being opened, until begun.
func (t *sockets) begin(p *pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending[p] = struct{}{}
}

func (t *sockets) begun(p *pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pending, p)
}

// Close implements bus.Handler: it ends sockets.
func (r *Relay) Close(c bus.CloseSockets) {
	for _, s := range r.sockets.named(c) {
		if c.Code == 0 {
			s.session.Drop()
		} else {
			s.session.Retire(c.Code, c.Reason)
		}
	}
}

// named are the sockets that c is about. Those that are being opened are not opened.
func (t *sockets) named(c bus.CloseSockets) []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	var named []*socket
	for _, id := range c.Sockets {
		if s := t.byID[id]; s != nil {
			named = append(named, s)
		}
	}
	if len(c.Keys) == 0 && len(c.Tokens) == 0 {
		return named
	}
	ours := func(key, token string) bool {
		return key != "" && slices.Contains(c.Keys, key) || token != "" && slices.Contains(c.Tokens, token)
	}
	for p := range t.pending {
		if ours(p.Key, p.Token) {
			p.revoked = true
			p.end(errRevoked)
		}
	}
	for _, s := range t.byID {
		if ours(s.key, s.token) {
			named = append(named, s)
		}
	}
	return named
}

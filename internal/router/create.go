package router

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// create answers /create: validate, authorise, count, pick, ask, answer.
func (rt *Router) create(w http.ResponseWriter, r *http.Request) {
	allowCaller(w.Header(), r)
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	}
	if !endpoint.Methods(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	c, err := readCreate(r)
	if err != nil {
		rt.refuse(w, c, err)
		return
	}
	settings := rt.settings.Load()
	c.address = addressOf(r, settings.Proxies)
	key := c.key()
	o := rt.nonces.join(key)
	told, again, left := false, false, false
	drop := func(s socket) {
		rt.drop(s)
		if o.ticket != nil {
			rt.restore(c.token, o.ticket)
		}
	}
	leave := func() {
		if left {
			return
		}
		left = true
		if unused := rt.nonces.leave(key, o, told, drop); unused && again && o.ticket != nil {
			rt.restore(c.token, o.ticket)
		}
	}
	defer leave()
	if err = rt.admit(r.Context(), settings, c, o); err != nil {
		again = retried(r.Context(), err)
		leave() // a ticket is there again when its client hears of it
		rt.refuse(w, c, err)
		return
	}
	rt.nonces.begin(key, o, func(ctx context.Context) (socket, error) {
		opened, err := rt.open(ctx, settings, c)
		if o.ticket != nil && retried(ctx, err) {
			rt.restore(c.token, o.ticket)
		}
		return opened, err
	}, drop)
	select {
	case <-o.done:
	case <-r.Context().Done():
		endpoint.Abandon()
	}
	switch {
	case r.Context().Err() != nil:
		endpoint.Abandon()
	case o.err != nil:
		rt.refuse(w, c, o.err)
	default:
		told = true
		rt.log.Info("socket opened", "target", where(c.target), "origin", c.caller.Origin, "from", shorten(c.from, 64),
			"key", c.grant.Key, "socket", shorten(o.socket.id, 6), "relay", o.socket.node)
		c.answer.OK(w, http.StatusOK, o.socket.fields(r))
	}
}

// retried tells whether a client comes again with the same create after an error.
func retried(ctx context.Context, err error) bool {
	var said *wire.Error
	return err != nil && (ctx.Err() != nil || errors.As(err, &said) && said.Code == wire.NoRelay)
}

// allowCaller lets the page that calls read the answer, whatever it is.
func allowCaller(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		origin = "*"
	}
	endpoint.AllowOrigin(h, origin)
}

func (rt *Router) refuse(w http.ResponseWriter, c *create, err error) {
	rt.log.Info("create refused", "target", where(c.target), "origin", c.caller.Origin, "from", shorten(c.from, 64), "address", c.address, "key", c.grant.Key, "error", err)
	c.answer.Error(w, err)
}

// admit tells whether the policy lets a create go on, and notes what it grants.
func (rt *Router) admit(ctx context.Context, s *Settings, c *create, o *opening) error {
	err := o.count(func(ctx context.Context) error { return rt.countCreate(ctx, s, c) })
	if err != nil {
		return err
	}
	var t *ticket
	token := c.token
	if rt.isTicket(token) {
		if t, err = o.redeem(func(ctx context.Context) (*ticket, error) { return rt.redeem(ctx, token) }); err != nil {
			return err
		}
		token = t.Token
	}
	c.grant, err = s.Auth.Authorize(ctx, auth.Request{Caller: c.caller, JSONP: c.jsonp, Token: token, Target: c.target})
	if err == nil && c.grant.Target != nil {
		c.target = c.grant.Target
	}
	if err == nil && t != nil {
		err = t.covers(c.caller, c.target)
	}
	return err
}

// open opens a socket that is granted, within its limits and rates. What has no place is
// not dialled, and so not counted as a dial.
func (rt *Router) open(ctx context.Context, s *Settings, c *create) (socket, error) {
	leases, err := rt.acquire(ctx, s, c)
	if err != nil {
		return socket{}, err
	}
	if err := rt.countDial(ctx, s, c); err != nil {
		rt.release(leases)
		return socket{}, err
	}
	opened, err := rt.ask(ctx, bus.OpenRequest{
		Target: c.target.String(), Protocols: c.protocols, Origin: c.caller.Origin, UserAgent: c.userAgent,
		Leases: leases, Key: c.grant.Key, Token: c.grant.Token,
	})
	if err != nil {
		rt.release(leases)
		return socket{}, err
	}
	if !rt.stands(c.grant) { // those that were open when it was revoked are closed; this one was not
		rt.drop(opened)
		return socket{}, wire.Errorf(wire.TokenInvalid, "the token was revoked: get another")
	}
	return opened, nil
}

// stands tells whether what was granted is so still.
func (rt *Router) stands(g auth.Grant) bool {
	reviewer, ok := rt.settings.Load().Auth.(auth.Reviewer)
	return !ok || g.Key == "" || reviewer.Stands(g)
}

// ask asks relays, one after the other, until one does not decline.
func (rt *Router) ask(ctx context.Context, r bus.OpenRequest) (socket, error) {
	if err := rt.list(ctx); err != nil {
		return socket{}, bus.Unavailable()
	}
	var declined []string
	for {
		n, ok := rt.picker.pick(declined)
		if !ok {
			return socket{}, bus.Unavailable()
		}
		reply, err := rt.bus.Open(ctx, n.ID, r)
		if err != nil {
			rt.picker.failed(n, errors.Is(err, bus.ErrDeclined))
		}
		if errors.Is(err, bus.ErrDeclined) && ctx.Err() == nil {
			declined = append(declined, n.ID)
			continue
		}
		s := socket{node: n.ID, host: n.Host, id: reply.Socket, protocol: reply.Protocol}
		if n.Wildcard {
			s.label = strings.ToLower(rand.Text()[:8])
		}
		return s, err
	}
}

// list has the picker know the nodes as they are now, or were a moment ago.
func (rt *Router) list(ctx context.Context) error {
	now := time.Now()
	if !rt.picker.due(now) {
		return nil
	}
	nodes, err := rt.bus.Nodes(ctx)
	if err != nil {
		return err
	}
	rt.picker.list(nodes, now)
	return nil
}

// drop closes a socket that nobody was told of.
func (rt *Router) drop(s socket) {
	if err := rt.bus.Tell(context.Background(), s.node, bus.CloseSockets{Sockets: []string{s.id}}); err != nil {
		rt.log.Warn("a socket that nobody waits for is left to its grace period", "relay", s.node, "error", err)
	}
}

// fields are the answer's, for the request that asks.
func (s socket) fields(r *http.Request) []byte {
	host := s.host
	if host == "" {
		host = ownHost(r)
	}
	bare := ""
	if s.label != "" && r.ProtoMajor < 2 { // over HTTP/2 one connection carries all
		host, bare = s.label+"."+host, host
	}
	object, _ := json.Marshal(struct { // strings always marshal
		Polysocketd string `json:"polysocketd"`
		Socket      string `json:"socket"`
		Protocol    string `json:"protocol"`
		Bare        string `json:"bare,omitempty"`
	}{host, s.id, s.protocol, bare})
	object[0] = ',' // for the brace that opens it
	return object[:len(object)-1]
}

// ownHost is the name by which the request reached this server: its Host, or
// where it has none the address that it came to.
func ownHost(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr.String()
	}
	return ""
}

// shorten cuts what may be long, or must not stand whole in a log.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

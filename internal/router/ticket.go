package router

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// ticketMark begins every ticket, so that it is known from a token, in a log too.
const ticketMark = "ticket_"

// A ticket is what one stands for: a token, and for what it may be used.
type ticket struct {
	Token  string
	Target string // in its normal form
	Origin string `json:",omitempty"` // empty: any that the token's key admits
	Made   int64  // in ms since 1970
}

// trade answers POST /ticket: an application's server trades a token for a ticket.
func (rt *Router) trade(w http.ResponseWriter, r *http.Request) {
	// No page reads the answer: it is for servers, and Access-Control-Allow-Origin is not set.
	if !endpoint.Methods(w, r, http.MethodPost) {
		return
	}
	s := rt.settings.Load()
	var answer endpoint.Answer
	request, err := readTrade(r)
	if err != nil {
		answer.Error(w, err)
		return
	}
	grant, err := s.Auth.Authorize(r.Context(), request)
	if err != nil {
		// Who guesses is held to the rate of creates.
		if often := rt.countCreate(r.Context(), s, &create{address: addressOf(r, s.Proxies)}); often != nil {
			err = often
		}
		rt.log.Info("ticket refused", "target", where(request.Target), "origin", request.Caller.Origin, "error", err)
		answer.Error(w, err)
		return
	}
	text, err := rt.issue(r.Context(), s, request, grant)
	if err != nil {
		rt.log.Info("ticket refused", "target", where(request.Target), "origin", request.Caller.Origin, "key", grant.Key, "error", err)
		answer.Error(w, err)
		return
	}
	rt.log.Info("ticket made", "target", where(request.Target), "origin", request.Caller.Origin, "key", grant.Key)
	object := append([]byte(`,"ticket":"`), text...)
	object = append(object, `","expires":`...)
	answer.OK(w, http.StatusOK, strconv.AppendInt(object, int64(bus.TicketTTL.Seconds()), 10))
}

// readTrade reads what is traded. The parameters are in the body, and the token may be in
// Authorization: none of it is in a URL.
func readTrade(r *http.Request) (auth.Request, error) {
	p := endpoint.NewParams("token", "target", "origin")
	var request auth.Request
	if err := readBody(p, r); err != nil {
		return request, err
	}
	if err := readBearer(p, r); err != nil {
		return request, err
	}
	var err error
	if request.Target, err = readTarget(p); err != nil {
		return request, err
	}
	request.Token, _ = p.Get("token")
	if origin, given := p.Get("origin"); given {
		request.Caller = endpoint.Caller{Browser: true, Origin: endpoint.CanonicalOrigin(origin)}
		if request.Caller.Origin == "" {
			return request, wire.Errorf(wire.BadRequest, "origin is not an origin: write it as a browser does, as https://app.example.com, or leave it out")
		}
	}
	return request, nil
}

// issue makes the ticket of a token that is good, as often as the key allows, and as the
// token might have targets dialled: each ticket is kept for a while, with its token.
func (rt *Router) issue(ctx context.Context, s *Settings, r auth.Request, g auth.Grant) (string, error) {
	rates := append(named("tickets:"+g.Key, g.Rate), named("tickets of:"+g.Token, s.Limits.DialsPerToken)...)
	wait, err := rt.take(ctx, rates)
	switch {
	case err != nil:
		return "", err
	case wait > 0:
		return "", bus.TooOften(wait)
	}
	target := r.Target
	if g.Target != nil {
		target = g.Target
	}
	record, _ := json.Marshal(ticket{r.Token, target.String(), r.Caller.Origin, time.Now().UnixMilli()}) // strings always marshal
	text := ticketMark + rand.Text()                                                                     // 130 random bits
	if err := rt.tickets.PutTicket(ctx, hash(text), record, bus.TicketTTL); err != nil {
		return "", bus.Unavailable()
	}
	return text, nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// redeem takes a ticket: nobody else has it then.
func (rt *Router) redeem(ctx context.Context, text string) (*ticket, error) {
	record, err := rt.tickets.TakeTicket(ctx, hash(text))
	if err != nil {
		return nil, bus.Unavailable()
	}
	var t ticket
	if record == nil || json.Unmarshal(record, &t) != nil {
		return nil, wire.Errorf(wire.TokenInvalid, "the ticket is not valid: it was used, or is older than %v, or never was one", bus.TicketTTL)
	}
	return &t, nil
}

// restore gives a ticket back that has opened nothing, and is shown again by a client
// that tries another router, or has lost its connection. It gets no older by that.
func (rt *Router) restore(text string, t *ticket) {
	lasts := min(bus.TicketTTL-time.Since(time.UnixMilli(t.Made)), bus.TicketTTL)
	if lasts <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	record, _ := json.Marshal(t) // strings and numbers always marshal
	if err := rt.tickets.PutTicket(ctx, hash(text), record, lasts); err != nil {
		rt.log.Warn("a ticket that has opened nothing is lost", "error", err)
	}
}

// isTicket tells whether a create shows a ticket in place of a token.
func (rt *Router) isTicket(token string) bool {
	return rt.tickets != nil && strings.HasPrefix(token, ticketMark)
}

// covers checks that the ticket is for this page and this target.
func (t *ticket) covers(caller endpoint.Caller, target *url.URL) error {
	switch {
	case t.Origin != "" && t.Origin != caller.Origin:
		return wire.Errorf(wire.OriginDenied, "the ticket is for pages of another origin")
	case t.Target != target.String():
		return wire.Errorf(wire.TargetDenied, "the ticket is for another target")
	}
	return nil
}

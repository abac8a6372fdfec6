package router_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

// tickets keep a ticket as membus does, unless they are away; and remember all that was
// kept.
type tickets struct {
	*membus.Bus
	err  error
	kept []string
}

func (k *tickets) PutTicket(ctx context.Context, hash string, data []byte, lasts time.Duration) error {
	k.kept = append(k.kept, hash)
	return errors.Join(k.err, k.Bus.PutTicket(ctx, hash, data, lasts))
}

func (k *tickets) TakeTicket(ctx context.Context, hash string) ([]byte, error) {
	if k.err != nil {
		return nil, k.err
	}
	return k.Bus.TakeTicket(ctx, hash)
}

// revocable is a policy that may think better of what it granted.
type revocable struct {
	auth.Authorizer
	revoked atomic.Bool
}

func (a *revocable) Stands(auth.Grant) bool { return !a.revoked.Load() }

// trading runs f in virtual time, with a router whose one key has the token "token" and
// admits pages of https://page.example to the target.
func trading(t *testing.T, f func(t *testing.T, r *rig, kept *tickets, policy *revocable), change ...func(*auth.Key)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sum := sha256.Sum256([]byte("token"))
		key := auth.Key{
			ID: "acme", Tokens: []auth.OpaqueToken{{SHA256: hex.EncodeToString(sum[:])}},
			Origins: []string{"https://page.example", "https://other.example"}, Targets: []string{"ws://target.example/*"},
		}
		for _, c := range change {
			c(&key)
		}
		ring, err := auth.NewKeys([]auth.Key{key}, auth.KeysOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t)
		r.bus.Relays = membus.New()
		kept := &tickets{Bus: membus.New()}
		policy := &revocable{Authorizer: ring}
		r.rt = router.New(router.Options{
			Bus: r.bus, Tickets: kept, Settings: router.Settings{Auth: policy, Limits: router.Limits{CreatesPerAddress: perMinute(100)}},
			Log: slog.New(slog.NewTextHandler(r.log, nil)),
		})
		f(t, r, kept, policy)
		synctest.Wait()
		for _, secret := range []string{"ticket_", "token=", "query-secret"} {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("the log has %q:\n%s", secret, r.log.String())
			}
		}
	})
}

// trade posts what is to be traded, as name=value.
func trade(more ...string) *http.Request {
	v := url.Values{"token": {"token"}, "target": {target}}
	for _, s := range more {
		if name, value, ok := strings.Cut(s, "="); ok {
			v.Set(name, value)
		} else {
			v.Del(name)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/ticket", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", form)
	return r
}

// ticket trades, and gives the ticket.
func (r *rig) ticket(more ...string) string {
	r.Helper()
	a := r.do(trade(more...))
	var body struct {
		OK      bool
		Ticket  string
		Expires int
	}
	if err := json.Unmarshal([]byte(a.raw), &body); err != nil || a.status != http.StatusOK || !body.OK || body.Expires != 30 || len(body.Ticket) < 26+7 {
		r.Fatalf("%d %s", a.status, a.raw)
	}
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
		r.Errorf("pages of %s may read a ticket", got)
	}
	return body.Ticket
}

// page is a create of a page.
func page(origin string, more ...string) *http.Request {
	r := get(more...)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return r
}

const ours = "https://page.example"

func TestTicket(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, kept *tickets, _ *revocable) {
		text := r.ticket()
		if len(kept.kept) != 1 || strings.Contains(kept.kept[0], text) {
			t.Errorf("kept as %v", kept.kept)
		}
		r.do(page(ours, "token="+text)).socket(t)
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")
		requests, _, _ := r.bus.state()
		sum := sha256.Sum256([]byte("token"))
		if q := requests[0]; q.Key != "acme" || q.Token != hex.EncodeToString(sum[:]) || q.Origin != ours || q.Target != target {
			t.Errorf("asked for %+v", q)
		}
		// By JSONP, and in each of the ways to say a token.
		jsonp := get("cb=f", "token="+r.ticket())
		jsonp.Header.Set("Referer", ours+"/")
		if a := r.do(jsonp); a.cb != "f" || a.Socket == "" {
			t.Errorf("JSONP: %s", a.raw)
		}
		for way, request := range ways {
			if a := r.do(request(params("token=" + r.ticket()))); a.Socket == "" {
				t.Errorf("%s: %s", way, a.raw)
			}
		}
		// A wrong one, a token in its place and the other way round.
		for _, text := range []string{"ticket_", "ticket_" + strings.Repeat("A", 26), text[:len(text)-1], strings.ToLower(text), "token2"} {
			r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "")
		}
		r.do(trade("token="+r.ticket())).is(t, 401, wire.TokenInvalid, "")
		// Late.
		text = r.ticket()
		time.Sleep(bus.TicketTTL - time.Second)
		r.do(page(ours, "token="+text)).socket(t)
		text = r.ticket()
		time.Sleep(bus.TicketTTL + time.Second)
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")
	})
}

// The page and the target are looked at as ever, and have to be those of the ticket; a
// ticket that was shown is used.
func TestTicketFor(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		for name, test := range map[string]struct {
			trade  []string
			create *http.Request
			code   wire.ErrorCode
		}{
			"as it is":                 {nil, page(ours), ""},
			"no page":                  {nil, page(""), ""},
			"its origin":               {[]string{"origin=HTTPS://page.example:443"}, page(ours), ""},
			"another spelling":         {[]string{"target=ws://TARGET.example:80/./chat?key=query-secret"}, page(ours), ""},
			"another origin":           {[]string{"origin=" + ours}, page("https://other.example"), wire.OriginDenied},
			"no origin":                {[]string{"origin=" + ours}, page(""), wire.OriginDenied},
			"an origin not of the key": {nil, page("https://evil.example"), wire.OriginDenied},
			"another path":             {nil, page(ours, "target=ws://target.example/chat/2?key=query-secret"), wire.TargetDenied},
			"another query":            {nil, page(ours, "target=ws://target.example/chat?key=2"), wire.TargetDenied},
			"another host":             {nil, page(ours, "target=ws://evil.example/chat?key=query-secret"), wire.TargetDenied},
		} {
			text := r.ticket(test.trade...)
			ask := func(code wire.ErrorCode) {
				request := test.create.Clone(t.Context())
				v := request.URL.Query()
				v.Set("token", text)
				request.URL.RawQuery = v.Encode()
				if a := r.do(request); a.Code != string(code) {
					t.Errorf("%s: %s, want %q", name, a.raw, code)
				}
			}
			ask(test.code)
			ask(wire.TokenInvalid)
		}
	})
}

// What cannot be traded.
func TestTrade(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, kept *tickets, _ *revocable) {
		bearer := trade("token")
		bearer.Header.Set("Authorization", "Bearer token")
		if a := r.do(bearer); a.status != http.StatusOK {
			t.Errorf("by a header: %s", a.raw)
		}
		object := httptest.NewRequest(http.MethodPost, "/ticket", strings.NewReader(`{"token":"token","target":"`+target+`"}`))
		object.Header.Set("Content-Type", "application/json")
		if a := r.do(object); a.status != http.StatusOK {
			t.Errorf("by JSON: %s", a.raw)
		}
		both := trade()
		both.Header.Set("Authorization", "Bearer token")
		r.do(both).is(t, 400, wire.BadRequest, "token is given twice")
		inURL := trade("token")
		inURL.URL.RawQuery = "token=token"
		r.do(inURL).is(t, 401, wire.TokenInvalid, "a token is required")
		r.do(trade("token=x")).is(t, 401, wire.TokenInvalid, "")
		r.do(trade("target")).is(t, 400, wire.BadRequest, "target is missing")
		r.do(trade("target=http://x/")).is(t, 400, wire.BadRequest, "target")
		r.do(trade("target=ws://evil.example/")).is(t, 403, wire.TargetDenied, "")
		r.do(trade("origin=https://evil.example")).is(t, 403, wire.OriginDenied, "")
		for _, origin := range []string{"", "null", "page.example", "https://page.example/x"} {
			r.do(trade("origin="+origin)).is(t, 400, wire.BadRequest, "origin")
		}
		plain := trade()
		plain.Header.Set("Content-Type", "text/plain")
		r.do(plain).is(t, 400, wire.BadRequest, "Content-Type")
		if a := r.do(httptest.NewRequest(http.MethodGet, "/ticket", nil)); a.status != 405 || a.header.Get("Allow") != "OPTIONS, POST" {
			t.Errorf("%d %v", a.status, a.header)
		}
		preflight := httptest.NewRequest(http.MethodOptions, "/ticket", nil)
		preflight.Header.Set("Origin", ours)
		if a := r.do(preflight); a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%d %v", a.status, a.header)
		}
		kept.err = errors.New("it is away")
		r.do(trade()).is(t, 503, wire.NoRelay, "")
		r.do(page(ours, "token=ticket_x")).is(t, 503, wire.NoRelay, "")
	})
	// Without tickets.
	r := newRig(t)
	r.do(trade()).is(t, 404, wire.NotFound, "")
	r.do(get("token=ticket_x")).socket(t)
}

// Who guesses tokens is held, and who trades too much.
func TestTradeRates(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		for range 100 {
			r.do(trade("token=x")).is(t, 401, wire.TokenInvalid, "")
		}
		r.do(trade("token=x")).is(t, 429, wire.RateLimited, "from this address")
		r.ticket() // one that is good may go on
	})
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		for range 3 {
			r.ticket()
		}
		r.do(trade()).is(t, 429, wire.RateLimited, "its key")
		if !strings.Contains(r.log.String(), `msg="ticket refused"`) {
			t.Errorf("the log says nothing of it:\n%s", r.log.String())
		}
		r.do(page(ours, "token=token")).socket(t) // which is counted by itself
	}, func(k *auth.Key) { k.Rate = perMinute(3) })
	trading(t, func(t *testing.T, r *rig, kept *tickets, policy *revocable) {
		r.rt.Apply(router.Settings{Auth: policy, Limits: router.Limits{DialsPerToken: perMinute(3)}})
		for range 3 {
			r.ticket()
		}
		r.do(trade()).is(t, 429, wire.RateLimited, "with this token")
		if len(kept.kept) != 3 {
			t.Errorf("%d tickets are kept", len(kept.kept))
		}
		r.do(page(ours, "token=token")).socket(t) // which is counted by itself
	})
}

// Of many who show one ticket at once, one gets a socket; of those who repeat one
// create, all get it.
func TestTicketOnce(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		r.bus.open = func(context.Context, string) error { time.Sleep(time.Second); return nil }
		text := r.ticket()
		var sockets atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				a := r.do(page(ours, "token="+text, "nonce="+strings.Repeat(string(rune('a'+i)), 20)))
				if a.Socket != "" {
					sockets.Add(1)
				} else {
					a.is(t, 401, wire.TokenInvalid, "used")
				}
			})
		}
		wg.Wait()
		if sockets.Load() != 1 {
			t.Errorf("one ticket is good for %d sockets", sockets.Load())
		}
		text = r.ticket()
		again := func() string { return r.do(page(ours, "token="+text, nonce)).socket(t) }
		same := make(chan string, 20)
		for range 20 {
			wg.Go(func() { same <- again() })
		}
		wg.Wait()
		first := again()
		for range 20 {
			if got := <-same; got != first {
				t.Errorf("%s and %s", got, first)
			}
		}
		jsonp := get("cb=f", "token="+text, nonce)
		jsonp.Header.Set("Referer", ours+"/")
		if a := r.do(jsonp); a.Socket != first {
			t.Errorf("JSONP: %s", a.raw)
		}
		r.do(page("https://other.example", "token="+text, nonce)).is(t, 401, wire.TokenInvalid, "used")
		time.Sleep(31 * time.Second)
		r.do(page(ours, "token="+text, nonce)).is(t, 401, wire.TokenInvalid, "used")
	})
}

// A ticket that has opened nothing, since there was no relay or its request was cut, may
// be shown again; it gets no older by that. One whose target has failed is used.
func TestTicketAgain(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		text := r.ticket()
		nodes := r.bus.nodes
		r.bus.nodes = nil
		time.Sleep(20 * time.Second)
		r.do(page(ours, "token="+text)).is(t, 503, wire.NoRelay, "")
		r.bus.nodes = nodes
		time.Sleep(time.Second)
		r.do(page(ours, "token="+text)).socket(t)
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")

		text = r.ticket()
		r.bus.nodes = nil
		time.Sleep(20 * time.Second)
		r.do(page(ours, "token="+text)).is(t, 503, wire.NoRelay, "")
		r.bus.nodes = nodes
		time.Sleep(11 * time.Second)
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "older")

		for _, after := range []time.Duration{time.Second, 3 * time.Second} { // opened nothing yet, and just now
			text = r.ticket()
			r.bus.open = func(ctx context.Context, _ string) error {
				time.Sleep(2 * time.Second) // it does not notice
				return nil
			}
			ctx, cut := context.WithTimeout(t.Context(), after)
			if a := r.do(page(ours, "token="+text).WithContext(ctx)); after < 2*time.Second && a.raw != "" {
				t.Errorf("cut, it got %s", a.raw)
			}
			cut()
			time.Sleep(3 * time.Second)
			a := r.do(page(ours, "token="+text))
			if again := a.Socket != ""; again != (after < 2*time.Second) {
				t.Errorf("after %v: %s", after, a.raw)
			}
		}

		text = r.ticket()
		r.bus.open = func(context.Context, string) error { return wire.Errorf(wire.TargetRefused, "no") }
		r.do(page(ours, "token="+text)).is(t, 502, wire.TargetRefused, "")
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")
	})
}

// So may one whose token could not be looked at, since the keys are not known yet or the
// request was cut meanwhile; but not one that was refused.
func TestTicketUnseen(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, policy *revocable) {
		ring := policy.Authorizer
		text := r.ticket()
		policy.Authorizer = unsure{bus.Unavailable()}
		for range 2 {
			r.do(page(ours, "token="+text, nonce)).is(t, 503, wire.NoRelay, "")
		}
		policy.Authorizer = unsure{wire.Errorf(wire.TokenInvalid, "no")}
		ctx, cut := context.WithCancel(t.Context())
		cut()
		r.do(page(ours, "token="+text, nonce).WithContext(ctx))
		policy.Authorizer = ring
		r.do(page(ours, "token="+text, nonce)).socket(t)
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")

		text = r.ticket()
		policy.Authorizer = unsure{wire.Errorf(wire.TargetDenied, "no")}
		r.do(page(ours, "token="+text)).is(t, 403, wire.TargetDenied, "")
		policy.Authorizer = ring
		r.do(page(ours, "token="+text)).is(t, 401, wire.TokenInvalid, "used")
	})
}

// An unsure policy lets nobody in.
type unsure struct{ why error }

func (u unsure) Authorize(context.Context, auth.Request) (auth.Grant, error) {
	return auth.Grant{}, u.why
}

// A repeated create is looked at as the first was.
func TestTicketAgainByJSONP(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, _ *revocable) {
		text := r.ticket()
		r.do(page(ours, "token="+text, nonce)).socket(t)
		jsonp := get("cb=f", "token="+text, nonce)
		jsonp.Header.Set("Referer", ours+"/")
		if a := r.do(jsonp); a.Code != string(wire.OriginDenied) {
			t.Errorf("%s", a.raw)
		}
	}, func(k *auth.Key) { k.NoJSONP = true })
}

// What was revoked while it was opened is closed, and its client told.
func TestRevokedMeanwhile(t *testing.T) {
	trading(t, func(t *testing.T, r *rig, _ *tickets, policy *revocable) {
		r.bus.open = func(context.Context, string) error { policy.revoked.Store(true); return nil }
		r.do(page(ours, "token=token")).is(t, 401, wire.TokenInvalid, "revoked")
		if _, opened, dropped := r.bus.state(); opened != 1 || len(dropped) != 1 || dropped[0] != "node socket-1" {
			t.Errorf("%d opened, %v dropped", opened, dropped)
		}
	})
}

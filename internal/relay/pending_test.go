package relay

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// open has the relay open a target, for a key and a token.
func (tg *target) open(t *testing.T, r *Relay, key, token string) (socket string) {
	t.Helper()
	reply, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url, Key: key, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Socket
}

func TestCloseByKeyAndToken(t *testing.T) {
	for name, test := range map[string]struct {
		close bus.CloseSockets
		left  string // by key and token
	}{
		"a key":              {bus.CloseSockets{Keys: []string{"k", "none"}}, "l/t l/u m/v /"},
		"a token":            {bus.CloseSockets{Tokens: []string{"u"}}, "k/t l/t m/v /"},
		"a key and a token":  {bus.CloseSockets{Keys: []string{"m"}, Tokens: []string{"t"}}, "k/u l/u /"},
		"an empty one":       {bus.CloseSockets{Keys: []string{""}, Tokens: []string{""}}, "k/t k/u l/t l/u m/v /"},
		"another":            {bus.CloseSockets{Keys: []string{"t"}, Tokens: []string{"k"}}, "k/t k/u l/t l/u m/v /"},
		"what comes by none": {bus.CloseSockets{Code: 1008}, "k/t k/u l/t l/u m/v /"},
	} {
		t.Run(name, func(t *testing.T) {
			tg := newTarget(t)
			close(tg.answer)
			r := newRelay(t)
			var left []string
			ids := map[string]string{}
			for _, who := range strings.Fields("k/t k/u l/t l/u m/v /") {
				key, token, _ := strings.Cut(who, "/")
				ids[who] = tg.open(t, r, key, token)
			}
			r.Close(test.close)
			for _, who := range strings.Fields("k/t k/u l/t l/u m/v /") {
				if r.sockets.find(ids[who]) != nil {
					left = append(left, who)
				}
			}
			if got := strings.Join(left, " "); got != test.left {
				t.Errorf("%s are left, want %s", got, test.left)
			}
		})
	}
}

// A client reads all that came before, and then the code.
func TestCloseTells(t *testing.T) {
	tg := newTarget(t)
	close(tg.answer)
	r := newRelay(t)
	id := tg.open(t, r, "k", "t")
	r.Close(bus.CloseSockets{Tokens: []string{"t"}, Code: 1008, Reason: "the key was revoked"})
	if got := receive(t, tg.ended); got != websocket.StatusGoingAway {
		t.Errorf("the target was closed with %d", got)
	}
	want := `{"type":"close","code":1008,"reason":"the key was revoked","wasClean":true}`
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/j/"+id, nil))
	if got := w.Body.String(); !strings.Contains(got, want) {
		t.Errorf("the client reads %s", got)
	}
}

// Nor is a socket opened that was asked for before, and whose target takes its time.
func TestCloseWhileOpening(t *testing.T) {
	for name, c := range map[string]bus.CloseSockets{
		"the key": {Keys: []string{"k"}, Code: 1008}, "the token": {Tokens: []string{"t"}, Code: 1008},
	} {
		r := newRelay(t)
		tg := newTarget(t)
		done := make(chan error, 1)
		go func() {
			_, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url, Key: "k", Token: "t"})
			done <- err
		}()
		receive(t, tg.came)
		r.Close(bus.CloseSockets{Keys: []string{"t"}, Tokens: []string{"k"}, Code: 1008})
		r.sockets.mu.Lock()
		for p := range r.sockets.pending {
			if p.revoked || p.life.Err() != nil {
				t.Errorf("%s: another was revoked", name)
			}
		}
		r.sockets.mu.Unlock()
		r.Close(c)
		if err := receive(t, done); code(err) != wire.TokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
		nothing(t, r, tg)
		if len(r.sockets.pending) != 0 {
			t.Errorf("%s: %d are pending", name, len(r.sockets.pending))
		}
	}
}

// It may be revoked when the target has answered, and the socket is not kept yet.
func TestCloseBeforeAdd(t *testing.T) {
	r := newRelay(t)
	p := newPending(t.Context(), bus.OpenRequest{Key: "k"})
	r.sockets.reserve(0)
	r.sockets.begin(p)
	r.Close(bus.CloseSockets{Keys: []string{"k"}, Code: 1008})
	if r.sockets.add("id", p, nil, nil) || r.sockets.count() != 0 {
		t.Error("it is kept")
	}
	if err := p.because(bus.ErrDeclined); code(err) != wire.TokenInvalid {
		t.Error(err)
	}
}

// An address is dialled as often as it may be, by whichever names, and by all relays
// together.
func TestDialsPerAddress(t *testing.T) {
	tg := newTarget(t)
	close(tg.answer)
	r := newRelay(t)
	settings := *r.settings.Load()
	settings.DialsPerAddress = bus.Rate{Every: time.Hour, Burst: 3}
	r.Apply(settings)
	other := New(Options{Bus: r.bus, Settings: settings, Log: r.log})
	t.Cleanup(other.Shut)
	open := func(r *Relay, i int) error {
		_, err := r.Open(t.Context(), bus.OpenRequest{Target: strings.Replace(tg.url, "127.0.0.1", "[::ffff:127.0.0.1]", i%2)})
		return err
	}
	for i := range 3 {
		if err := open(r, i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		var e *wire.Error
		err := open([]*Relay{r, other}[i/2], i)
		if !errors.As(err, &e) || e.Code != wire.RateLimited || e.Wait <= 0 || e.Wait > time.Hour {
			t.Errorf("dial %d: %v", 3+i, err)
		}
		if strings.Contains(fmt.Sprint(err), "127.0.0.1") || strings.Contains(fmt.Sprint(err), "address") {
			t.Errorf("it tells of the address: %v", err)
		}
	}
	if len(tg.came) != 3 || r.sockets.count() != 3 || other.sockets.count() != 0 {
		t.Errorf("%d handshakes, %d and %d sockets", len(tg.came), r.sockets.count(), other.sockets.count())
	}
}

package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

func newRelay(t *testing.T) *Relay {
	r := New(Options{Bus: membus.New(), Settings: Settings{Dialer: upstream.Dialer{Guard: upstream.OpenGuard()}}, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		r.Shut()
		for _, s := range r.sockets.shut() {
			s.session.Drop()
		}
	})
	return r
}

// code is that of a *wire.Error.
func code(err error) wire.ErrorCode {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestOpen(t *testing.T) {
	tg := newTarget(t)
	close(tg.answer)
	r := newRelay(t)
	reply, err := r.Open(t.Context(), bus.OpenRequest{
		Target: tg.url + "/x?y", Protocols: []string{"a", "b"}, Origin: "https://page.example", UserAgent: "Mozilla/5.0 (x)",
	})
	if err != nil || reply.Protocol != "b" || len(reply.Socket) < 26 {
		t.Fatalf("%+v, %v", reply, err)
	}
	came := receive(t, tg.came)
	if came.Header.Get("Origin") != "https://page.example" || came.UserAgent() != "Mozilla/5.0 (x)" || came.RequestURI != "/x?y" {
		t.Errorf("the target saw %s %v", came.RequestURI, came.Header)
	}
	if r.sockets.count() != 1 || r.sockets.Bound(reply.Socket) != "https://page.example" {
		t.Errorf("%d sockets, bound to %q", r.sockets.count(), r.sockets.Bound(reply.Socket))
	}
	r.Close(bus.CloseSockets{Sockets: []string{"another", reply.Socket, reply.Socket}})
	if got := receive(t, tg.ended); got != websocket.StatusGoingAway || r.sockets.count() != 0 {
		t.Errorf("closed with %d, and there are %d sockets", got, r.sockets.count())
	}
}

func TestOpenFails(t *testing.T) {
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	for url, want := range map[string]wire.ErrorCode{
		strings.Replace(refuses.URL, "http", "ws", 1): wire.TargetRefused,
		"http://127.0.0.1/":                           wire.BadRequest,
		"ws://a／b/":                                   wire.BadRequest,
	} {
		r := newRelay(t)
		reply, err := r.Open(t.Context(), bus.OpenRequest{Target: url})
		if code(err) != want || reply != (bus.OpenReply{}) || r.sockets.count() != 0 {
			t.Errorf("%s: %+v, %v", url, reply, err)
		}
	}
}

// opening has the relay open a target, and returns when that has the handshake.
func opening(ctx context.Context, t *testing.T, r *Relay) (*target, <-chan error) {
	tg := newTarget(t)
	done := make(chan error, 1)
	go func() {
		_, err := r.Open(ctx, bus.OpenRequest{Target: tg.url})
		done <- err
	}()
	receive(t, tg.came)
	return tg, done
}

// nothing expects that nothing has stayed open.
func nothing(t *testing.T, r *Relay, tg *target) {
	t.Helper()
	if n := r.sockets.count(); n != 0 {
		t.Errorf("there are %d sockets", n)
	}
	if got := receive(t, tg.ended); got != -1 {
		t.Errorf("the target was closed with %d", got)
	}
}

func TestOpenCut(t *testing.T) {
	r := newRelay(t)
	ctx, cancel := context.WithCancel(t.Context())
	tg, done := opening(ctx, t, r)
	cancel()
	if err := receive(t, done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	nothing(t, r, tg)
}

func TestShutWhileOpening(t *testing.T) {
	r := newRelay(t)
	tg, done := opening(t.Context(), t, r)
	r.Shut()
	if err := receive(t, done); !errors.Is(err, bus.ErrDeclined) {
		t.Error(err)
	}
	nothing(t, r, tg)
}

// The target opens in the moment in which the relay shuts.
func TestShutWhenOpen(t *testing.T) {
	r := newRelay(t)
	tg, done := opening(t.Context(), t, r)
	r.sockets.shut() // as Shut does, which has not yet come to the dialer
	close(tg.answer)
	if err := receive(t, done); !errors.Is(err, bus.ErrDeclined) {
		t.Error(err)
	}
	nothing(t, r, tg)
}

func TestShut(t *testing.T) {
	tg := newTarget(t)
	close(tg.answer)
	r := newRelay(t)
	reply, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url})
	if err != nil {
		t.Fatal(err)
	}
	r.Shut()
	if got := receive(t, tg.ended); got != websocket.StatusGoingAway {
		t.Errorf("the target was closed with %d", got)
	}
	if s, _, ok := r.sockets.Enter(reply.Socket, ""); !ok {
		t.Error("the close cannot be read any more")
	} else {
		s.Leave()
	}
	if _, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url}); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("after Shut: %v", err)
	}
	if n := r.sockets.count(); n != 1 {
		t.Errorf("there are %d sockets", n)
	}
}

// A socket that is not bound is bound by who comes, and not by its neighbours in /m.
func TestManyBindsNothing(t *testing.T) {
	r := newRelay(t)
	query := ""
	for _, origin := range []string{"https://page.example", "", "https://other.example"} {
		tg := newTarget(t)
		close(tg.answer)
		reply, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url, Origin: origin})
		if err != nil {
			t.Fatal(err)
		}
		query += "," + reply.Socket + ":0"
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/m?ttl=0&s="+query[1:], nil))
	ids := strings.Split(strings.ReplaceAll(query[1:], ":0", ""), ",")
	if got := w.Body.String(); strings.Count(got, "no_socket") != 1 || !strings.Contains(got, `"socket":"`+ids[2]+`","code":"no_socket"`) ||
		w.Header().Get("Access-Control-Allow-Origin") != "https://page.example" {
		t.Errorf("%s, %v", got, w.Header())
	}
	if bound := r.sockets.Bound(ids[1]); bound != "" {
		t.Errorf("bound to %q, which nobody has named", bound)
	}
}

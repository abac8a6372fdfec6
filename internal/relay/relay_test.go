package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
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

// A relay that cannot tell what is to be kept from callers leaves sockets to others, else
// it would have most of them, and fail all: it holds the fewest. The log says why.
func TestOpenUnable(t *testing.T) {
	log := new(journal)
	guard := upstream.Rules{AnyPort: true, Redis: func() []string { return []string{"redis.internal:6379"} }, Resolver: nameless{}}.Guard()
	r := New(Options{Bus: membus.New(), Settings: Settings{Dialer: upstream.Dialer{Guard: guard}}, Log: slog.New(slog.NewTextHandler(log, nil))})
	t.Cleanup(r.Shut)
	for range 2 {
		if _, err := r.Open(t.Context(), bus.OpenRequest{Target: "ws://192.0.2.1/"}); !errors.Is(err, bus.ErrDeclined) {
			t.Errorf("open: %v, want %v", err, bus.ErrDeclined)
		}
	}
	if n := log.count("redis.internal:6379"); n != 1 {
		t.Errorf("the log says why %d times", n)
	}
}

// A nameless resolver knows no name.
type nameless struct{}

func (nameless) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no name is known here")
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

// As many are held and being opened as there is room for, and not one more; who is
// declined has not reached the target.
func TestCapacity(t *testing.T) {
	const capacity, ask = 10, 50
	r := newRelay(t)
	settings := *r.settings.Load()
	settings.Capacity = capacity
	r.Apply(settings)
	tg := newTarget(t)
	results := make(chan error, ask)
	ids := make(chan string, ask)
	for range ask {
		go func() {
			reply, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url})
			if err == nil {
				ids <- reply.Socket
			}
			results <- err
		}()
	}
	for range ask - capacity { // before any handshake is answered
		if err := receive(t, results); !errors.Is(err, bus.ErrDeclined) {
			t.Error(err)
		}
	}
	if n := r.sockets.count(); n != capacity {
		t.Errorf("%d are being opened", n)
	}
	close(tg.answer)
	for range capacity {
		if err := receive(t, results); err != nil {
			t.Error(err)
		}
		receive(t, tg.came)
	}
	if n := len(tg.came); n > 0 || r.sockets.count() != capacity {
		t.Errorf("%d more handshakes, %d sockets", n, r.sockets.count())
	}
	declined := func(when string, want bool) {
		t.Helper()
		_, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url})
		if errors.Is(err, bus.ErrDeclined) != want || err != nil && !want {
			t.Errorf("%s: %v", when, err)
		}
	}
	declined("full", true)
	r.Close(bus.CloseSockets{Sockets: []string{receive(t, ids)}})
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	for range 3 { // which take no place for good
		if _, err := r.Open(t.Context(), bus.OpenRequest{Target: strings.Replace(refuses.URL, "http", "ws", 1)}); code(err) != wire.TargetRefused {
			t.Error(err)
		}
	}
	declined("one has ended", false)
	declined("full again", true)
	settings.Capacity = capacity + 1
	r.Apply(settings)
	declined("with more room", false)
	settings.Capacity = 1
	r.Apply(settings)
	declined("with much less", true)
	settings.Capacity = 0
	r.Apply(settings)
	declined("without bound", false)
}

// Sockets keep the settings that they were opened with.
func TestApply(t *testing.T) {
	r := newRelay(t)
	tg := newTarget(t)
	close(tg.answer)
	send := func(socket string, size int) int {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/s/"+socket+"?t=b", strings.NewReader(strings.Repeat("x", size))))
		return w.Code
	}
	settings := *r.settings.Load()
	sockets := map[int]string{}
	for _, limit := range []int{1000, 10, 100} {
		settings.Session.MessageLimit = limit
		r.Apply(settings)
		if got := r.settings.Load().Dialer.MessageLimit; got != limit {
			t.Errorf("from the target the limit is %d, want %d", got, limit)
		}
		reply, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url})
		if err != nil {
			t.Fatal(err)
		}
		sockets[limit] = reply.Socket
	}
	for limit, id := range sockets {
		if at, over := send(id, limit), send(id, limit+1); at != http.StatusCreated || over != http.StatusRequestEntityTooLarge {
			t.Errorf("limit %d: %d, and over it %d", limit, at, over)
		}
	}
	settings.Dialer.Guard = upstream.NewGuard()
	r.Apply(settings)
	if _, err := r.Open(t.Context(), bus.OpenRequest{Target: tg.url}); code(err) != wire.TargetDenied {
		t.Error(err)
	}
}

// A real target goes on for a while after it is told that the relay goes.
func TestRetire(t *testing.T) {
	const after = 500
	retired, ended := make(chan struct{}), make(chan websocket.StatusCode, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := websocket.Accept(w, req, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_, first, err := c.Read(req.Context())
		if err != nil || string(first) != "answered 201" {
			t.Errorf("read %q, %v", first, err)
		}
		<-retired
		for i := range after {
			if err := c.Write(req.Context(), websocket.MessageText, fmt.Append(nil, i)); err != nil {
				t.Error(err)
			}
		}
		_, _, err = c.Read(req.Context()) // which answers the Close
		ended <- websocket.CloseStatus(err)
	}))
	defer web.Close()
	r := newRelay(t)
	reply, err := r.Open(t.Context(), bus.OpenRequest{Target: strings.Replace(web.URL, "http", "ws", 1)})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/s/"+reply.Socket+"?t=t&n=1", strings.NewReader("answered 201")))
	if w.Code != http.StatusCreated {
		t.Fatal(w.Body)
	}
	r.sockets.find(reply.Socket).session.Retire(wire.CloseServiceRestart, "the relay is restarting")
	close(retired)
	var got []string
	for a := 0; !slices.Contains(got, "close"); {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/j/%s?a=%d&ttl=9000", reply.Socket, a), nil))
		var answer struct {
			Messages []struct {
				Type, Data string
				Code       int
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, m := range answer.Messages {
			switch m.Type {
			case "text":
				got = append(got, m.Data)
				a++
			case "close":
				if got = append(got, "close"); m.Code != 1012 {
					t.Errorf("closed with %d", m.Code)
				}
			}
		}
	}
	for i := range after {
		if i >= len(got) || got[i] != fmt.Sprint(i) {
			t.Fatalf("of %d messages %d came, and not %d", after, len(got)-1, i)
		}
	}
	if got := receive(t, ended); got != websocket.StatusGoingAway {
		t.Errorf("the target was closed with %d", got)
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

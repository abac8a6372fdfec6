package relay

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/bus"
)

// A pourer is a target that sends so many bytes in one message, and then waits for the
// end.
func pourer(t *testing.T, closes chan<- websocket.StatusCode) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		size := len(r.URL.Query().Get("size")) << 20
		_ = c.Write(t.Context(), websocket.MessageBinary, make([]byte, size))
		_, _, err = c.Read(t.Context())
		closes <- websocket.CloseStatus(err)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/?size="
}

// get asks the relay, which is served whole.
func get(t *testing.T, r *Relay, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// until waits for what must come.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// Where more waits than there is room for, new sockets are declined and the greediest is
// closed, both ways; the others have theirs still.
func TestMemory(t *testing.T) {
	r := newRelay(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(ran)
		_ = r.Run(ctx, func() { close(ready) })
	}()
	defer func() {
		stop()
		<-ran
	}()
	<-ready
	closes := make(chan websocket.StatusCode, 10)
	target := pourer(t, closes)
	open := func(mib int) string {
		t.Helper()
		held := r.Held()
		reply, err := r.Open(t.Context(), bus.OpenRequest{Target: target + strings.Repeat("x", mib)})
		if err != nil {
			t.Fatal(err)
		}
		until(t, "the message is held", func() bool { return r.Held() >= held+int64(mib)<<20 })
		return reply.Socket
	}
	modest, greedy := open(1), open(4)
	settings := *r.settings.Load()
	settings.Memory = 5 << 20 // which is a little less than what is held
	r.Apply(settings)
	if _, err := r.Open(t.Context(), bus.OpenRequest{Target: target}); err == nil || !errors.Is(err, bus.ErrDeclined) && r.Held() > 5<<20 {
		t.Errorf("a new socket: %v", err)
	}
	if code := receive(t, closes); code != websocket.StatusGoingAway {
		t.Errorf("the target was closed with %d", code)
	}
	until(t, "there is room", func() bool { return r.Held() < 5<<20 })
	if code, body := get(t, r, "/j/"+greedy+"?a=0&ttl=0"); code != 200 || !strings.Contains(body, `"code":1013`) || len(body) > 1000 {
		t.Errorf("the greedy one reads %d %.300s", code, body)
	}
	if code, body := get(t, r, "/j/"+modest+"?a=0&ttl=0"); code != 200 || len(body) < 1<<20 {
		t.Errorf("the modest one reads %d %.300s", code, body)
	}
	if _, err := r.Open(t.Context(), bus.OpenRequest{Target: target + "x"}); err != nil {
		t.Errorf("a new socket, with room: %v", err)
	}
}

// Bodies that are arriving are counted, and their reading ends where there is no room.
func TestMemoryOfBodies(t *testing.T) {
	r := newRelay(t)
	server := httptest.NewServer(r)
	defer server.Close()
	closes := make(chan websocket.StatusCode, 10)
	reply, err := r.Open(t.Context(), bus.OpenRequest{Target: pourer(t, closes)})
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []struct{ query, media, head string }{
		{"t=b", "", ""}, {"", "application/x-www-form-urlencoded", "t=t&d="}, {"t=f", "", "\x82\x7f\x00\x00\x00\x00\x00\xa0\x00\x00"},
	} {
		body, more := io.Pipe()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/s/"+reply.Socket+"?"+form.query, body)
		req.Header.Set("Content-Type", form.media)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
				resp.Body.Close()
			}
		}()
		go func() { _, _ = io.WriteString(more, form.head+strings.Repeat("x", 3<<20)) }()
		until(t, "a body is counted", func() bool { return r.Held() > 3<<20 })
		more.CloseWithError(errors.New("cut"))
		<-answered
		until(t, "nothing is counted any more", func() bool { return r.Held() < 1<<10 })
	}
}

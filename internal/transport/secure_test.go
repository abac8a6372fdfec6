package transport_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

// overTLS serves one socket over TLS, and gives a client that speaks one version of
// HTTP. The socket lapses soon after the test has left it, when nobody asks for it.
func overTLS(t *testing.T, major int) (_ *httptest.Server, s *session.Session, ended chan struct{}, _ *http.Client) {
	config := session.Config{Grace: 50 * time.Millisecond}.WithDefaults()
	ended = make(chan struct{})
	s = session.New("id", &target{}, &config, func() { close(ended) })
	if !s.Enter() {
		t.Fatal("lapsed already")
	}
	h := transport.New(several{"id": s}, config.MessageLimit)
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.StartTLS()
	var versions http.Protocols
	versions.SetHTTP1(major == 1)
	versions.SetHTTP2(major == 2)
	client := &http.Transport{Protocols: &versions, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(server.Close)
	t.Cleanup(h.Close)
	t.Cleanup(client.CloseIdleConnections)
	t.Cleanup(s.Drop)
	return server, s, ended, &http.Client{Transport: client}
}

// A nobody reads, and takes nothing.
type nobody struct{}

func (nobody) Deliver(string, uint64, []wire.Frame) (int, session.Outcome) { return 0, session.Full }
func (nobody) Detached(string, uint64, session.Why)                        {}

// A stream that is superseded in the moment in which it has got a message has that,
// and a proper end: it is not stuck because its message is not with the kernel yet.
func TestSupersededWhileWriting(t *testing.T) {
	for _, major := range []int{1, 2} {
		for _, path := range []string{"/x/id", "/e/id", "/m?stream=1&s=id:0"} {
			server, s, _, client := overTLS(t, major)
			for n := uint64(1); n <= 20; n++ {
				resp, err := client.Get(server.URL + path)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				await(t, "it to be attached", s.Attached)
				say(s, "hello")
				sink := new(nobody)
				first, err := s.Attach(sink, session.Ack{})
				if err != nil {
					t.Fatal(err)
				}
				all, err := io.ReadAll(resp.Body)
				if err != nil || first > n && !strings.Contains(string(all), "hello") { // what it took is acknowledged
					t.Errorf("HTTP/%d %s: %q and then %v", major, path, all, err)
				}
				resp.Body.Close()
				s.Detach(sink)
			}
		}
	}
}

// One that is stuck is cut soon, over HTTP/2 too.
func TestStuckIsCut(t *testing.T) {
	server, s, ended, client := overTLS(t, 2)
	resp, err := client.Get(server.URL + "/x/id?a=0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	await(t, "it to be attached", s.Attached)
	large := strings.Repeat("x", 16<<20)
	say(s, large)
	await(t, "it to be written", func() bool { return s.Acknowledge(session.Ack{N: 1, Given: true}) == nil })
	if _, err := s.Attach(new(nobody), session.Ack{}); err != nil {
		t.Fatal(err)
	}
	s.Leave()
	select {
	case <-ended: // for the stream has left it too
	case <-time.After(patience):
		t.Error("it is still there")
	}
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n >= int64(len(large)) {
		t.Errorf("%d bytes, and then %v", n, err)
	}
}

// A waiting one is a ResponseWriter that cannot be parked, as HTTP/2's.
type waitingWriter struct {
	*httptest.ResponseRecorder
	deadlines chan time.Time
}

func (w *waitingWriter) SetWriteDeadline(t time.Time) error { w.deadlines <- t; return nil }

// Between two writes there is no deadline, which over HTTP/2 would end the stream: its
// heartbeats may be farther apart.
func TestNoDeadlineWhileQuiet(t *testing.T) {
	config := session.Config{}.WithDefaults()
	s := session.New("id", &target{}, &config, func() {})
	h := transport.New(several{"id": s}, config.MessageLimit)
	defer h.Close()
	w := &waitingWriter{httptest.NewRecorder(), make(chan time.Time, 100)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x/id?hb=60000", nil))
	}()
	for deadline := time.Now(); !deadline.IsZero(); {
		select {
		case deadline = <-w.deadlines:
		case <-time.After(time.Second):
			t.Fatalf("the deadline is still %v", deadline)
		}
	}
	s.Drop()
	<-served
}

// Over HTTP/2 the answer to a batch that is refused ends, also where its client sends
// no more when it sees the status, as Go's does.
func TestBatchRefusedOverHTTP2(t *testing.T) {
	server, _, _, client := overTLS(t, 2)
	in, out := io.Pipe()
	defer out.Close()
	go func() { _, _ = out.Write([]byte("\x81\x01a\x83\x00")) }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/s/id?t=f&n=1", in)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if all, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(all), "bad_request") {
		t.Errorf("%s and then %v", all, err)
	}
}

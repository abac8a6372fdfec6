package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// Behind nginx with the file for it everything works as without.
func TestNginx(t *testing.T) {
	t.Parallel()
	f := startFront(t, "nginx/polysocket.conf", nginx, false)
	f.by(t, "http", false)
	f.carries(t, "http")
	f.works(t)
}

// Behind Caddy too.
func TestCaddy(t *testing.T) {
	t.Parallel()
	startFront(t, "caddy/Caddyfile", caddy, false).works(t)
}

// A router and a relay share a host and its name, by their paths.
func TestOneHost(t *testing.T) {
	t.Parallel()
	f := startFront(t, "nginx/one-host.conf", nginx, true)
	f.by(t, "https", true)
	f.carries(t, "HTTP/2")
}

// carries has messages go both ways, by every carrier.
func (f *front) carries(t *testing.T, how string) {
	t.Helper()
	echo, _ := ws(t)
	traffic := f.begin(2, echo, talkative)
	traffic.goesOnFor(t, 2*time.Second)
	traffic.end()
	t.Logf("%s: %v", how, &f.tally)
}

func (f *front) works(t *testing.T) {
	f.by(t, "https", true)
	f.carries(t, "HTTP/2")
	f.by(t, "https", false)
	f.carries(t, "HTTP/1.1")
	echo, target := ws(t)
	url := echo(0).url

	// A poll may wait for as long as the protocol lets it.
	waiting := f.open(t, url)
	polled := make(chan string, 1)
	go func() { polled <- f.do(t, "GET", "/j/"+waiting+"?ttl=60000", nil) }()

	// A stream begins at once, and has each message as it comes.
	streamed := f.open(t, url)
	stream := f.start(t.Context(), t, "GET", "/x/"+streamed, nil)
	frames := bufio.NewReader(stream.Body)
	is(t, frames, "\x89\x04")
	if _, err := frames.Discard(4); err != nil {
		t.Fatal(err)
	}
	f.do(t, "POST", "/s/"+streamed+"?t=t", strings.NewReader("hello"))
	is(t, frames, "\x81\x05hello")
	// And so has a request whose body goes on.
	body, more := io.Pipe()
	ctx, hangUp := context.WithCancel(t.Context())
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		r := f.request(ctx, t, "POST", "/s/"+streamed+"?t=f", body)
		if response, err := f.http.Do(r); err == nil {
			response.Body.Close()
		}
	}()
	for _, text := range []string{"one", "two"} {
		if _, err := io.WriteString(more, "\x81\x03"+text); err != nil {
			t.Fatal(err)
		}
		is(t, frames, "\x81\x03"+text)
	}
	hangUp()
	more.Close()
	<-sending
	// What is large is not too large for it.
	large := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	f.do(t, "POST", "/s/"+streamed+"?t=b", bytes.NewReader(large))
	is(t, frames, "\x82\x7f\x00\x00\x00\x00\x00\xa0\x00\x00"+string(large))

	// When a reader hangs up the relay hears of it: the socket ends when its grace period has gone by.
	stream.Body.Close()
	f.http.CloseIdleConnections()
	process.Until(t, "the target is told", func() bool { return strings.Contains(target.Output(), "closed 1001") })

	// One router is enough.
	f.routers[0].killed.Store(true)
	f.routers[0].Kill()
	for range 10 {
		f.open(t, url)
	}
	// And what it says is what clients get, also when it has no relay.
	f.redis.Stop()
	if a, err := f.routers[0].create(t.Context(), url); err != nil || a.status != http.StatusServiceUnavailable || a.Code != "no_relay" {
		t.Errorf("without Redis a create is answered %d %s (%v)", a.status, a.Code, err)
	}
	process.Until(t, "the other router is not ready", func() bool { return f.routers[1].health("/readyz") == http.StatusServiceUnavailable })
	for range 5 {
		if a, err := f.routers[0].create(t.Context(), url); err != nil || a.Code != "no_relay" {
			t.Errorf("when no router is ready a create is answered %d %s (%v)", a.status, a.Code, err)
		}
	}
	select {
	case got := <-polled:
		if !strings.Contains(got, `"messages":[{"type":"heartbeat"}]`) {
			t.Errorf("a poll that has waited for a minute got %s", got)
		}
	case <-time.After(process.Patience + 10*time.Second):
		t.Error("a poll that was to wait for a minute has no answer")
	}
}

// open opens a socket through the front, and returns what its paths have in place of an id: the host goes with it.
func (f *front) open(t *testing.T, target string) (socket string) {
	t.Helper()
	a, err := f.routers[0].create(t.Context(), target)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("create: %d %s (%v)", a.status, a.Error, err)
	}
	if relay := f.relayOf(a.Polysocketd); relay == nil || a.Polysocketd == relay.host && f.scheme == "http" {
		t.Fatalf("polysocketd is %q", a.Polysocketd)
	}
	f.hosts.Store(a.Socket, a.Polysocketd)
	return a.Socket
}

// request is one to the relay that has the socket of the path.
func (f *front) request(ctx context.Context, t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	id, _, _ := strings.Cut(path[len("/x/"):], "?")
	host, _ := f.hosts.Load(id)
	r, err := http.NewRequestWithContext(ctx, method, f.scheme+"://"+host.(string)+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start sends a request, and returns when its answer has begun.
func (f *front) start(ctx context.Context, t *testing.T, method, path string, body io.Reader) *http.Response {
	t.Helper()
	response, err := f.http.Do(f.request(ctx, t, method, path, body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// do sends a request, and returns its answer, which must be ok.
func (f *front) do(t *testing.T, method, path string, body io.Reader) string {
	response, err := f.http.Do(f.request(t.Context(), t, method, path, body))
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return ""
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	var a answer
	if err != nil || json.Unmarshal(read, &a) != nil || !a.OK {
		t.Errorf("%s %s: %s %.200s (%v)", method, path, response.Status, read, err)
	}
	return string(read)
}

// is reads what must come.
func is(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("got %.40q, want %.40q (%v)", got, want, err)
	}
}

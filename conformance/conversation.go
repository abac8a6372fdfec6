package conformance

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

// patience is how long an answer that must come is waited for.
const patience = 20 * time.Second

// caller is the suite's own `from`.
const caller = "conformance-v1"

// T is one test and its server.
type T struct {
	*testing.T
	srv  Server
	base *url.URL
	rt   http.RoundTripper
	slow bool // its connections have small buffers for what it reads
}

func newT(t *testing.T, s Server) *T {
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatalf("the server's URL: %v", err)
	}
	c := &T{T: t, srv: s, base: base}
	if s.HTTP == "1.0" {
		c.rt = http10{c.dial}
		return c
	}
	tr := &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 16,
		TLSClientConfig:     &tls.Config{RootCAs: s.CA},
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return c.dial(ctx, addr)
		},
	}
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetHTTP1(s.HTTP == "1.1")
	tr.Protocols.SetHTTP2(s.HTTP == "2")
	tr.Protocols.SetUnencryptedHTTP2(s.HTTP == "h2c")
	c.rt = tr
	t.Cleanup(tr.CloseIdleConnections)
	return c
}

// over is the same server spoken to in another version of HTTP, or under another configuration of the suite.
func (t *T) over(change func(*Server)) *T {
	s := t.srv
	change(&s)
	return newT(t.T, s)
}

func (t *T) dial(ctx context.Context, addr string) (net.Conn, error) {
	if t.srv.Addr != "" {
		addr = t.srv.Addr
	}
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err == nil && t.slow {
		nc.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	return nc, err
}

// narrow is the same client on connections of its own, which take little of what is not read.
func (t *T) narrow() *T {
	c := newT(t.T, t.srv)
	c.slow = true
	return c
}

// sub runs a part of the test under a name of its own.
func (t *T) sub(name string, f func(*T)) {
	t.T.Helper()
	t.Run(name, func(tt *testing.T) {
		c := *t
		c.T = tt
		f(&c)
	})
}

// target starts a far end.
func (t *T) target(o target.Options) *target.Target {
	t.Helper()
	return target.New(t.T, o)
}

// create asks for a socket to the target; more parameters, as "protocols=a,b", may follow.
func (t *T) create(target string, more ...string) *ask {
	return t.get("/create", append([]string{"from=" + caller, "target=" + target}, more...)...)
}

// open creates a socket to the target.
func (t *T) open(target string, more ...string) *socket {
	t.Helper()
	return t.create(target, more...).do().socket()
}

// pair opens a socket to a fresh target and returns both ends.
func (t *T) pair(o target.Options) (*socket, *target.Conn) {
	t.Helper()
	tg := t.target(o)
	s := t.open(tg.URL)
	return s, tg.Accept()
}

// socket is a client's end.
type socket struct {
	t    *T
	id   string
	host string // polysocketd
	seen int64  // what expect has read
}

func (s *socket) path(endpoint string) string { return "/" + endpoint + "/" + s.id }

// form is a POST to /s with its parameters in a form.
func (s *socket) form(kv ...string) *ask {
	return s.t.post(s.path("s")).to(s.host).form(kv...)
}

// raw is a POST to /s with its parameters in the query and a body of its own.
func (s *socket) raw(body string, kv ...string) *ask {
	return s.t.post(s.path("s"), kv...).to(s.host).as("application/octet-stream", body)
}

// jsonp is a GET of /s by a script element.
func (s *socket) jsonp(kv ...string) *ask {
	return s.t.get(s.path("s"), append([]string{"cb=cb"}, kv...)...).to(s.host)
}

// poll is a read.
func (s *socket) poll(kv ...string) *ask {
	return s.t.get(s.path("j"), kv...).to(s.host)
}

// gone fails the test unless the server knows no such socket any more.
func (s *socket) gone() {
	s.t.Helper()
	s.poll("ttl=0").do().fails(403, "no_socket")
	s.form("t=t", "d=late").do().fails(403, "no_socket")
}

// eventually polls for a condition with a deadline.
func (t *T) eventually(what string, f func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !f() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// pass lets time pass in which nothing is asked; for rules about idleness alone.
func (t *T) pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// encode writes "k=v" pairs as a form; one without "=" stays bare.
func encode(kv []string) string {
	parts := make([]string, len(kv))
	for i, p := range kv {
		k, v, ok := strings.Cut(p, "=")
		if parts[i] = url.QueryEscape(k); ok {
			parts[i] += "=" + url.QueryEscape(v)
		}
	}
	return strings.Join(parts, "&")
}

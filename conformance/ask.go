package conformance

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ask is a request under construction. Its methods change it and return it.
type ask struct {
	t      *T
	method string
	path   string
	query  string
	header http.Header
	host   string // the Host, and the host of the URL; "" is the base URL's
	body   []byte
	pipe   io.Reader // a body that comes as the test goes, instead
	length int64     // of what comes by the pipe
	lying  string    // a Host that differs from the URL's
}

func (t *T) get(path string, kv ...string) *ask { return t.request("GET", path, kv...) }

func (t *T) post(path string, kv ...string) *ask { return t.request("POST", path, kv...) }

func (t *T) request(method, path string, kv ...string) *ask {
	return &ask{t: t, method: method, path: path, query: encode(kv), header: http.Header{}}
}

// with adds a header line.
func (a *ask) with(name, value string) *ask {
	a.header.Add(name, value)
	return a
}

// from makes the caller a page of the origin; "" changes nothing.
func (a *ask) from(origin string) *ask {
	if origin != "" {
		a.header.Set("Origin", origin)
	}
	return a
}

// form puts parameters in a form.
func (a *ask) form(kv ...string) *ask {
	return a.as("application/x-www-form-urlencoded", encode(kv))
}

// as gives the request a body; ctype "" is none.
func (a *ask) as(ctype, body string) *ask {
	a.body = []byte(body)
	if a.header.Del("Content-Type"); ctype != "" {
		a.header.Set("Content-Type", ctype)
	}
	return a
}

// bare is a query as it stands.
func (a *ask) bare(query string) *ask {
	a.query = query
	return a
}

// to asks another host than the base URL's.
func (a *ask) to(host string) *ask {
	a.host = host
	return a
}

// claiming sends a Host header that is not the host's asked.
func (a *ask) claiming(host string) *ask {
	a.lying = host
	return a
}

// String is the request as a failure shows it.
func (a *ask) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", a.method, a.path)
	if a.query != "" {
		b.WriteString("?" + clip(a.query))
	}
	fmt.Fprintf(&b, " HTTP/%s", a.t.srv.HTTP)
	if h := cmp.Or(a.lying, a.host); h != "" {
		fmt.Fprintf(&b, " Host: %s", h)
	}
	for k, v := range a.header {
		fmt.Fprintf(&b, " %s: %s", k, strings.Join(v, ", "))
	}
	if a.body != nil {
		fmt.Fprintf(&b, " body(%d) %q", len(a.body), clip(string(a.body)))
	}
	return b.String()
}

func (a *ask) build(ctx context.Context) (*http.Request, error) {
	u := *a.t.base
	if a.host != "" {
		u.Host = a.host
	}
	u.Path, u.RawQuery = a.path, a.query
	if strings.HasPrefix(a.path, "//") {
		u.Opaque = "//" + u.Host + a.path // else the path would be taken for a host
	}
	body := a.pipe
	if body == nil && (a.body != nil || a.method == "POST") {
		body = bytes.NewReader(a.body)
	}
	req, err := http.NewRequestWithContext(ctx, a.method, "http://x/", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host = &u, u.Host
	req.Header = a.header.Clone()
	if a.pipe != nil {
		if req.ContentLength = -1; a.t.srv.HTTP == "1.0" { // which has no other way to say where a body ends
			req.ContentLength = a.length
		}
	}
	if a.lying != "" {
		req.Host = a.lying
	}
	return req, nil
}

// do asks and waits for the answer.
func (a *ask) do() *answer {
	a.t.Helper()
	return a.start().wait()
}

// start asks and does not wait.
func (a *ask) start() *pending {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &pending{t: a.t, ask: a, came: make(chan *answer, 1), cancel: cancel, gone: make(chan struct{})}
	req, err := a.build(ctx)
	if err != nil {
		a.t.Fatalf("%v: %v", a, err)
	}
	began := time.Now()
	go func() {
		defer close(p.gone)
		ans := &answer{t: a.t, ask: a}
		resp, err := a.t.rt.RoundTrip(req)
		if err == nil {
			ans.status, ans.header, ans.proto = resp.StatusCode, resp.Header, resp
			ans.raw, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		ans.err, ans.took = err, time.Since(began)
		p.came <- ans
	}()
	a.t.Cleanup(p.cut)
	return p
}

// pending is a request on its way.
type pending struct {
	t      *T
	ask    *ask
	came   chan *answer // has room for one
	cancel context.CancelFunc
	gone   chan struct{} // closed: the connection is let go
	done   *answer
}

// wait returns the answer and fails the test where none comes.
func (p *pending) wait() *answer {
	p.t.Helper()
	return p.waitFor(patience)
}

func (p *pending) waitFor(d time.Duration) *answer {
	p.t.Helper()
	a := p.within(d)
	if a == nil {
		p.t.Fatalf("%v\n  no answer within %v", p.ask, d)
	}
	return a
}

// within returns the answer, nil where none comes.
func (p *pending) within(d time.Duration) *answer {
	p.t.Helper()
	if p.done != nil {
		return p.done
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case a := <-p.came:
		p.done = a
		a.check()
		return a
	case <-timer.C:
		return nil
	}
}

// withheld fails the test where the answer comes within d.
func (p *pending) withheld(d time.Duration) *pending {
	p.t.Helper()
	if a := p.within(d); a != nil {
		p.t.Fatalf("%v\n  want: withheld", a)
	}
	return p
}

// held fails the test where the answer comes at once, and gives the request the time to arrive, so that a later one finds
// it there: on a machine that is slow, other requests to the server are slow as well, where they too have a connection to
// open.
func (p *pending) held() *pending {
	p.t.Helper()
	p.withheld(250 * time.Millisecond)
	other := p.t
	if !p.t.srv.http2() {
		other = newT(p.t.T, p.t.srv)
	}
	other.get("/relay", "host=x").do().is(200)
	return p.withheld(0)
}

// cut breaks the request off: its connection (in HTTP/2 its stream) is closed.
func (p *pending) cut() {
	p.cancel()
	<-p.gone
}

func clip(s string) string {
	if len(s) <= 300 {
		return s
	}
	return s[:200] + "…" + s[len(s)-60:]
}

// query writes a value for a bare query.
func query(v string) string { return url.QueryEscape(v) }

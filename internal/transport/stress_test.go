package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

// Clients over every version of HTTP poll, stream, read many, pipeline, supersede
// themselves and hang up at random. Whatever they do, each message arrives once and in
// its place, both ways, and when all are gone every socket lapses: no request is
// counted twice, or for ever.
func TestStress(t *testing.T) {
	const clients, rounds = 8, 25
	config := session.Config{Grace: 50 * time.Millisecond}.WithDefaults()
	sockets := several{}
	h := transport.New(sockets, config.MessageLimit)
	plain, secure := httptest.NewServer(h), httptest.NewUnstartedServer(h)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer plain.Close()
	defer secure.Close()
	defer h.Close()

	var all []*client
	for i := range clients {
		c := &client{T: t, random: rand.New(rand.NewPCG(1, uint64(i))), plain: plain.Listener.Addr().String(), base: plain.URL}
		var versions http.Protocols
		versions.SetHTTP1(i%3 < 2)
		versions.SetHTTP2(i%3 == 2)
		if i%3 > 0 {
			c.base = secure.URL
		}
		c.http.Transport = &http.Transport{Protocols: &versions, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		for j := range c.ends {
			e := &c.ends[j]
			e.T, e.id, e.target, e.over = t, fmt.Sprint("client", i, "socket", j), &target{}, make(chan struct{})
			e.session = session.New(e.id, e.target, &config, func() { close(e.over) })
			e.session.Enter() // until the test is done with it
			sockets[e.id] = e.session
		}
		all = append(all, c)
	}
	var running sync.WaitGroup
	for _, c := range all {
		running.Go(func() {
			for range rounds {
				c.act()
			}
			c.finish()
		})
	}
	running.Wait()
	for _, c := range all {
		for i := range c.ends {
			e := &c.ends[i]
			e.session.Leave()
			select {
			case <-e.over:
			case <-time.After(patience):
				t.Errorf("%s does not lapse", e.id)
			}
			var want []string
			for n := range e.up {
				want = append(want, fmt.Sprint("t ", n+1))
			}
			if want = append(want, "close 1001 "); !slices.Equal(e.target.got, want) {
				t.Errorf("%s: the target has got %q", e.id, e.target.got)
			}
		}
	}
}

// An end is both ends of a socket of a client.
type end struct {
	*testing.T
	id      string
	session *session.Session
	target  *target
	over    chan struct{}
	up      int // messages sent up

	mu   sync.Mutex
	down int // messages that the target has said
	seen int // and the client has got, in order
}

// push has the target say some messages that tell their number.
func (e *end) push(n, size int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range n {
		e.down++
		e.session.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte(fmt.Sprint(e.down, " ", strings.Repeat("x", size)))})
	}
}

// got takes a message, which may be one that it has.
func (e *end) got(data string) {
	var n int
	if _, err := fmt.Sscan(data, &n); err != nil {
		e.Errorf("%s: %.20q: %v", e.id, data, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if n > e.seen+1 {
		e.Errorf("%s: %d follows %d", e.id, n, e.seen)
	}
	e.seen = max(e.seen, n)
}

func (e *end) frame(f wire.Frame) { e.got(string(f.Data)) }

func (e *end) ack() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen
}

// A client does as it likes, one thing after the other, but for reads that it leaves
// behind.
type client struct {
	*testing.T
	random *rand.Rand
	http   http.Client
	base   string
	plain  string // the address without TLS
	ends   [2]end
	behind sync.WaitGroup
}

func (c *client) act() {
	e := &c.ends[c.random.IntN(len(c.ends))]
	n, size := c.random.IntN(4), []int{0, 10, 5_000, 100_000}[c.random.IntN(4)]
	if c.random.IntN(2) == 0 {
		e.push(n, size)
	} else {
		c.behind.Go(func() { e.push(n, size) })
	}
	hangup := time.Duration(c.random.IntN(200)) * time.Millisecond
	switch c.random.IntN(7) {
	case 0:
		c.send(e)
	case 1:
		c.pipeline()
	case 2: // left behind, and superseded by what comes next
		path := c.path(e)
		c.behind.Go(func() { c.read(e, path, 2*time.Second, false) })
	case 3:
		c.read(e, fmt.Sprintf("/j/%s?a=%d&ttl=%d", e.id, e.ack(), c.random.IntN(300)), patience, true)
	default:
		c.read(e, c.path(e), hangup, false)
	}
}

// path is one of the ways to read.
func (c *client) path(e *end) string {
	return []string{
		fmt.Sprintf("/j/%s?a=%d", e.id, e.ack()),
		fmt.Sprintf("/x/%s?a=%d", e.id, e.ack()),
		fmt.Sprintf("/e/%s?a=%d&max=1", e.id, e.ack()),
		"/m?" + c.both(),
		"/m?stream=1&" + c.both(),
		"/m?stream=1&max=1&" + c.both(),
	}[c.random.IntN(6)]
}

func (c *client) both() string {
	return fmt.Sprintf("s=%s:%d,%s:%d", c.ends[0].id, c.ends[0].ack(), c.ends[1].id, c.ends[1].ack())
}

// read reads, and hangs up after a while; whole says that it is to end before.
func (c *client) read(e *end, path string, hangup time.Duration, whole bool) {
	ctx, cancel := context.WithTimeout(c.Context(), hangup)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		c.Error(err)
		return
	}
	resp, err := c.http.Do(req)
	if err == nil {
		defer resp.Body.Close()
		err = c.parse(e, path, resp)
	}
	if whole && err != nil {
		c.Errorf("%s: %v", path, err)
	}
}

func (c *client) parse(e *end, path string, resp *http.Response) (err error) {
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		c.Errorf("%s: %s %s", path, resp.Status, body)
	}
	switch {
	case path[1] == 'j':
		_, err = parsePoll(resp.Body, e.frame, "", "")
	case path[1] == 'x':
		_, err = parseFrames(resp.Header, resp.Body, e.frame)
	case path[1] == 'e':
		_, err = parseEvents(resp.Header, resp.Body, e.frame)
	case strings.Contains(path, "stream"):
		for in := json.NewDecoder(resp.Body); ; {
			var o object
			if err = in.Decode(&o); err != nil {
				return err
			}
			c.object(o)
		}
	default:
		var answer struct{ Sockets []object }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		for _, o := range answer.Sockets {
			c.object(o)
		}
	}
	return err
}

func (c *client) object(o object) {
	for i := range c.ends {
		if e := &c.ends[i]; e.id == o.Socket {
			for _, m := range o.Messages {
				e.got(m.Data)
			}
			return
		}
	}
	c.Errorf("an object of %q", o.Socket)
}

// send sends a message up, after having been cut off in doing so, maybe.
func (c *client) send(e *end) {
	e.up++
	for try := range 3 {
		ctx, cancel := context.WithTimeout(c.Context(), patience)
		if try < 2 {
			ctx, cancel = context.WithTimeout(c.Context(), time.Duration(c.random.IntN(2000))*time.Microsecond)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/s/%s?t=t&n=%d&a=%d", c.base, e.id, e.up, e.ack()), strings.NewReader(fmt.Sprint(e.up)))
		if err != nil {
			c.Error(err)
		}
		resp, err := c.http.Do(req)
		if err == nil {
			if resp.StatusCode != http.StatusCreated {
				c.Errorf("a send is answered %s", resp.Status)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		} else if try == 2 {
			c.Error(err)
		}
		cancel()
	}
}

// pipeline sends three requests at once, whose answers come one after the other.
func (c *client) pipeline() {
	conn, err := net.Dial("tcp", c.plain)
	if err == nil {
		defer conn.Close()
		err = conn.SetDeadline(time.Now().Add(patience))
	}
	if err != nil {
		c.Error(err)
		return
	}
	e, form := &c.ends[0], c.both()+"&ttl=150"
	fmt.Fprintf(conn, "GET /j/%s?a=%d&ttl=150 HTTP/1.1\r\nHost: x\r\n\r\n", e.id, e.ack())
	fmt.Fprintf(conn, "POST /m HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
	fmt.Fprintf(conn, "GET /j/%s?a=%d&ttl=0 HTTP/1.1\r\nHost: x\r\n\r\n", e.id, e.ack())
	in := bufio.NewReader(conn)
	for _, path := range []string{"/j", "/m", "/j"} {
		resp, err := http.ReadResponse(in, nil)
		if err == nil {
			err = c.parse(e, path, resp)
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		if err != nil {
			c.Errorf("%s in a pipeline: %v", path, err)
			return
		}
	}
}

// finish reads what is left, and goes.
func (c *client) finish() {
	c.behind.Wait()
	for i := range c.ends {
		e := &c.ends[i]
		for deadline := time.Now().Add(patience); e.seen < e.down; {
			c.read(e, fmt.Sprintf("/j/%s?a=%d", e.id, e.ack()), patience, true)
			if time.Now().After(deadline) {
				c.Errorf("%s: %d of %d messages have come", e.id, e.seen, e.down)
				break
			}
		}
		c.read(e, fmt.Sprintf("/x/%s?a=%d", e.id, e.ack()), 10*time.Millisecond, false)
	}
	c.http.CloseIdleConnections()
}

package transporttest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

// Origin is the one that the suite's socket is bound to.
const Origin = "https://page.example"

// none stands for a read without an acknowledgement.
const none = -1

// A peer is both ends of one socket: the target's, which pushes to the session,
// and the client's, which reads by the carrier.
type peer struct {
	t       *testing.T
	carrier Carrier
	session *session.Session
	client  *http.Client
	base    string
	id      string
	http10  bool
}

func newPeer(t *testing.T, c Carrier, dial dialer) *peer {
	p := &peer{t: t, carrier: c, id: "the-socket"}
	config := session.Config{}.WithDefaults()
	p.session = session.New(p.id, upstream{}, &config, func() {})
	h := transport.New(oneSocket{p.session, p.id}, config.MessageLimit)
	p.base, p.client, p.http10 = dial(t, h)
	t.Cleanup(h.Close)
	t.Cleanup(p.session.Drop)
	return p
}

// upstream is a target that takes everything.
type upstream struct{}

func (upstream) Send(wire.Kind, []byte, bool) (bool, error) { return false, nil }
func (upstream) Close(wire.CloseCode, []byte) (bool, error) { return false, nil }
func (upstream) Pause()                                     {}
func (upstream) Resume()                                    {}

// push sends from the target.
func (p *peer) push(frames ...wire.Frame) {
	for _, f := range frames {
		p.session.OnMessage(f)
	}
}

// close closes from the target.
func (p *peer) close(code wire.CloseCode, reason string) { p.session.OnClosed(code, []byte(reason)) }

// oneSocket is a table of one socket.
type oneSocket struct {
	session *session.Session
	id      string
}

func (o oneSocket) Enter(id, _ string) (*session.Session, string, bool) {
	if id != o.id {
		return nil, "", false
	}
	return o.session, Origin, o.session.Enter()
}

func (o oneSocket) Bound(string) string { return Origin }

// attached waits until a read is attached: it then shows in the session.
func (p *peer) attached() { p.await("a read attached", func() bool { return p.session.Attached() }) }

// detached waits until none is.
func (p *peer) detached() { p.await("no read attached", func() bool { return !p.session.Attached() }) }

func (p *peer) await(what string, is func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A response is what a read brought.
type response struct {
	status  int
	header  http.Header
	chunked bool
	seq     uint64
	frames  []wire.Frame
	problem string // the body, where the status is not 200
	err     error
}

// A read is one request that reads, under way.
type read struct {
	p      *peer
	cut    context.CancelFunc
	frames chan wire.Frame
	end    chan response
}

// begin begins to read, with an acknowledgement or none.
func (p *peer) begin(ack int) *read {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	r := &read{p: p, cut: cancel, frames: make(chan wire.Frame, 1000), end: make(chan response, 1)}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+p.carrier.Path(p.id, ack), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Origin", Origin)
	go func() {
		got := response{}
		defer func() { close(r.frames); r.end <- got }()
		resp, err := p.client.Do(req)
		if err != nil {
			got.err = err
			return
		}
		defer resp.Body.Close()
		got.status, got.header, got.chunked = resp.StatusCode, resp.Header, len(resp.TransferEncoding) > 0
		if got.status != http.StatusOK {
			body, err := io.ReadAll(resp.Body)
			got.problem, got.err = string(body), err
			return
		}
		got.seq, got.err = p.carrier.Parse(resp.Header, resp.Body, func(f wire.Frame) { r.frames <- f })
	}()
	return r
}

// all waits for the end of the response.
func (r *read) all() response { return r.first(1 << 30) }

// first waits for n messages, or the end of the response, and ends the read.
func (r *read) first(n int) response {
	r.p.t.Helper()
	var frames []wire.Frame
	deadline := time.After(patience)
	for len(frames) < n {
		select {
		case f, ok := <-r.frames:
			if !ok {
				n = 0
				continue
			}
			frames = append(frames, f)
		case <-deadline:
			r.p.t.Fatalf("a read brought %d messages and did not go on", len(frames))
		}
	}
	if r.p.carrier.Endless && n > 0 {
		r.cut()
	}
	got := <-r.end
	r.cut()
	got.frames = frames
	return got
}

// readUntil reads n messages, acknowledging nothing but ack, in one read: all of
// them wait.
func (p *peer) readUntil(ack, n int) response {
	p.t.Helper()
	got := p.begin(ack).first(n)
	if p.carrier.Endless { // else what comes next may still be sent to it
		p.detached()
	}
	return got
}

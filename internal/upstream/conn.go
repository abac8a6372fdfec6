package upstream

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/outbox"
	"github.com/polysocket/polysocket/internal/wire"
)

// A Handler is what a Conn pushes to. OnMessage and OnClosed come one at a
// time; OnWritable may come beside an OnMessage. None is ever called from
// inside a method of the Conn, so the handler may hold a lock of its own while
// it calls those, and take the same lock here.
type Handler interface {
	// OnMessage brings one whole message, Text (valid UTF-8) or Binary. The
	// data is the handler's to keep.
	OnMessage(f wire.Frame)
	// OnWritable says, after Send or Close said full, that everything sent so
	// far is with the kernel. A handler that sends while full may hear it for
	// the earlier send alone.
	OnWritable()
	// OnClosed comes exactly once, and nothing comes after it. The code is the
	// target's, CloseNoStatus where it gave none, CloseTooBig for a message over
	// the limit, and CloseAbnormal for every other end. With CloseAbnormal the
	// reason is ours: what the target did wrong, and nothing where the connection
	// broke.
	OnClosed(code wire.CloseCode, reason []byte)
}

// A Conn is an open WebSocket to a target, as seen from a client. Started, it
// owns one goroutine, which reads; one that writes is borrowed while the kernel
// does not take everything at once.
//
//	open ──Close──▶ closing ──the target's Close──▶ lingering ──TCP ends──▶ gone
//	 └───────────── the target's Close, or a failure ────▲                    ▲
//	 any of them ──Abort, a clock, TCP ends───────────────────────────────────┘
//
// OnClosed comes on entering lingering, or gone where that was skipped.
//
// All methods are safe for concurrent use, and none blocks.
type Conn struct {
	out          *outbox.Outbox
	stream       net.Conn // what carries frames: out, or TLS on top of it
	protocol     string
	closeTimeout time.Duration

	account *budget.Account

	machine machine // the reading goroutine's alone
	charged int     // bytes of its message that the account was told of
	control pace    // of control frames
	early   []byte  // what came behind the handshake; the same goroutine's

	mu      sync.Mutex
	changed sync.Cond // of mu: paused or aborted is another
	handler Handler   // nil before Start
	paused  bool
	aborted bool
	closed  bool        // our Close frame is sent, or at least in out
	wanted  bool        // an OnWritable is owed
	sending wire.Kind   // of the message that Send has begun; 0: none
	owed    bool        // a pong is, with the payload pong
	pong    []byte      // RFC 6455 §5.5.3 lets us answer only the newest ping
	clock   *time.Timer // aborts; nil where nothing is waited for
	reply   *reply      // what the clock waits for, if it is the target's Close

	calls sync.Mutex // held during OnWritable and OnClosed, and by no method
	ended bool       // OnClosed has begun; guarded by calls
}

func newConn(out *outbox.Outbox, stream net.Conn, a agreed, closeTimeout time.Duration, limit int) *Conn {
	c := &Conn{
		out:          out,
		stream:       stream,
		protocol:     strings.Clone(a.protocol),
		closeTimeout: closeTimeout,
		machine:      machine{limit: limit, deflate: a.deflate},
		early:        a.early,
	}
	c.changed.L = &c.mu
	out.WhenSettled(c.settle)
	return c
}

// Protocol is the subprotocol that the target chose, or empty.
func (c *Conn) Protocol() string { return c.protocol }

// Charge has what the Conn keeps counted by the account: what the target does not take,
// and a message that is not whole. It is called before Start.
func (c *Conn) Charge(a *budget.Account) {
	c.account = a
	c.machine.account = a
	c.out.Charge(a)
}

// Start begins to read. It is called once.
func (c *Conn) Start(h Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handler != nil {
		panic("upstream: a Conn is started twice")
	}
	c.handler = h
	go c.run()
}

// Pause stops reading from the target, so that TCP slows it down. Pings and
// closes wait as well. The one message that is under way may still come.
func (c *Conn) Pause() { c.setPaused(true) }

// Resume goes on after Pause.
func (c *Conn) Resume() { c.setPaused(false) }

func (c *Conn) setPaused(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changePause(paused)
	c.changed.Broadcast()
}

// awake waits while paused. It is false once aborted.
func (c *Conn) awake() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.paused && !c.aborted {
		c.changed.Wait()
	}
	return !c.aborted
}

// Stuck tells whether the target has not taken all that was sent.
func (c *Conn) Stuck() bool { return c.out.Busy() }

// Abort drops the connection at once, without a handshake, also one that was
// never started. A started Conn's OnClosed comes soon after. Aborting twice
// does nothing.
func (c *Conn) Abort() {
	c.mu.Lock()
	c.aborted = true
	c.stopClock()
	c.changed.Broadcast()
	c.mu.Unlock()
	c.out.Close() // which no goroutine keeps waiting
}

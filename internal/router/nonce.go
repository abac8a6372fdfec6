package router

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// nonceKept is how long a create's answer is kept for the same create again.
const nonceKept = 30 * time.Second

// A nonceKey says which creates are the same again. It is small, whatever they hold: it
// is kept for a while.
type nonceKey struct {
	nonce string
	rest  [sha256.Size]byte // origin, token, target and protocols
}

// A socket is what a create opened.
type socket struct {
	node, host, id, protocol string
	label                    string // to stand before host; empty where the relay has no wildcard name
}

// nonces joins creates that are the same: however many ask, one socket is
// opened, and its answer kept for a while.
type nonces struct {
	mu    sync.Mutex
	opens map[nonceKey]*opening
}

// An opening is one socket that is to be opened, is being opened, or was.
type opening struct {
	ctx    context.Context // ends when the last who waits has left
	cancel context.CancelFunc

	counted  sync.Once
	tooOften error // of counted

	redeemed sync.Once
	ticket   *ticket // of redeemed, as notTaken
	notTaken error

	begun   sync.Once
	used    bool          // it was begun; set by one that waits
	done    chan struct{} // closed when socket and err are set
	socket  socket
	err     error
	waiting int  // creates that wait for it or are about to answer
	told    bool // one has answered with it
}

// join finds the opening of a create that is the same, or makes one. Each join is
// followed by one leave.
func (n *nonces) join(key nonceKey) *opening {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.opens[key]
	if o == nil || key.nonce == "" {
		o = &opening{done: make(chan struct{})}
		o.ctx, o.cancel = context.WithCancel(context.Background())
		if key.nonce != "" {
			n.opens[key] = o
		}
	}
	o.waiting++
	return o
}

// count counts the creates of an opening as one, and says whether there were too
// many of others.
func (o *opening) count(count func(context.Context) error) error {
	o.counted.Do(func() { o.tooOften = count(o.ctx) })
	return o.tooOften
}

// redeem takes the ticket that the creates of an opening show, once for all of them.
func (o *opening) redeem(take func(context.Context) (*ticket, error)) (*ticket, error) {
	o.redeemed.Do(func() { o.ticket, o.notTaken = take(o.ctx) })
	return o.ticket, o.notTaken
}

// begin has open run for all that wait, unless it was begun already. It ends when
// open does, which ends when the last who waits has left.
func (n *nonces) begin(key nonceKey, o *opening, open func(context.Context) (socket, error), drop func(socket)) {
	o.begun.Do(func() {
		o.used = true
		go func() {
			defer o.cancel()
			s, err := open(o.ctx)
			if n.opened(key, o, s, err) {
				drop(s)
			}
		}()
	})
}

// opened notes how an opening came out, and tells whether its socket is to be
// dropped, since nobody waits for it.
func (n *nonces) opened(key nonceKey, o *opening, s socket, err error) (abandoned bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o.socket, o.err = s, err
	close(o.done)
	if err != nil || o.waiting == 0 {
		n.forget(key, o)
		return err == nil
	}
	if key.nonce != "" {
		time.AfterFunc(nonceKept, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.forget(key, o)
		})
	}
	return false
}

// leave ends a join. told says that the create was answered; where none was, what
// was opened is dropped. It is unused where it was the last, and none has begun.
func (n *nonces) leave(key nonceKey, o *opening, told bool, drop func(socket)) (unused bool) {
	abandoned, unused := n.left(key, o, told)
	if abandoned {
		drop(o.socket)
	}
	return unused
}

// left counts a create out, and tells whether the socket is to be dropped, or nobody has
// begun to open one.
func (n *nonces) left(key nonceKey, o *opening, told bool) (abandoned, unused bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o.waiting--
	o.told = o.told || told
	if o.waiting > 0 || o.told {
		return false, false
	}
	n.forget(key, o)
	o.cancel()
	select {
	case <-o.done:
		return o.err == nil, false
	default:
		return false, !o.used // where it was begun, it drops what it opens
	}
}

func (n *nonces) forget(key nonceKey, o *opening) {
	if n.opens[key] == o {
		delete(n.opens, key)
	}
}

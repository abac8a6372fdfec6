package redisbus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

var (
	errNotYet = errors.New("redis has not been reached yet")
	errClosed = errors.New("the bus is closed")
)

// choose sets what the URL does not say. Each is chosen for a bus: what cannot be
// said within a second is better not said.
func choose(o rueidis.ClientOption) rueidis.ClientOption {
	// A command is sent once, or its sender is told: whether it may be sent again is
	// a matter of what it says.
	o.DisableRetry = true
	// Nothing is cached, so nothing need be invalidated.
	o.DisableCache = true
	// Connecting, with TLS and HELLO, to a server that is paused: its kernel
	// accepts, and nothing comes.
	o.Dialer.Timeout = within
	// Also how often an idle connection is asked for a sign of life.
	o.Dialer.KeepAlive = time.Second
	// How long that sign may take, and an answer where the sender set no bound.
	o.ConnWriteTimeout = within
	// Messages and claims need the order of one connection, and limits no more than
	// one.
	o.PipelineMultiplex = -1
	// A list of a thousand relays fits in; the default is half a megabyte each way.
	o.ReadBufferEachConn, o.WriteBufferEachConn = 64<<10, 64<<10
	// Redis below 7.2 does not know the command.
	o.ClientSetInfo = rueidis.DisableClientSetInfo
	if o.ClientName == "" {
		o.ClientName = "polysocket"
	}
	// Where one address is given, it is one server: no guess, which would need a
	// command that some have forbidden.
	o.ForceSingleClient = !isCluster(o) && o.Sentinel.MasterSet == ""
	// The processes of a cluster do not all lean on the first address.
	o.ShuffleInit = true
	// Slots that move send a command on once or twice; more is a cluster at odds
	// with itself.
	o.ClusterOption.MaxMovedRedirections = 3
	// What the sentinels tell of a failover is told once, to who listens then.
	o.Sentinel.TopologyRefreshInterval = 2 * time.Second
	o.Sentinel.Dialer = o.Dialer
	o.Sentinel.ClientName = o.ClientName
	// Sentinels and nodes have names of their own, so each is verified by the name
	// that it is dialled by.
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = ""
		o.Sentinel.TLSConfig = o.TLSConfig
	}
	// SendToReplicas stays unset: a claim is read where it was written. RetryDelay
	// has nothing to delay.
	return o
}

// dial connects, unless the bus is closed meanwhile.
func (b *Bus) dial(ctx context.Context, addr string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)()
	if config == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	c, err := (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("tls to %s: %w", addr, err)
	}
	return c, nil
}

const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 500 * time.Millisecond
	// A client that has not found its way in so many tries is replaced, whatever it
	// believes of where Redis is.
	triesOfClient = 6
)

// run keeps a line to Redis for as long as the bus lives.
func (b *Bus) run() {
	defer func() {
		if c := b.client.Swap(nil); c != nil {
			(*c).Close()
		}
	}()
	var state state
	delay, tries := retryFirst, 0
	for b.life.Err() == nil {
		l, err := b.connect()
		if err != nil {
			err = advise(err)
		} else {
			state.back(b.log)
			delay, tries = retryFirst, 0
			err = b.attend(l)
		}
		b.lose(l, err)
		if b.life.Err() != nil {
			return
		}
		state.lost(b.log, err)
		if tries++; tries%triesOfClient == 0 {
			if c := b.client.Swap(nil); c != nil {
				(*c).Close()
			}
		}
		select {
		case <-time.After(delay/2 + rand.N(delay)):
		case <-b.life.Done():
		}
		delay = min(2*delay, retryMost)
	}
}

// connect makes a line, with everything subscribed that is served.
func (b *Bus) connect() (*line, error) {
	c := b.client.Load()
	if c == nil {
		// A copy: the client keeps and shuffles what it is given.
		redis := b.redis
		redis.InitAddress = append([]string(nil), redis.InitAddress...)
		made, err := rueidis.NewClient(redis)
		if answer, ok := rueidis.IsRedisErr(err); ok && redis.Sentinel.MasterSet != "" && strings.HasPrefix(answer.Error(), "NOAUTH") {
			err = fmt.Errorf("%w: where it is the sentinels that want a password, the URL is to say it as sentinel_password=", err)
		}
		if err != nil {
			return nil, err
		}
		c = &made
		b.client.Store(c)
	}
	l, err := b.open(*c)
	if err != nil {
		return nil, err
	}
	if err := b.subscribe(l, true); err != nil {
		l.fail(err)
		return nil, err
	}
	b.firstTried()
	return l, nil
}

// cancelBeats is after how many beats relays are told again of abandoned requests.
const cancelBeats = 4

// attend watches a line until it fails, and returns why.
func (b *Bus) attend(l *line) error {
	b.keysChanged()
	tick := time.NewTicker(listEvery)
	defer tick.Stop()
	for beats := 0; ; beats++ {
		if beats%cancelBeats == 0 {
			b.work.Go(b.cancelAll)
		}
		if err := b.beat(l); err != nil {
			l.fail(err)
			return err
		}
		select {
		case <-tick.C:
		case <-l.down:
			return l.err
		case <-b.life.Done():
			return errClosed
		}
	}
}

// lose makes known that there is no line.
func (b *Bus) lose(l *line, err error) {
	if b.life.Err() != nil {
		err = errClosed
	}
	b.mu.Lock()
	b.line, b.cause = nil, err
	b.mu.Unlock()
	if l != nil {
		l.fail(err)
	}
	b.list.interrupt()
	b.firstTried()
}

// firstTried ends the wait for the first try. Only run's goroutine calls it.
func (b *Bus) firstTried() {
	select {
	case <-b.tried:
	default:
		close(b.tried)
	}
}

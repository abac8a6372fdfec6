package redisbus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// A line is one connection to the one server that has the bus, which messages come
// by and commands go by. What is asked is published on a line and claimed on that
// same line, and who is asked claims it on the line that it came by. So router and
// relay claim on one and the same server, or one of their claims fails with its
// line: a claim that a failover has lost is no claim that somebody can take again.
type line struct {
	client  rueidis.DedicatedClient
	sharded bool   // by the commands for a Cluster's channels
	master  string // the address of the master that it leads to, under Sentinel; else empty

	down chan struct{} // closed when the line is of no use any more
	once sync.Once
	err  error // why; read it after down
	work *sync.WaitGroup

	answers     atomic.Bool // answers come by it
	compared    atomic.Bool // what others have announced was looked at, by who announces
	subscribing sync.Mutex
	channels    map[string]bool // guarded by subscribing
}

// open connects, and sees that who answers is fit: a master, which writes, with a
// protocol in which messages and answers share a connection.
func (b *Bus) open(c rueidis.Client) (*line, error) {
	master := masterOf(c) // before: should it change meanwhile, that is seen
	client, _ := c.Dedicate()
	l := &line{
		client: client, sharded: b.cluster, master: master, down: make(chan struct{}), work: &b.work, channels: make(map[string]bool),
	}
	ended := client.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(m rueidis.PubSubMessage) { b.receive(l, m) }})
	b.work.Go(func() {
		err := <-ended
		if err == nil {
			err = errors.New("the connection was closed")
		}
		l.fail(err)
	})
	err := l.do(b.life, touch(client)).Error()
	if err == nil {
		// Of the answer, only this matters, and that there is one.
		var hello map[string]rueidis.RedisMessage
		hello, err = l.do(b.life, client.B().Arbitrary("HELLO", "3").Build()).AsMap()
		if proto := hello["proto"]; err == nil {
			if n, e := proto.AsInt64(); e != nil || n != 3 {
				err = errors.New("it does not speak RESP3: Redis 6.2 or newer is needed")
			}
		}
	}
	if err != nil {
		l.fail(err)
		return nil, err
	}
	return l, nil
}

// masterOf is the address of the master as the sentinels say; empty where there are
// none.
func masterOf(c rueidis.Client) string {
	if c.Mode() == rueidis.ClientModeSentinel {
		for addr := range c.Nodes() {
			return addr
		}
	}
	return ""
}

// touch is a write that changes nothing. Only the master of the bus's slot takes it.
func touch(client rueidis.DedicatedClient) rueidis.Completed {
	return client.B().Zremrangebyscore().Key(leasesKey).Min("-inf").Max("0").Build()
}

// do sends a command and waits for its answer: within a second, and no longer than
// ctx and the line last. Without an answer it may have been done or not.
func (l *line) do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, within)
	// The library waits without a bound for room in a queue that is full.
	done := make(chan rueidis.RedisResult, 1)
	go func() {
		defer cancel()
		done <- l.client.Do(ctx, cmd)
	}()
	select {
	case r := <-done:
		if unfit(r.Error()) {
			l.fail(r.Error())
		}
		return r
	case <-ctx.Done():
		// The answer may have come just now, and its context ended with it.
		select {
		case r := <-done:
			return r
		default:
		}
		return rueidis.NewErrorResult(fmt.Errorf("redis has not answered: %w", ctx.Err()))
	case <-l.down:
		return rueidis.NewErrorResult(l.err)
	}
}

// fail ends the line. All that waits on it is told.
func (l *line) fail(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.down)
		// It takes a second where the server is silent.
		l.work.Go(l.client.Close)
	})
}

// unfit tells whether an answer shows that the line leads to the wrong server.
func unfit(err error) bool {
	answer, ok := rueidis.IsRedisErr(err)
	if !ok {
		return false
	}
	_, moved := answer.IsMoved()
	_, ask := answer.IsAsk()
	return moved || ask || answer.IsClusterDown() || answer.IsLoading() || strings.HasPrefix(answer.Error(), "READONLY")
}

// noType begins what the library says of an answer that Redis does not give, as one of
// HTTP; the byte that it begins with follows.
const noType = "received unknown message type: "

// advise says what to do about an answer, where that is known.
func advise(err error) error {
	if strings.Contains(err.Error(), noType) {
		return fmt.Errorf("what answers there is no Redis: %w", err)
	}
	answer, ok := rueidis.IsRedisErr(err)
	if !ok {
		return err
	}
	if _, moved := answer.IsMoved(); moved {
		return fmt.Errorf("%w: where this is a Cluster, give two of its addresses, the second as ?addr=", err)
	}
	return err
}

// publish sends on a channel, and tells how many have received it.
func (l *line) publish(ctx context.Context, channel, message string) (int64, error) {
	b := l.client.B()
	cmd := b.Publish().Channel(channel).Message(message).Build()
	if l.sharded {
		cmd = b.Spublish().Channel(channel).Message(message).Build()
	}
	return l.do(ctx, cmd).AsInt64()
}

// claim takes a request for who calls, once for all, or for as long as that is to be
// known: false where it is taken.
func (l *line) claim(ctx context.Context, id, who string, lease time.Duration) (bool, error) {
	err := l.do(ctx, l.client.B().Set().Key(claimKey(id)).Value(who).Nx().Px(lease).Build()).Error()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	return err == nil, err
}

// receivers tells how many listen to a channel.
func (l *line) receivers(ctx context.Context, channel string) (int64, error) {
	b := l.client.B()
	cmd := b.PubsubNumsub().Channel(channel).Build()
	if l.sharded {
		cmd = b.PubsubShardnumsub().Channel(channel).Build()
	}
	counts, err := l.do(ctx, cmd).AsIntMap()
	return counts[channel], err
}

func (l *line) subscribe(ctx context.Context, channels ...string) error {
	b := l.client.B()
	cmd := b.Subscribe().Channel(channels...).Build()
	if l.sharded {
		cmd = b.Ssubscribe().Channel(channels...).Build()
	}
	return l.do(ctx, cmd).Error()
}

func (l *line) unsubscribe(ctx context.Context, channel string) error {
	b := l.client.B()
	cmd := b.Unsubscribe().Channel(channel).Build()
	if l.sharded {
		cmd = b.Sunsubscribe().Channel(channel).Build()
	}
	return l.do(ctx, cmd).Error()
}

package jwks

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"

	"github.com/polysocket/polysocket/internal/auth"
)

// A publisher is the server of a set, without a network.
type publisher struct {
	mu    sync.Mutex
	set   []byte // nil: it cannot be reached
	times []time.Time
	stall bool // it does not answer
}

func (p *publisher) publish(set []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = set
}

func (p *publisher) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.times)
}

func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times = append(p.times, time.Now())
	if p.stall {
		p.mu.Unlock()
		<-r.Context().Done()
		p.mu.Lock()
		return nil, r.Context().Err()
	}
	if p.set == nil {
		return nil, errors.New("unreachable")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(p.set)), Request: r}, nil
}

// rig is a set of a publisher's, in a bubble of virtual time.
func rig(t *testing.T, p *publisher, test func(sets *Sets, set auth.KeySet, log *bytes.Buffer)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var log bytes.Buffer
		sets := New(ctx, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		sets.client.Transport = p
		test(sets, sets.Set("https://login.example/jwks"), &log)
		cancel()
		synctest.Wait() // and the bubble's end finds who is left
	})
}

func aSet(t *testing.T, kid string) []byte {
	public, _, _ := ed25519.GenerateKey(rand.Reader)
	return setOf(t, mustJWK(t, public, jwkset.JWKOptions{Metadata: meta(kid)}))
}

func TestSetIsRefreshed(t *testing.T) {
	p := &publisher{set: aSet(t, "a")}
	rig(t, p, func(_ *Sets, set auth.KeySet, _ *bytes.Buffer) {
		synctest.Wait()
		if len(set.Find("a")) != 1 {
			t.Fatal("the set was not fetched")
		}
		p.publish(aSet(t, "b"))
		time.Sleep(every)
		synctest.Wait()
		if len(set.Find("a")) != 0 || len(set.Find("b")) != 1 {
			t.Error("a new version does not take the old one's place")
		}
		p.publish(nil)
		time.Sleep(every)
		synctest.Wait()
		if len(set.Find("b")) != 1 {
			t.Error("the keys are lost when the server is")
		}
	})
}

func TestSetIsTriedAgain(t *testing.T) {
	p := &publisher{}
	rig(t, p, func(_ *Sets, set auth.KeySet, log *bytes.Buffer) {
		start := time.Now()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		var at []time.Duration
		for _, one := range p.times {
			at = append(at, one.Sub(start))
		}
		if len(at) != 5 || at[0] != 0 || at[1] != time.Second || at[2] != 3*time.Second || at[3] != 7*time.Second || at[4] != 15*time.Second {
			t.Errorf("fetched at %v", at)
		}
		p.publish(aSet(t, "a"))
		time.Sleep(every)
		synctest.Wait()
		if len(set.Find("a")) != 1 {
			t.Error("the set was not fetched when it could be")
		}
		if text := log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "could not be fetched") || !strings.Contains(text, "again") {
			t.Errorf("the log says %q", text)
		}
	})
}

func TestRefetch(t *testing.T) {
	p := &publisher{set: aSet(t, "a")}
	rig(t, p, func(_ *Sets, set auth.KeySet, _ *bytes.Buffer) {
		<-set.Refetch() // the first fetch is waited for
		if p.asked() != 1 || len(set.Find("a")) != 1 {
			t.Fatalf("%d fetches", p.asked())
		}
		p.publish(aSet(t, "b"))
		<-set.Refetch()
		if p.asked() != 1 {
			t.Error("fetched again at once")
		}
		time.Sleep(gap)
		start := time.Now()
		one, other := set.Refetch(), set.Refetch()
		<-one
		<-other
		if p.asked() != 2 || len(set.Find("b")) != 1 || time.Since(start) != 0 {
			t.Errorf("%d fetches after two wishes at a time, in %v", p.asked(), time.Since(start))
		}
		for range 100 {
			time.Sleep(time.Second)
			<-set.Refetch()
		}
		if n := p.asked(); n != 5 {
			t.Errorf("%d fetches in 100 s of wishes", n-2)
		}
	})
}

// A wish that comes just when the set is fetched anyhow is met by that.
func TestWishIsMet(t *testing.T) {
	s := newSet("", nil, nil, nil)
	s.over(nil, nil)
	s.last = time.Time{}
	done := s.Refetch()
	s.begin()
	s.over(nil, nil)
	<-done
	if len(s.wanted) != 0 {
		t.Error("the set is wanted again")
	}
}

func TestSetEnds(t *testing.T) {
	p := &publisher{set: aSet(t, "a")}
	rig(t, p, func(sets *Sets, set auth.KeySet, _ *bytes.Buffer) {
		<-set.Refetch()
		if sets.Set("https://login.example/jwks") != set {
			t.Error("a URL has two sets")
		}
		sets.Keep([]string{"https://login.example/jwks"})
		time.Sleep(every)
		synctest.Wait()
		if p.asked() != 2 {
			t.Error("a set that is kept is not fetched")
		}
		sets.Keep(nil)
		time.Sleep(2 * every)
		synctest.Wait()
		if <-set.Refetch(); p.asked() != 2 {
			t.Error("a set that is not kept is fetched")
		}
		if len(set.Find("a")) != 1 {
			t.Error("a set that has ended loses its keys")
		}
		if sets.Set("https://login.example/jwks") == set {
			t.Error("a set that has ended is given out")
		}
	})
}

// A server that never answers holds up nobody but those who wait for it, and
// them not when the set ends.
func TestSetEndsWhileFetching(t *testing.T) {
	p := &publisher{stall: true}
	rig(t, p, func(sets *Sets, set auth.KeySet, log *bytes.Buffer) {
		done := set.Refetch()
		synctest.Wait()
		select {
		case <-done:
			t.Error("the fetch is over, and the server has not answered")
		default:
		}
		time.Sleep(timeout)
		synctest.Wait()
		<-done
		time.Sleep(firstRetry)
		synctest.Wait()
		done = set.Refetch()
		sets.Keep(nil)
		<-done
		if strings.Count(log.String(), "\n") != 1 {
			t.Errorf("the log says %q", log)
		}
	})
	// One whose context has ended before it began.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		sets := New(ctx, Options{})
		sets.client.Transport = p
		<-sets.Set("https://login.example/jwks").Refetch()
	})
}

package redisbus

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

func TestSeal(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) sealer {
		s := newSealer(secret)
		s.now = func() time.Time { return noon.Add(d) }
		return s
	}
	s := at(0)
	sealed := s.seal(toRelay, "scope", []byte(`{"a": "b c"}`))
	for _, test := range []struct {
		name    string
		by      sealer
		purpose purpose
		scope   string
		sealed  string
		want    string // in the error; empty: it is read
	}{
		{"as it is", s, toRelay, "scope", sealed, ""},
		{"a minute later", at(sealedFor), toRelay, "scope", sealed, ""},
		{"on a clock a minute behind", at(-sealedFor), toRelay, "scope", sealed, ""},
		{"later still", at(sealedFor + time.Second), toRelay, "scope", sealed, "its time is 1m1s off"},
		{"from the future", at(-sealedFor - time.Second), toRelay, "scope", sealed, "its time is -1m1s off"},
		{"by another secret", newSealer(strings.ToUpper(secret)), toRelay, "scope", sealed, "not signed"},
		{"for another purpose", s, toRouter, "scope", sealed, "not signed"},
		{"for another scope", s, toRelay, "scop", sealed, "not signed"},
		{"with another payload", s, toRelay, "scope", strings.Replace(sealed, "b c", "b d", 1), "not signed"},
		{"with another time", s, toRelay, "scope", strings.Replace(sealed, "1 1", "1 2", 1), "not signed"},
		{"without a time", s, toRelay, "scope", "1 x " + strings.SplitN(sealed, " ", 3)[2], "not signed"},
		{"cut short", s, toRelay, "scope", sealed[:40], "not signed"},
		{"of another version", s, toRelay, "scope", "2" + sealed[1:], "another version"},
		{"nothing", s, toRelay, "scope", "", "another version"},
	} {
		payload, err := test.by.unseal(test.purpose, test.scope, test.sealed)
		switch {
		case test.want == "" && (err != nil || string(payload) != `{"a": "b c"}`):
			t.Errorf("%s: %q, %v", test.name, payload, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %q, %v, want %q", test.name, payload, err, test.want)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	s := newSealer(secret)
	f.Add(s.seal(toRouter, "scope", []byte("{}")))
	f.Add("1 1767268800000 00 {}")
	f.Add("1  ")
	f.Fuzz(func(t *testing.T, sealed string) {
		if _, err := s.unseal(toRelay, "scope", sealed); err == nil {
			t.Errorf("%q is a forgery", sealed)
		}
		_ = said(sealed)
	})
}

// Somebody who may write to Redis, and has no secret, has no relay dial anything:
// not by words of their own, and not by those of others, once more.
func TestForgeries(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	heard, leave := overhear(t, url, "a")
	router := open(t, url)
	if _, err := router.Open(t.Context(), "a", bus.OpenRequest{Target: "x"}); !errors.Is(err, bus.ErrDeclined) {
		t.Fatal(err)
	}
	genuine := <-heard
	leave()
	clean(t, router) // and with it the claim

	forger, err := New(Options{URL: url, Secret: "another secret, of nobody", Log: router.log})
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	q := questionOf(t, router, genuine)
	forge := func(b *Bus, off time.Duration, node string) rueidis.PubSubMessage {
		b.seal.now = func() time.Time { return time.Now().Add(off) }
		forged := q
		forged.ID = "another"
		forged.Open = &bus.OpenRequest{Target: "forged"}
		_, message := b.sealQuestion(node, forged)
		return rueidis.PubSubMessage{Channel: relayChannel("a"), Message: message}
	}
	f := newFleet()
	deliver(t, url, "a", f, nil,
		forge(forger, 0, "a"),
		forge(router, -2*sealedFor, "a"),
		forge(router, 2*sealedFor, "a"),
		forge(router, 0, "b"),
		rueidis.PubSubMessage{Channel: relayChannel("a"), Message: "hello"},
	)
	if n := f.times("forged"); n != 0 {
		t.Errorf("a forgery was acted on %d times", n)
	}
	router.seal.now = time.Now
	f = newFleet()
	b := open(t, url)
	wait(t, serve(t, b, "a", f), "serving")
	l, err := b.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := b.serving["a"]
	b.receive(l, genuine)
	s.tasks.Wait()
	clean(t, b)
	b.receive(l, genuine)
	s.tasks.Wait()
	if n := f.times("x"); n != 1 {
		t.Errorf("said twice, it was opened %d times", n)
	}
	channel, message := router.sealQuestion("a", question{Kind: closeSockets, ID: "close", Close: []string{"s"}})
	for range 2 {
		b.receive(l, rueidis.PubSubMessage{Channel: channel, Message: message})
		s.tasks.Wait()
	}
	if n := f.closed["s"]; n != 1 {
		t.Errorf("said twice, it was closed %d times", n)
	}
}

// Who writes an announcement into Redis without the secret, or an old one once more,
// is not listed, and harms no other.
func TestForgedAnnouncement(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	relay, router := open(t, url), open(t, url)
	announce := func(b *Bus, n bus.Node) {
		t.Helper()
		if err := b.Announce(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	record := func(id string) string {
		t.Helper()
		l, err := relay.current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.do(t.Context(), l.client.B().Hget().Key(nodesKey).Field(id).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	put := func(id, sealed string) {
		t.Helper()
		l, err := relay.current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.do(t.Context(), l.client.B().Hset().Key(nodesKey).FieldValue().FieldValue(id, sealed).Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
	announce(relay, bus.Node{ID: "a", Load: 1, Report: 1})
	old := record("a")
	announce(relay, bus.Node{ID: "a", Load: 2, Report: 2})
	announce(relay, bus.Node{ID: "b", Report: 1})
	forger, err := New(Options{URL: url, Secret: "another secret, of nobody", Log: router.log})
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	announce(forger, bus.Node{ID: "c"})
	put("d", "rubbish")
	listed := func() {
		t.Helper()
		if err := router.beatOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		nodes, err := router.Nodes(t.Context())
		if err != nil || len(nodes) != 2 {
			t.Fatalf("nodes: %v, %v", nodes, err)
		}
		for _, n := range nodes {
			if n.ID == "a" && n.Load != 2 {
				t.Errorf("of a is listed what it said before: %v", n)
			}
		}
	}
	listed()
	put("a", old)
	listed()
}

// beatOnce has the nodes listed at once.
func (b *Bus) beatOnce(ctx context.Context) error {
	l, err := b.current(ctx)
	if err != nil {
		return err
	}
	return b.listNodes(ctx, l)
}

// Of a relay that has another secret the log says who it is, as it says itself; and its
// own log says that the others have another one.
func TestAnotherSecret(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	with := func(secret string) (*Bus, *buffer) {
		t.Helper()
		log := new(buffer)
		b, err := New(Options{URL: url, Secret: secret, Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b, log
	}
	good, its := with(secret)
	bad, told := with("another secret, of nobody")
	if err := good.Announce(t.Context(), bus.Node{ID: "g", Host: "good.example"}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 100)
	if err := bad.Announce(t.Context(), bus.Node{ID: "b", Host: "tom\nexample" + long}); err != nil {
		t.Fatal(err)
	}
	if said := told.String(); !strings.Contains(said, "not signed by the cluster's secret") || !strings.Contains(said, "host=good.example") {
		t.Errorf("the relay with another secret says %s", said)
	}
	if said := its.String(); strings.Contains(said, "dropped") {
		t.Errorf("the other says %s", said)
	}
	if nodes, err := good.Nodes(t.Context()); err != nil || len(nodes) != 1 {
		t.Errorf("%v, %v", nodes, err)
	}
	if said := its.String(); !strings.Contains(said, `relay=b host="tom\nexample`) || strings.Contains(said, long) {
		t.Errorf("the router says %s", said)
	}
}

package router_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

// A fakeBus is a bus.Relays with one node, unless a test says otherwise, that
// opens socket-1, socket-2 and so on.
type fakeBus struct {
	bus.Relays
	nodes    []bus.Node
	nodesErr error
	// open stands in for the node's answer; nil opens.
	open func(ctx context.Context, node string) error

	mu       sync.Mutex
	listed   int
	asked    []string // the nodes
	requests []bus.OpenRequest
	opened   int
	dropped  []string
	told     error // of Tell's context
}

func (b *fakeBus) Nodes(context.Context) ([]bus.Node, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listed++
	return slices.Clone(b.nodes), b.nodesErr
}

func (b *fakeBus) Alive(_ context.Context, match func(bus.Node) bool) (bool, error) {
	return slices.ContainsFunc(b.nodes, match), b.nodesErr
}

func (b *fakeBus) Open(ctx context.Context, node string, r bus.OpenRequest) (bus.OpenReply, error) {
	b.mu.Lock()
	b.asked = append(b.asked, node)
	b.requests = append(b.requests, r)
	b.mu.Unlock()
	if b.open != nil {
		if err := b.open(ctx, node); err != nil {
			return bus.OpenReply{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened++
	reply := bus.OpenReply{Socket: fmt.Sprintf("socket-%d", b.opened)}
	if len(r.Protocols) > 0 {
		reply.Protocol = r.Protocols[0]
	}
	return reply, nil
}

func (b *fakeBus) Tell(ctx context.Context, node string, c bus.CloseSockets) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range c.Sockets {
		b.dropped = append(b.dropped, node+" "+id)
	}
	b.told = ctx.Err()
	return b.told
}

// state is a copy of what has been asked so far.
func (b *fakeBus) state() (requests []bus.OpenRequest, opened int, dropped []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests), b.opened, slices.Clone(b.dropped)
}

// A fakeAuth lets everybody in, unless err says otherwise.
type fakeAuth struct {
	mu    sync.Mutex
	err   error
	grant auth.Grant
	asked []auth.Request
}

func (a *fakeAuth) Authorize(_ context.Context, r auth.Request) (auth.Grant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r)
	return a.grant, a.err
}

// A rig is a router between fakes.
type rig struct {
	testing.TB
	bus  *fakeBus
	auth *fakeAuth
	log  *journal
	rt   *router.Router
}

func newRig(t testing.TB) *rig {
	r := &rig{TB: t, auth: &fakeAuth{}, log: &journal{}}
	r.bus = &fakeBus{nodes: []bus.Node{{ID: "node", Host: "relay.example"}}}
	r.rt = router.New(router.Options{Bus: r.bus, Settings: router.Settings{Auth: r.auth}, Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	return r
}

// A journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// An answer is what a request got.
type answer struct {
	status int
	header http.Header
	raw    string
	cb     string // empty for JSON
	OK     *bool
	Error, Code,
	Polysocketd, Bare, Socket string
	Protocol *string
	Alive    *bool
}

// do has the router answer, and reads the answer, which may be none at all.
func (r *rig) do(req *http.Request) answer {
	r.Helper()
	w := httptest.NewRecorder()
	if !finishes(func() { r.rt.ServeHTTP(w, req) }) {
		return answer{}
	}
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if a.raw == "" {
		return a
	}
	object := a.raw
	if call, ok := strings.CutPrefix(object, "/**/"); ok {
		a.cb, object, _ = strings.Cut(strings.TrimSuffix(call, ");"), "(")
	}
	if err := json.Unmarshal([]byte(object), &a); err != nil || a.OK == nil {
		r.Fatalf("%s: %v", a.raw, err)
	}
	if media := a.header.Get("Content-Type"); (a.cb == "") != (media == "application/json") {
		r.Errorf("%s: Content-Type %s", a.raw, media)
	}
	return a
}

// finishes is false where a handler abandons its request.
func finishes(handle func()) (finished bool) {
	defer func() {
		switch p := recover(); p {
		case nil, http.ErrAbortHandler:
		default:
			panic(p)
		}
	}()
	handle()
	return true
}

// is expects an error.
func (a answer) is(t testing.TB, status int, code wire.ErrorCode, name string) {
	t.Helper()
	if a.status != status || a.OK == nil || *a.OK || a.Code != string(code) || !strings.Contains(a.Error, name) || a.Socket != "" {
		t.Errorf("%d %s\n  want %d %s about %q", a.status, a.raw, status, code, name)
	}
}

// socket expects a socket.
func (a answer) socket(t testing.TB) string {
	t.Helper()
	if a.status != http.StatusOK || a.OK == nil || !*a.OK || a.Socket == "" || a.Polysocketd == "" || a.Protocol == nil {
		t.Errorf("%d %s\n  want a socket", a.status, a.raw)
	}
	return a.Socket
}

const target = "ws://target.example/chat?key=query-secret"

// params are those of a good create, and more, given as name=value. A name
// alone takes the parameter away.
func params(more ...string) url.Values {
	v := url.Values{"from": {"test-v1"}, "target": {target}}
	for _, s := range more {
		if name, value, ok := strings.Cut(s, "="); ok {
			v.Set(name, value)
		} else {
			v.Del(name)
		}
	}
	return v
}

func get(more ...string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/create?"+params(more...).Encode(), nil)
}

func post(query, media, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/create?"+query, strings.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	return r
}

const form = "application/x-www-form-urlencoded"

// ways are all the ways to say the same parameters.
var ways = map[string]func(url.Values) *http.Request{
	"GET": func(v url.Values) *http.Request {
		return httptest.NewRequest(http.MethodGet, "/create?"+v.Encode(), nil)
	},
	"form": func(v url.Values) *http.Request { return post("", form, v.Encode()) },
	"query of a POST": func(v url.Values) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/create?"+v.Encode(), nil)
		r.Body = io.NopCloser(strings.NewReader(""))
		return r
	},
	"JSON": func(v url.Values) *http.Request { return post("", "application/json; charset=utf-8", object(v)) },
	"query and form": func(v url.Values) *http.Request {
		query, rest := split(v)
		return post(query.Encode(), form+"; charset=UTF-8", rest.Encode())
	},
	"query and JSON": func(v url.Values) *http.Request {
		query, rest := split(v)
		return post(query.Encode(), "application/json", object(rest))
	},
	"bearer": func(v url.Values) *http.Request {
		rest := url.Values{}
		for name := range v {
			if name != "token" {
				rest[name] = v[name]
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/create?"+rest.Encode(), nil)
		if v.Has("token") {
			r.Header.Set("Authorization", "Bearer "+v.Get("token"))
		}
		return r
	},
}

// split puts every second parameter into a query.
func split(v url.Values) (query, rest url.Values) {
	query, rest = url.Values{}, url.Values{}
	for name := range v {
		if len(name)%2 == 0 {
			query[name] = v[name]
		} else {
			rest[name] = v[name]
		}
	}
	return query, rest
}

func object(v url.Values) string {
	members := map[string]string{}
	for name := range v {
		members[name] = v.Get(name)
	}
	b, _ := json.Marshal(members) // strings always marshal
	return string(b)
}

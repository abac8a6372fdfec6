package cluster

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// A cluster is two routers and three relays, or one of each, that share one Redis. A file says what they share, and flags what each has of
// its own.
type cluster struct {
	t       *testing.T
	config  string // the file
	routers []*node
	relays  []*node
	tally
	yardstick

	// How clients get at it: http and by the addresses, unless something stands in front.
	scheme string
	http   *http.Client
	direct *http.Client // for what is not for clients
}

// A setup is what may be different from case to case.
type setup struct {
	redis   string                 // the URL
	redisOf func(relay int) string // where each relay has one of its own
	hosts   []string               // the relays' names, without ports; nil has two with wildcards below localhost, and an address
	one     bool                   // one router and one relay, without a wildcard
	flags   []string               // of each relay
	names   []string               // of the routers
}

// A node is a process of a cluster. It can be started again at the same address.
type node struct {
	*process.Process
	cluster *cluster
	role    string // router or relay
	addr    string // what it listens on
	host    string // what clients have for it; of a relay, what is handed out
	flags   []string

	// What a case has done to it, by which its sockets may end.
	killed, drained atomic.Bool
}

// secret is the clusters', of which each has a Redis of its own.
const secret = "the secret of the clusters of these tests"

// drainTime is how long a relay that drains waits for its sockets to end by themselves, in seconds.
const drainTime = 2

// startCluster starts a cluster.
func startCluster(t *testing.T, o setup) *cluster {
	t.Helper()
	direct := newHTTP(t)
	c := &cluster{t: t, config: filepath.Join(t.TempDir(), "polysocket.yaml"), scheme: "http", http: direct, direct: direct}
	c.tally.began()
	config := fmt.Sprintf(`
redis: %s
cluster_secret: %s
targets: {allow_private: [127.0.0.0/8]}
timeouts: {drain: %ds}
`, o.redis, secret, drainTime)
	if err := os.WriteFile(c.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	routers, relays := 2, 3
	if o.one {
		routers, relays = 1, 1
	}
	for range routers {
		n := &node{cluster: c, role: "router", addr: process.FreeAddr(t)}
		n.host = n.addr
		for _, name := range o.names {
			n.flags = append(n.flags, "--host="+name)
		}
		c.routers = append(c.routers, n)
	}
	for i := range relays {
		n := &node{cluster: c, role: "relay", addr: process.FreeAddr(t), flags: slices.Clone(o.flags)}
		_, port, _ := strings.Cut(n.addr, ":")
		switch {
		case o.hosts != nil:
			if n.host = o.hosts[i]; !o.one {
				n.flags = append(n.flags, "--wildcard")
			}
		case i < 2:
			n.host = []string{"tom", "dick"}[i] + ".localhost:" + port
			n.flags = append(n.flags, "--wildcard")
		default:
			n.host = n.addr
		}
		n.flags = append(n.flags, "--host="+n.host)
		if o.redisOf != nil {
			n.flags = append(n.flags, "--redis="+o.redisOf(i))
		}
		c.relays = append(c.relays, n)
	}
	for _, n := range c.nodes() {
		n.start()
	}
	for _, n := range c.nodes() {
		process.Until(t, n.name()+" is ready", n.ready)
	}
	for _, router := range c.routers {
		for _, relay := range c.relays {
			process.Until(t, router.name()+" knows "+relay.name(), func() bool {
				alive, known := router.alive(t.Context(), relay.host)
				return alive && known
			})
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var measuring sync.WaitGroup
	measuring.Go(func() { c.measure(ctx) })
	t.Cleanup(func() {
		cancel()
		measuring.Wait()
		for _, n := range c.nodes() {
			n.Raceless()
		}
	})
	return c
}

func (c *cluster) nodes() []*node { return append(append([]*node(nil), c.routers...), c.relays...) }

func (n *node) name() string { return n.role + " " + n.addr }

func (n *node) start() {
	n.cluster.t.Helper()
	args := append([]string{n.role, "--config=" + n.cluster.config, "--listen=" + n.addr, "--open"}, n.flags...)
	n.Process = process.Start(n.cluster.t, binary, args...)
}

// ready tells whether it says so.
func (n *node) ready() bool { return n.health("/readyz") == http.StatusOK }

// health is the status of one of the pages for load balancers, or 0 where it has no answer.
func (n *node) health(path string) int {
	response, err := n.cluster.direct.Get("http://" + n.addr + path)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// relayOf is the relay that a polysocketd is of.
func (c *cluster) relayOf(polysocketd string) *node {
	for _, n := range c.relays {
		if polysocketd == n.host || strings.HasSuffix(polysocketd, "."+n.host) {
			return n
		}
	}
	return nil
}

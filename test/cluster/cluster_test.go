package cluster

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// A cluster is two routers and three relays that share one Redis. A file says what they share, and flags what each has of
// its own.
type cluster struct {
	t       *testing.T
	config  string // the file
	routers []*node
	relays  []*node
	http    *http.Client
	tally
}

// A node is a process of a cluster. It can be started again at the same address.
type node struct {
	*process.Process
	cluster *cluster
	role    string // router or relay
	addr    string // what it listens on
	host    string // of a relay: the name that clients have
	flags   []string

	// What a case has done to it, by which its sockets may end.
	killed, drained atomic.Bool
}

// secret is the clusters', of which each has a Redis of its own.
const secret = "the secret of the clusters of these tests"

// drainTime is how long a relay that drains waits for its sockets to end by themselves, in seconds.
const drainTime = 2

// startCluster starts a cluster. redisOf is the URL of Redis as each relay has it; nil has all use the same.
func startCluster(t *testing.T, redisURL string, redisOf func(relay int) string) *cluster {
	t.Helper()
	c := &cluster{t: t, config: filepath.Join(t.TempDir(), "polysocket.yaml"), http: newHTTP(t)}
	c.tally.began()
	config := fmt.Sprintf(`
redis: %s
cluster_secret: %s
targets: {allow_private: [127.0.0.0/8]}
timeouts: {drain: %ds}
`, redisURL, secret, drainTime)
	if err := os.WriteFile(c.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.routers = append(c.routers, &node{cluster: c, role: "router", addr: process.FreeAddr(t)})
	}
	for i, name := range []string{"tom.localhost", "dick.localhost", ""} {
		n := &node{cluster: c, role: "relay", addr: process.FreeAddr(t)}
		if n.host = n.addr; name != "" {
			_, port, _ := strings.Cut(n.addr, ":")
			n.host = name + ":" + port
			n.flags = append(n.flags, "--wildcard")
		}
		n.flags = append(n.flags, "--host="+n.host)
		if redisOf != nil {
			n.flags = append(n.flags, "--redis="+redisOf(i))
		}
		c.relays = append(c.relays, n)
	}
	for _, n := range c.nodes() {
		n.start()
	}
	for _, n := range c.nodes() {
		process.Until(t, n.name()+" is ready", n.ready)
	}
	t.Cleanup(func() {
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
	response, err := n.cluster.http.Get("http://" + n.addr + path)
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

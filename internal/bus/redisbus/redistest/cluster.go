package redistest

import (
	"context"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Cluster is a Redis Cluster.
type Cluster struct {
	// Servers are the masters first, then the replicas, in the order that they were
	// started in; which is which changes.
	Servers []*Server

	t testing.TB
}

// StartCluster starts a Redis Cluster of masters, three at least, with as many
// replicas each, and ends it with the test. A node is taken for dead after a second.
func StartCluster(t testing.TB, masters, replicas int) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	const host = "127.0.0.1" // by which nodes find out who they are
	args := []string{"--cluster", "create"}
	for range masters * (1 + replicas) {
		s := Start(t, Options{host: host, Args: []string{
			"--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", port(freeAddr(t, host)),
			"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
		}})
		c.Servers = append(c.Servers, s)
		args = append(args, s.Addr)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args = append(args, "--cluster-replicas", strconv.Itoa(replicas), "--cluster-yes")
	if out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput(); err != nil {
		t.Fatalf("redis-cli --cluster create: %v: %s", err, out)
	}
	waitFor(t, "the cluster to be one", func() bool {
		for _, s := range c.Servers {
			info := s.Do("CLUSTER", "INFO")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(len(c.Servers))) {
				return false
			}
		}
		return true
	})
	return c
}

// URL is what a client connects by: two of the addresses.
func (c *Cluster) URL() string {
	u := url.URL{Scheme: "redis", Host: c.Servers[0].Addr}
	u.RawQuery = url.Values{"addr": {c.Servers[1].Addr}}.Encode()
	return u.String()
}

// Owner is the master that has a key.
func (c *Cluster) Owner(key string) *Server {
	c.t.Helper()
	for _, s := range c.Servers {
		if s.running == nil {
			continue
		}
		// The owner alone does not send the asker elsewhere.
		if _, err := s.cli("EXISTS", key); err == nil && strings.Contains(s.Do("ROLE"), "master") {
			return s
		}
	}
	c.t.Fatalf("no master has the key %q", key)
	return nil
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// Promoted waits until another server has a key in the place of one, as after that was
// stopped.
func (c *Cluster) Promoted(old *Server, key string) {
	c.t.Helper()
	waitFor(c.t, "another master", func() bool {
		for _, s := range c.Servers {
			if s == old || s.running == nil {
				continue
			}
			if _, err := s.cli("EXISTS", key); err == nil && strings.Contains(s.Do("ROLE"), "master") {
				return true
			}
		}
		return false
	})
}

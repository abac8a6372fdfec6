package redistest

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A Sentinel is a master and its replica under the eyes of three sentinels, which
// take a master for dead that has been silent for a second.
type Sentinel struct {
	// Servers are the two; which is the master changes.
	Servers [2]*Server

	t         testing.TB
	sentinels [3]*Server
}

// masterSet is the name that sentinels know the master by.
const masterSet = "polysocket"

// StartSentinel starts a master, a replica and three sentinels, and ends them with
// the test.
func StartSentinel(t testing.TB, o Options) *Sentinel {
	t.Helper()
	s := &Sentinel{t: t}
	o.Args = append(o.Args, "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", "--replica-announce-ip", alone)
	s.Servers[0] = Start(t, o)
	host, port, _ := net.SplitHostPort(s.Servers[0].Addr)
	s.Servers[1] = Start(t, o)
	s.Servers[1].Do("REPLICAOF", host, port)
	for i := range s.sentinels {
		s.sentinels[i] = startSentinel(t, s.Servers[0])
	}
	waitFor(t, "the sentinels to know the replica and each other", func() bool {
		for _, sentinel := range s.sentinels {
			known := sentinel.Do("SENTINEL", "MASTER", masterSet)
			if field(known, "num-slaves") != "1" || field(known, "num-other-sentinels") != "2" {
				return false
			}
		}
		return strings.Contains(s.Servers[1].Do("INFO", "replication"), "master_link_status:up")
	})
	return s
}

func startSentinel(t testing.TB, master *Server) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir()}
	t.Cleanup(s.Stop)
	masterHost, masterPort, _ := net.SplitHostPort(master.Addr)
	for range 5 {
		s.Addr = freeAddr(t, alone)
		host, port, _ := net.SplitHostPort(s.Addr)
		config := []string{
			"bind " + host, "port " + port, "dir " + s.dir, "sentinel announce-ip " + host, "sentinel monitor " + masterSet + " " + masterHost + " " + masterPort + " 2",
			"sentinel down-after-milliseconds " + masterSet + " 1000", "sentinel failover-timeout " + masterSet + " 3000",
		}
		if master.options.Password != "" {
			config = append(config, "sentinel auth-pass "+masterSet+" "+master.options.Password)
		}
		file := filepath.Join(s.dir, "sentinel.conf") // which the sentinel rewrites
		if err := os.WriteFile(file, []byte(strings.Join(config, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.running = run(t, s.dir, []string{"redis-server", file, "--sentinel"})
		if s.up() {
			return s
		}
	}
	t.Fatalf("the sentinel does not start:\n%s", s.log())
	return nil
}

// URL is what a client connects by: the sentinels, and the name of the master.
func (s *Sentinel) URL() string {
	u := url.URL{Scheme: "redis", Host: s.sentinels[0].Addr}
	q := url.Values{"master_set": {masterSet}, "addr": {s.sentinels[1].Addr, s.sentinels[2].Addr}}
	u.RawQuery = q.Encode()
	if password := s.Servers[0].options.Password; password != "" {
		u.User = url.UserPassword("", password)
	}
	return u.String()
}

// Master is the server that the sentinels say is the master.
func (s *Sentinel) Master() *Server {
	s.t.Helper()
	addr := s.masterAddr()
	for _, server := range s.Servers {
		if server.Addr == addr {
			return server
		}
	}
	s.t.Fatalf("the sentinels say that %q is the master", addr)
	return nil
}

func (s *Sentinel) masterAddr() string {
	s.t.Helper()
	return strings.Join(strings.Fields(s.sentinels[0].Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterSet)), ":")
}

// Promote has the sentinels make the replica the master, while both live, and returns
// when it is. The old master does not know of it for some seconds more.
func (s *Sentinel) Promote() {
	s.t.Helper()
	old := s.Master()
	s.sentinels[0].Do("SENTINEL", "FAILOVER", masterSet)
	s.Promoted(old)
}

// Failover is a Promote after which the old master is a replica.
func (s *Sentinel) Failover() {
	s.t.Helper()
	old := s.Master()
	s.Promote()
	waitFor(s.t, "the old master to be a replica", func() bool {
		return strings.Contains(old.Do("INFO", "replication"), "role:slave")
	})
}

// Promoted waits until the other server is the master in the place of one, as after
// that was stopped.
func (s *Sentinel) Promoted(old *Server) {
	s.t.Helper()
	waitFor(s.t, "another master", func() bool {
		for _, server := range s.Servers {
			if server != old && server.Addr == s.masterAddr() {
				return strings.Contains(server.Do("INFO", "replication"), "role:master")
			}
		}
		return false
	})
}

// field reads a value of an answer of names and values, a line each.
func field(answer, name string) string {
	lines := strings.Split(answer, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		if lines[i] == name {
			return lines[i+1]
		}
	}
	return strconv.Quote(answer)
}

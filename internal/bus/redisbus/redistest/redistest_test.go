package redistest_test

import (
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

func TestServer(t *testing.T) {
	for name, o := range map[string]redistest.Options{
		"plain": {}, "with a password": {Password: "p4ss/w:rd"}, "with TLS": {TLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := redistest.Start(t, o)
			s.Do("SET", "k", "v")
			s.Pause()
			s.Continue()
			if got := s.Do("GET", "k"); got != "v" {
				t.Errorf("after a pause: %q", got)
			}
			s.Restart()
			if got := s.Do("GET", "k"); got != "" {
				t.Errorf("restarted, it is not empty: %q", got)
			}
			s.Stop()
			s.Stop()
		})
	}
}

func TestSentinel(t *testing.T) {
	s := redistest.StartSentinel(t, redistest.Options{})
	first := s.Master()
	s.Failover()
	second := s.Master()
	if first == second {
		t.Fatal("the same master after a failover")
	}
	first.Restart()
	second.Stop()
	s.Promoted(second)
}

func TestCluster(t *testing.T) {
	c := redistest.StartCluster(t, 3, 0)
	if got := c.Owner("k").Do("SET", "k", "v"); got != "OK" {
		t.Errorf("set: %s", got)
	}
	if got := c.Servers[0].Do("CLUSTER", "INFO"); !strings.Contains(got, "cluster_size:3") {
		t.Error(got)
	}
}

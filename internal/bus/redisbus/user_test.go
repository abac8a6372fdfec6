package redisbus

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

// The user that docs/operating.md has for Redis may do all that is done, in each form
// that Redis has.
func TestUser(t *testing.T) {
	page, err := os.ReadFile("../../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	user := strings.Fields(string(regexp.MustCompile(`ACL SETUSER polysocket .*`).Find(page)))
	for name, start := range map[string]func(t *testing.T) (url string, servers []*redistest.Server){
		"alone": func(t *testing.T) (string, []*redistest.Server) {
			s := redistest.Start(t, redistest.Options{})
			return s.URL(), []*redistest.Server{s}
		},
		"Sentinel": func(t *testing.T) (string, []*redistest.Server) {
			s := redistest.StartSentinel(t, redistest.Options{})
			return s.URL(), s.Servers[:]
		},
		"Cluster": func(t *testing.T) (string, []*redistest.Server) {
			c := redistest.StartCluster(t, 3, 0)
			return c.URL(), c.Servers
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, servers := start(t)
			for _, s := range servers {
				if got := s.Do(user...); got != "OK" {
					t.Fatalf("%q: %s", user, got)
				}
			}
			url = strings.Replace(url, "://", "://polysocket:PASSWORD@", 1)
			f := newFleet()
			relay, router := f.run(t, url, "a"), open(t, url)
			eventually(t, 10*time.Second, func() string {
				if err := create(t.Context(), router, "x"); err != nil {
					return err.Error()
				}
				return ""
			})
			if alive, err := router.Alive(t.Context(), func(bus.Node) bool { return true }); err != nil || !alive {
				t.Errorf("alive: %v, %v", alive, err)
			}
			place := bus.Lease{Limit: "token:x", ID: "1"}
			if ok, err := router.Acquire(t.Context(), place, 1); err != nil || !ok {
				t.Errorf("acquire: %v, %v", ok, err)
			}
			if err := relay.Renew(t.Context(), []bus.Lease{place}); err != nil {
				t.Error(err)
			}
			if err := relay.Release(t.Context(), []bus.Lease{place}); err != nil {
				t.Error(err)
			}
			if _, err := router.Take(t.Context(), []bus.Rate{{Name: "creates:x", Every: time.Second, Burst: 2}}); err != nil {
				t.Error(err)
			}
			if err := router.PutTicket(t.Context(), "hash", []byte("x"), time.Minute); err != nil {
				t.Error(err)
			}
			if got, err := router.TakeTicket(t.Context(), "hash"); err != nil || string(got) != "x" {
				t.Errorf("the ticket is %q, %v", got, err)
			}
			if ok, err := router.PutKey(t.Context(), bus.KeyRecord{ID: "k", Version: 1}, 0); err != nil || !ok {
				t.Errorf("put a key: %v, %v", ok, err)
			}
			if _, changed, err := relay.ListKeys(t.Context(), nil); err != nil || len(changed) != 1 {
				t.Errorf("the keys are %v, %v", changed, err)
			}
			if err := relay.Withdraw(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Sentinels may want a password that is not Redis's.
func TestSentinelUser(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, redistest.Options{Password: "p4ss"})
	s.Protect("watch", "s3ntinel")
	for password, works := range map[string]bool{"s3ntinel": true, "p4ss": false} {
		b := open(t, s.URL()+"&sentinel_user=watch&sentinel_password="+password)
		eventually(t, 10*time.Second, func() string {
			if _, err := b.Nodes(t.Context()); works && err != nil || !works && (err == nil || !strings.Contains(err.Error(), "WRONGPASS")) {
				return fmt.Sprintf("with the password %s: %v", password, err)
			}
			return ""
		})
	}
}

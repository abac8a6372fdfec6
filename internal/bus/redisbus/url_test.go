package redisbus

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

func TestCheckURL(t *testing.T) {
	for _, good := range []string{
		"redis://127.0.0.1:6379", "redis://127.0.0.1:6379/", "redis://127.0.0.1:6379/3", "redis://h", "rediss://user:p%2Fw@h:6380/1", "valkey://h",
		"valkeys://h?skip_verify=true", "redis://[::1]:6379", "redis://:p@h?db=2", "redis://h?client_name=me",
		"redis://s1:26379?addr=s2:26379&addr=s3:26379&master_set=main", "redis://s1:26379/2?master_set=main", "redis://c1:7000?addr=c2:7000",
		"redis://:p@s1:26379?master_set=main&sentinel_user=u&sentinel_password=q",
	} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                                     "scheme",
		"127.0.0.1:6379":                       "form",
		"localhost:6379":                       "form",
		"http://h":                             "scheme",
		"unix:///tmp/redis.sock":               "scheme",
		"redis://":                             "no host",
		"redis://:hunter2@":                    "no host",
		"redis:h":                              "form",
		"redis://h:port":                       "percent-encoded",
		"redis://:hun/ter2@h":                  "percent-encoded",
		"redis://:hun#ter2@h":                  "percent-encoded",
		"redis://hunter:2#x@h":                 "#",
		"redis://hunter:2?x@h":                 "parameter",
		"redis://hunter:2?%zz@h":               "parameters",
		"redis://h/hunter2":                    "database",
		"redis://h/1/hunter2":                  "database",
		"redis://h/-1":                         "database",
		"redis://h?db=hunter2":                 "database",
		"redis://h/1?addr=h2":                  "Cluster",
		"redis://h?hunter2=1":                  "parameter",
		"redis://h?protocol=2":                 "protocol",
		"redis://h?max_retries=3":              "max_retries",
		"redis://h?dial_timeout=3s":            "dial_timeout",
		"redis://h?master_set=":                "master_set once",
		"redis://h?master_set=a&master_set=b":  "master_set once",
		"redis://h?sentinel_password=hunter2":  "master_set",
		"redis://h?sentinel_user=hunter2":      "master_set",
		"redis://h?addr=":                      "addr",
		"redis://h?addr=:26379&master_set=abc": "addr",
		"rediss://h?skip_verify=hunter2":       "skip_verify",
	} {
		err := CheckURL(bad)
		switch {
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %q", bad, err, want)
		case strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "ter2"):
			t.Errorf("%s: what may be the password stands in the error: %v", bad, err)
		}
	}
}

func TestNew(t *testing.T) {
	for name, o := range map[string]Options{
		"a bad URL": {URL: "redis:", Secret: secret}, "no secret": {URL: "redis://h"},
	} {
		if b, err := New(o); err == nil {
			b.Close()
			t.Errorf("%s is accepted", name)
		}
	}
}

// A buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Where Redis refuses, the log says why, once, and holds no password.
func TestRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Password: "hunter2"})
	secure := redistest.Start(t, redistest.Options{TLS: true, Password: "hunter2"})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	cluster := redistest.StartCluster(t, 3, 0)
	strange := "redis://" + cluster.Servers[0].Addr
	for _, s := range cluster.Servers {
		if s != cluster.Owner(nodesKey) {
			strange = "redis://" + s.Addr
		}
	}
	for _, test := range []struct{ name, url, want string }{
		{"another password", strings.Replace(server.URL(), "hunter2", "hunter3", 1), "WRONGPASS"},
		{"no password", "redis://" + server.Addr, "NOAUTH"},
		{"a certificate that nobody knows", strings.Replace(secure.URL(), "skip_verify=true", "", 1), "certificate"},
		{"no TLS", strings.Replace(server.URL(), "redis:", "rediss:", 1), "tls"},
		{"nobody there", "redis://:hunter2@127.0.0.1:1", "refused"},
		{"a server of HTTP", "redis://" + strings.TrimPrefix(web.URL, "http://"), "no Redis"},
		{"one address of a Cluster", strange, "?addr="},
		{"a Cluster that is none", server.URL() + "?addr=" + server.Addr, "cluster support disabled"},
		{"sentinels that are none", server.URL() + "?master_set=main", "NOAUTH"},
		{"sentinels that want a password", server.URL() + "?master_set=main", "sentinel_password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(buffer)
			b, err := New(Options{URL: test.url, Secret: secret, Log: slog.New(slog.NewTextHandler(log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			eventually(t, 10*time.Second, func() string {
				if !strings.Contains(log.String(), test.want) {
					return "the log says " + log.String()
				}
				return ""
			})
			_, err = b.Nodes(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("nodes: %v, want %q", err, test.want)
			}
			b.Close()
			if said := log.String(); strings.Count(said, "\n") != 1 || strings.Contains(said, "hunter") {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

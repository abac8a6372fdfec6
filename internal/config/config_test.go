package config

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// example is the file of the reference, with all sections.
const example = `
redis: redis://127.0.0.1:6379/0        # rediss://, sentinel and cluster forms too
cluster_secret: env:POLYSOCKET_SECRET  # signs what passes over Redis: a message there makes a relay dial
router: {listen: 0.0.0.0:8080}
relay:
  listen: 0.0.0.0:9001
  host: tom.example.com                # handed out as {uniq}.tom.example.com where wildcard is true
  wildcard: true
  capacity: 20000                      # sockets; default from the open-files limit and memory
  zone: eu-1
targets: {allow_private: [127.0.0.0/8]}
limits: {message: 16MiB, buffer: 256KiB, grace: 30s, hold: 10s}
timeouts: {target: 10s, close: 10s, drain: 30s}
`

// needed is what a file has at least.
const needed = "redis: redis://127.0.0.1:6379/0\ncluster_secret: 0123456789abcdef\n"

// sources are a file's, with an environment of pairs, and no other files.
func sources(data string, env ...string) Sources {
	return Sources{
		File: "polysocket.yaml", Data: []byte(data), Now: time.Now(),
		Env: func(name string) (string, bool) {
			for i := 0; i < len(env); i += 2 {
				if env[i] == name {
					return env[i+1], true
				}
			}
			return "", false
		},
		ReadFile: func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

func read(t *testing.T, s Sources) *Config {
	t.Helper()
	c, err := Read(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExample(t *testing.T) {
	got := read(t, sources(example, "POLYSOCKET_SECRET", "shibboleth-shibboleth"))
	want := &Config{
		Redis: "redis://127.0.0.1:6379/0", ClusterSecret: "shibboleth-shibboleth",
		Router: Router{Listen: "0.0.0.0:8080"},
		Relay:  Relay{Listen: "0.0.0.0:9001", Host: "tom.example.com", Wildcard: true, Capacity: 20000, Zone: "eu-1"},
		Targets: Targets{
			AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		},
		Limits:   Limits{Message: 16 << 20, Buffer: 256 << 10, Grace: 30 * time.Second, Hold: 10 * time.Second, ConnectionsPerAddress: 2048, RequestsPerAddress: 2048},
		Timeouts: Timeouts{Target: 10 * time.Second, Close: 10 * time.Second, Drain: 30 * time.Second},
	}
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

var compare = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func TestDefaults(t *testing.T) {
	got := read(t, sources(needed))
	want := &Config{
		Redis: "redis://127.0.0.1:6379/0", ClusterSecret: "0123456789abcdef", LogLevel: slog.LevelInfo,
		Router:   Router{Listen: "127.0.0.1:8080"},
		Relay:    Relay{Listen: "127.0.0.1:9001"},
		Limits:   Limits{Message: 16 << 20, Buffer: 256 << 10, Grace: 30 * time.Second, Hold: 10 * time.Second, ConnectionsPerAddress: 2048, RequestsPerAddress: 2048},
		Timeouts: Timeouts{Target: 10 * time.Second, Close: 10 * time.Second, Drain: 30 * time.Second},
	}
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Sections that are there and empty, a byte order mark, and Windows' line ends.
	for _, same := range []string{needed + "router:\nrelay: {}\n", "\ufeff" + needed, "---\r\n" + needed + "...\r\n"} {
		if diff := cmp.Diff(want, read(t, sources(same)), compare); diff != "" {
			t.Errorf("%q (-want +got)\n%s", same, diff)
		}
	}
	// No file at all, and one that says nothing.
	env := []string{"POLYSOCKET_REDIS", "redis://127.0.0.1:6379/0", "POLYSOCKET_CLUSTER_SECRET", "0123456789abcdef"}
	none := sources("", env...)
	none.File = ""
	for _, s := range []Sources{none, sources("", env...), sources("# nothing\n", env...), sources("---\n", env...)} {
		if diff := cmp.Diff(want, read(t, s), compare); diff != "" {
			t.Errorf("%q (-want +got)\n%s", s.Data, diff)
		}
	}
}

// What is nearer to the command holds.
func TestPrecedence(t *testing.T) {
	file := needed + "relay: {zone: file, capacity: 10, host: file.example}\nrouter: {host: one.example, origins: ['https://a.example', 'https://b.example']}\n"
	s := sources(file, "POLYSOCKET_RELAY_ZONE", "env", "POLYSOCKET_RELAY_CAPACITY", "20", "POLYSOCKET_RELAY_HOST", "",
		"POLYSOCKET_ROUTER_ORIGINS", "https://c.example, https://d.example", "POLYSOCKET_LIMITS_MESSAGE", "1MiB", "POLYSOCKET_RELAY_WILDCARD", "true")
	s.Flags = map[string][]string{"relay.capacity": {"30"}, "router.host": {"Two.example", "three.example."}, "relay.wildcard": {"false"}}
	got := read(t, s)
	if got.Relay != (Relay{Listen: "127.0.0.1:9001", Host: "file.example", Zone: "env", Capacity: 30}) {
		t.Errorf("relay: %+v", got.Relay)
	}
	want := Router{Listen: "127.0.0.1:8080", Host: []string{"two.example", "three.example"}, Origins: []string{"https://c.example", "https://d.example"}}
	if diff := cmp.Diff(want, got.Router); diff != "" {
		t.Errorf("router (-want +got)\n%s", diff)
	}
	if got.Limits.Message != 1<<20 {
		t.Errorf("limits: %+v", got.Limits)
	}
	if got := read(t, sources(file)).Router.Host; !cmp.Equal(got, []string{"one.example"}) {
		t.Errorf("a single name: %q", got)
	}
}

// A key's path, its variable and its flag lead to the same.
func TestEveryKeyFromEverywhere(t *testing.T) {
	values := map[string]string{
		"redis": "rediss://10.0.0.1:6379/1", "cluster_secret": "fedcba9876543210", "log_level": "warn",
		"router.listen": "[::1]:1", "router.host": "router.example", "router.origins": "https://*.example", "router.zone": "z", "router.debug_listen": "127.0.0.1:2",
		"relay.listen": ":3", "relay.host": "[::1]:3", "relay.wildcard": "false", "relay.capacity": "4", "relay.zone": "z", "relay.debug_listen": "localhost:5",
		"targets.allow_private": "10.0.0.0/8", "targets.deny": "203.0.113.0/24", "limits.message": "1KiB", "limits.buffer": "2KiB", "limits.grace": "1m", "limits.hold": "2m",
		"proxies": "10.0.0.0/8", "limits.dials_per_token": "1/s", "limits.dials_per_host": "2/m", "limits.dials_per_address": "3/h",
		"limits.creates_per_address": "4/s", "limits.sockets_per_address": "5", "limits.connections_per_address": "6", "limits.requests_per_address": "7", "limits.memory": "3GiB",
		"timeouts.target": "3m", "timeouts.close": "4m", "timeouts.drain": "0s",
	}
	base := read(t, sources(needed))
	for _, k := range Keys() {
		value, ok := values[k.Path]
		if !ok {
			if !k.path && !k.records {
				t.Errorf("%s is not tried", k.Path)
			}
			continue // certificate_test.go and customers_test.go have those
		}
		section, name := split(k.Path)
		line, yaml := "", needed
		switch section {
		case "":
			line = name + ": " + value + "\n"
			yaml = map[string]string{"redis": "cluster_secret: 0123456789abcdef\n", "cluster_secret": "redis: redis://127.0.0.1:6379/0\n", "log_level": needed, "proxies": needed}[name]
		default:
			line = section + ":\n  " + name + ": \"" + value + "\"\n"
		}
		byFile := read(t, sources(yaml+line))
		role := k.Role
		if role == "" {
			role = RoleRelay
		}
		if k.Keyed != "" && k.Default != "" {
			t.Errorf("%s has two defaults", k.Path)
		}
		if changed := Changed(base, byFile, role); k.Default != value && (len(changed) == 0 || changed[0].Path != k.Path) {
			t.Errorf("%s: the file changes %d keys", k.Path, len(changed))
		}
		byEnv := read(t, sources(needed, k.Env(), value))
		flagged := sources(needed)
		flagged.Flags = map[string][]string{k.Path: {value}}
		byFlag := read(t, flagged)
		for from, c := range map[string]*Config{"environment": byEnv, "flag": byFlag} {
			if diff := cmp.Diff(k.get(byFile), k.get(c), compare); diff != "" {
				t.Errorf("%s by %s (-file +%s)\n%s", k.Path, from, from, diff)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	a := read(t, sources(needed))
	b := read(t, sources(needed+"log_level: debug\nrouter: {zone: a}\nrelay: {zone: b}\nlimits: {hold: 1s}\n"))
	for role, want := range map[Role][]string{RoleRouter: {"log_level", "router.zone"}, RoleRelay: {"log_level", "relay.zone", "limits.hold"}} {
		var got []string
		for _, k := range Changed(a, b, role) {
			got = append(got, k.Path)
		}
		if !cmp.Equal(got, want) {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
	if changed := Changed(a, a, RoleRelay); len(changed) > 0 {
		t.Errorf("nothing has changed, but %v", changed)
	}
}

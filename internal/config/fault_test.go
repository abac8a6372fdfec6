package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What is said of bad files, to the letter. Each has what it needs in lines 1 and 2.
func TestBadFiles(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"an unknown key", "rediss: x", `polysocket.yaml:3: rediss: there is no such key: did you mean redis?`},
		{"an unknown section", "relays: {listen: x}", `polysocket.yaml:3: relays: there is no such key: did you mean relay?`},
		{"nothing like it", "colour: red", `polysocket.yaml:3: colour: there is no such key: those of the file are redis, cluster_secret, keys, proxies, log_level, router, relay, tls, targets, limits, timeouts`},
		{"an unknown key in a section", "limits:\n  mesage: 1MiB", `polysocket.yaml:4: limits.mesage: there is no such key: did you mean limits.message?`},
		{"nothing like it in a section", "tls: {colour: red}", `polysocket.yaml:3: tls.colour: there is no such key: those of this section are tls.cert, tls.key, tls.target_ca`},
		{"of another section", "zone: eu-1", `polysocket.yaml:3: zone: there is no such key: did you mean router.zone or relay.zone?`},
		{"with a dash", "relay: {debug-listen: 1}", `polysocket.yaml:3: relay.debug-listen: there is no such key: did you mean relay.debug_listen?`},
		{"below a key", "relay:\n  host:\n    name: x", `polysocket.yaml:5: relay.host: it takes one value, not a mapping`},
		{"with dots", "relay.host: tom.example.com", `polysocket.yaml:3: relay.host: there is no such key: a dot stands for a section, so write the part behind it below it`},

		{"a key twice", "limits:\n  hold: 1s\n  hold: 2s", `polysocket.yaml:5: limits.hold: it is there twice: the first is in line 4`},
		{"a section twice", "limits: {hold: 1s}\nlimits: {grace: 1s}", `polysocket.yaml:4: limits: it is there twice: the first is in line 3`},
		{"no value", "relay:\n  zone:", `polysocket.yaml:4: relay.zone: it has no value: write one, or leave the key out`},
		{"null", "relay: {zone: ~}", `polysocket.yaml:3: relay.zone: it has no value: write one, or leave the key out`},
		{"a list for one", "relay: {zone: [a, b]}", `polysocket.yaml:3: relay.zone: it takes one value, not a list`},
		{"a mapping for a list", "router: {host: {a: b}}", `polysocket.yaml:3: router.host: it takes a value or a list of values, not a mapping`},
		{"a list in a list", "router:\n  host:\n  - [a]", `polysocket.yaml:5: router.host: it takes a value or a list of values, not a list`},
		{"a scalar for a section", "relay: tom.example.com", `polysocket.yaml:3: relay: it is a section: write keys below it, as relay.listen, and not "tom.example.com"`},
		{"a list for a section", "limits: [1, 2]", `polysocket.yaml:3: limits: it is a section: write keys below it, as limits.message, and not a list`},
		{"a key that is a list", "[a]: b", `polysocket.yaml:3: a key is a word, not a list`},
		{"an alias", "relay: {zone: &a x}\nrouter: {zone: *a}", `polysocket.yaml:4: router.zone: an alias (*) stands here, and they are not followed: write the value itself`},
		{"a merge", "relay: &a {zone: x}\nrouter:\n  <<: *a", `polysocket.yaml:5: router: << is not followed here: write the keys themselves`},
		{"a tag", "relay: {zone: !!binary eA==}", `polysocket.yaml:3: relay.zone: a tag (!) stands here, and they mean nothing: write the value alone, in quotes where it begins so`},
		{"a tagged section", "relay: !x {zone: a}", `polysocket.yaml:3: relay: a tag (!) stands here, and they mean nothing: write the value alone, in quotes where it begins so`},

		{"tabs", "limits:\n\thold: 1s", `polysocket.yaml:4: a tab indents this line: use spaces`},
		{"two documents", "---\nrouter: {}", `polysocket.yaml:3: a second document begins here: all stands in one`},
		{"a colon too many", "relay: zone: x", `polysocket.yaml:3: it is not YAML: mapping values are not allowed in this context`},
		{"no bracket at the end", "relay: {zone: x\n", `polysocket.yaml:4: it is not YAML: did not find expected ',' or '}' (while parsing a flow mapping, begun in line 3)`},
		{"a star", "router:\n  host: *.example.com", `polysocket.yaml:4: it is not YAML: what begins with * has to stand in quotes`},
		{"no UTF-8", "relay: {zone: \xff}", `polysocket.yaml:3: it is not YAML: this line is not UTF-8`},

		{"no size", "limits: {message: many}", `polysocket.yaml:3: limits.message: "many" is not a size from 1 byte to less than 2 GiB: write 65536, 64KiB or 16MiB`},
		{"a unit that is none", "limits: {buffer: 16MB}", `polysocket.yaml:3: limits.buffer: "16MB" is not a size from 1 byte to less than 2 GiB: write 65536, 64KiB or 16MiB`},
		{"a huge size", "limits: {buffer: 99999999999999999999999}", `polysocket.yaml:3: limits.buffer: "99999999999999999999999" is not a size from 1 byte to less than 2 GiB: write 65536, 64KiB or 16MiB`},
		{"a message too large", "limits: {message: 1.5GiB}", `polysocket.yaml:3: limits.message: "1.5GiB" is more than a message can have: write 1GiB or less`},
		{"a time without a unit", "limits: {grace: 30}", `polysocket.yaml:3: limits.grace: "30" has no unit: write 30s, 500ms or 2m`},
		{"no time", "limits: {grace: long}", `polysocket.yaml:3: limits.grace: "long" is not a time: write 30s, 500ms or 2m`},
		{"no time at all", "limits: {grace: 0s}", `polysocket.yaml:3: limits.grace: "0s" is no time at all: write one above 0, as 10s`},
		{"a huge time", "timeouts: {drain: 99999999h}", `polysocket.yaml:3: timeouts.drain: "99999999h" is not a time: write 30s, 500ms or 2m`},
		{"a long time", "timeouts: {drain: 25h}", `polysocket.yaml:3: timeouts.drain: "25h" is not from 0 to 24h0m0s: write 30s, 500ms or 2m`},
		{"a time in the past", "timeouts: {drain: -1s}", `polysocket.yaml:3: timeouts.drain: "-1s" is not from 0 to 24h0m0s: write 30s, 500ms or 2m`},
		{"no number", "relay: {capacity: many}", `polysocket.yaml:3: relay.capacity: "many" is not a number of sockets from 1 to 100000000: write digits alone, as 20000`},
		{"a huge number", "relay: {capacity: 99999999999999999999}", `polysocket.yaml:3: relay.capacity: "99999999999999999999" is not a number of sockets from 1 to 100000000: write digits alone, as 20000`},
		{"none", "relay: {capacity: 0}", `polysocket.yaml:3: relay.capacity: "0" is not a number of sockets from 1 to 100000000: write digits alone, as 20000`},
		{"neither true nor false", "relay: {wildcard: yes}", `polysocket.yaml:3: relay.wildcard: "yes" is neither true nor false`},
		{"no level", "log_level: loud", `polysocket.yaml:3: log_level: "loud" is not a level: write debug, info, warn or error`},
		{"no address", "relay: {listen: 9001}", `polysocket.yaml:3: relay.listen: "9001" is not an address to listen on: write a host and a port, as 127.0.0.1:8080 or 0.0.0.0:8080`},
		{"no port", "router: {listen: '127.0.0.1:http'}", `polysocket.yaml:3: router.listen: "127.0.0.1:http" is not an address to listen on: write a host and a port, as 127.0.0.1:8080 or 0.0.0.0:8080`},
		{"a URL for a host", "relay: {host: 'https://tom.example.com'}", `polysocket.yaml:3: relay.host: "https://tom.example.com" is not a name: write a host, with a port where it is not the scheme's own, and nothing else, as tom.example.com or tom.example.com:8443`},
		{"a host with a star", "relay: {host: '*.tom.example.com'}", `polysocket.yaml:3: relay.host: "*.tom.example.com" is not a name: write a host, with a port where it is not the scheme's own, and nothing else, as tom.example.com or tom.example.com:8443`},
		{"IPv6 without brackets", "relay: {host: '::1'}", `polysocket.yaml:3: relay.host: "::1" is an IPv6 address without brackets: write [::1]`},
		{"a router's host with a port", "router: {host: 'router.example.com:8080'}", `polysocket.yaml:3: router.host: "router.example.com:8080" has a port, and a router answers whatever the port is: write router.example.com`},
		{"no router's host", "router:\n  host:\n  - good.example\n  - a b", `polysocket.yaml:6: router.host: "a b" is not a name: write a host and nothing else, as router.example.com`},
		{"no zone", "relay: {zone: eu 1}", `polysocket.yaml:3: relay.zone: "eu 1" is not a zone: write at most 64 letters, digits, dots, dashes and underscores, as eu-1`},
		{"no network", "targets: {allow_private: [10]}", `polysocket.yaml:3: targets.allow_private: "10" is not a network: write 127.0.0.0/8 or fd00::/8`},
		{"an address for a network", "targets: {allow_private: 10.1.2.3}", `polysocket.yaml:3: targets.allow_private: "10.1.2.3" is one address: write it with its length, as 10.1.2.3/32`},
		{"no origin", "router: {origins: [example.com]}", `polysocket.yaml:3: router.origins: not an origin`},
		{"a long value", "relay: {zone: " + strings.Repeat("ä ", 99) + "}", `polysocket.yaml:3: relay.zone: "` + strings.Repeat("ä ", 30) + `…" is not a zone: write at most 64 letters, digits, dots, dashes and underscores, as eu-1`},

		{"a wildcard before an address", "relay:\n  wildcard: true\n  host: 127.0.0.1:9001", `polysocket.yaml:5: relay.host: "127.0.0.1:9001" is an address, and relay.wildcard puts a label before a name: write a name, or wildcard: false`},
		{"a certificate without a key", "tls: {cert: x.pem}", `polysocket.yaml:3: tls.cert: tls.cert and tls.key go together: tls.key is missing`},
		{"a key without a certificate", "tls: {key: x.pem}", `polysocket.yaml:3: tls.key: tls.cert and tls.key go together: tls.cert is missing`},
		{"a CA that is not there", "tls: {target_ca: x.pem}", `polysocket.yaml:3: tls.target_ca: it cannot be read: open x.pem: file does not exist`},
	} {
		s := sources(needed + test.file)
		s.CheckOrigin = func(string) error { return errors.New("not an origin") }
		if got := fault(t, s); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// fault is what is said of sources.
func fault(t *testing.T, s Sources) string {
	t.Helper()
	c, err := Read(s)
	var faults Faults
	switch {
	case err == nil:
		return fmt.Sprintf("it is good: %+v", c)
	case !errors.As(err, &faults) || c != nil:
		t.Errorf("%T, %v", err, c)
	}
	return err.Error()
}

func TestBadSources(t *testing.T) {
	withFlag := func(path string, values ...string) Sources {
		s := sources(needed)
		s.Flags = map[string][]string{path: values}
		return s
	}
	none := sources("")
	none.File, none.Role = "", RoleRelay
	every := sources(needed)
	every.Role, every.Flags = RoleRelay, map[string][]string{"relay.listen": {"0.0.0.0:1"}}
	checks := sources(needed)
	checks.CheckRedis = func(url string) error { return errors.New("bad " + url) }
	checks.CheckSecret = func(secret string) error { return errors.New("bad " + secret) }
	for _, test := range []struct {
		name string
		s    Sources
		want string
	}{
		{"environment", sources(needed, "POLYSOCKET_LIMITS_MESSAGE", "many"), `POLYSOCKET_LIMITS_MESSAGE: "many" is not a size from 1 byte to less than 2 GiB: write 65536, 64KiB or 16MiB`},
		{"a list of the environment", sources(needed, "POLYSOCKET_TARGETS_ALLOW_PRIVATE", "10.0.0.0/8,,"), `POLYSOCKET_TARGETS_ALLOW_PRIVATE: "" is not a network: write 127.0.0.0/8 or fd00::/8`},
		{"a flag", withFlag("relay.zone", "a b"), `--zone: "a b" is not a zone: write at most 64 letters, digits, dots, dashes and underscores, as eu-1`},
		{"every address by a flag", every, `--listen: 0.0.0.0:1 is every address of the machine, so relay.host has to say by which name clients reach it, as tom.example.com:9001`},
		{"an unset variable", sources("redis: redis://h\ncluster_secret: env:POLYSOCKET_SECRET"), `polysocket.yaml:2: cluster_secret: the environment variable POLYSOCKET_SECRET is not set: it is to hold the value`},
		{"an empty variable", sources("redis: env:X\ncluster_secret: y", "X", ""), `polysocket.yaml:1: redis: the environment variable X is not set: it is to hold the value`},
		{"no variable", sources("redis: 'env:'\ncluster_secret: y"), `polysocket.yaml:1: redis: behind env: comes the name of an environment variable, as env:POLYSOCKET_SECRET`},
		{"no file of a secret", sources("redis: file:x\ncluster_secret: y"), `polysocket.yaml:1: redis: it cannot be read: open x: file does not exist`},
		{"no name of a file", sources("redis: 'file:'\ncluster_secret: y"), `polysocket.yaml:1: redis: behind file: comes the path of a file, as file:/run/secrets/polysocket`},
		{"nothing", none, "2 faults in the configuration:\n" +
			"  redis: it is missing: routers and relays meet there, as redis://127.0.0.1:6379/0: set POLYSOCKET_REDIS, or give --redis\n" +
			"  cluster_secret: it is missing: it signs what routers and relays say to each other, and all of them have the same: set POLYSOCKET_CLUSTER_SECRET, or name a file by --config"},
		{"an empty file", sources(""), "2 faults in the configuration:\n" +
			"  polysocket.yaml: redis: it is missing: routers and relays meet there, as redis://127.0.0.1:6379/0: set POLYSOCKET_REDIS, or write it into the file, or give --redis\n" +
			"  polysocket.yaml: cluster_secret: it is missing: it signs what routers and relays say to each other, and all of them have the same: set POLYSOCKET_CLUSTER_SECRET, or write it into the file"},
		{"no file of ours", sources(strings.Repeat("x", mostBytes+1), "POLYSOCKET_REDIS", "x", "POLYSOCKET_CLUSTER_SECRET", "y"),
			"polysocket.yaml: it has more than 1048576 bytes: this is not a configuration of polysocket"},
		{"what others check", checks, "2 faults in the configuration:\n" +
			"  polysocket.yaml:1: redis: bad [secret]\n  polysocket.yaml:2: cluster_secret: bad [secret]"},
		{"a role that it does not concern", func() Sources {
			s := sources(needed + "relay: {listen: '0.0.0.0:9001'}")
			s.Role = RoleRouter
			s.Flags = map[string][]string{"router.listen": {"x"}}
			return s
		}(), `--listen: "x" is not an address to listen on: write a host and a port, as 127.0.0.1:8080 or 0.0.0.0:8080`},
	} {
		if got := fault(t, test.s); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// All that is wrong is said at once, in the order of the lines; so is what is
// overridden.
func TestAllFaults(t *testing.T) {
	s := sources("colour: red\nrelay:\n  capacity: 0\n  zone: a b\nredis: redis://h\n", "POLYSOCKET_RELAY_CAPACITY", "7", "POLYSOCKET_LIMITS_HOLD", "x")
	want := `5 faults in the configuration:
  polysocket.yaml:1: colour: there is no such key: those of the file are redis, cluster_secret, keys, proxies, log_level, router, relay, tls, targets, limits, timeouts
  polysocket.yaml:3: relay.capacity: "0" is not a number of sockets from 1 to 100000000: write digits alone, as 20000
  polysocket.yaml:4: relay.zone: "a b" is not a zone: write at most 64 letters, digits, dots, dashes and underscores, as eu-1
  POLYSOCKET_LIMITS_HOLD: "x" is not a time: write 30s, 500ms or 2m
  polysocket.yaml: cluster_secret: it is missing: it signs what routers and relays say to each other, and all of them have the same: set POLYSOCKET_CLUSTER_SECRET, or write it into the file`
	if got := fault(t, s); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A relay needs its name; a file may leave it to each relay's flags.
func TestNameless(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"a wildcard without a name", "relay: {wildcard: true}", `polysocket.yaml:3: relay.wildcard: it needs relay.host, the name to put a label before`},
		{"every address without a name", "relay:\n  listen: 0.0.0.0:9001", `polysocket.yaml:4: relay.listen: 0.0.0.0:9001 is every address of the machine, so relay.host has to say by which name clients reach it, as tom.example.com:9001`},
		{"every address, unnamed", "relay:\n  listen: ':9001'", `polysocket.yaml:4: relay.listen: :9001 is every address of the machine, so relay.host has to say by which name clients reach it, as tom.example.com:9001`},
	} {
		s := sources(needed + test.file)
		s.Role = RoleRelay
		if got := fault(t, s); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		s.Role = ""
		if notes := read(t, s).Notes; len(notes) != 1 || notes[0].String() != test.want+": each relay is to have it by --host or POLYSOCKET_RELAY_HOST" {
			t.Errorf("%s: noted %v", test.name, notes)
		}
		s.Role = RoleRouter
		if notes := read(t, s).Notes; len(notes) != 0 {
			t.Errorf("%s: a router noted %v", test.name, notes)
		}
	}
}

func TestWeakSecret(t *testing.T) {
	const want = "polysocket.yaml:2: cluster_secret: it has fewer than 16 characters, and may be guessed: openssl rand -hex 32 prints a good one"
	if notes := read(t, sources("redis: redis://h\ncluster_secret: 123456789012345")).Notes; len(notes) != 1 || notes[0].String() != want {
		t.Errorf("%v", notes)
	}
	if notes := read(t, sources("redis: redis://h\ncluster_secret: 1234567890123456")).Notes; len(notes) > 0 {
		t.Errorf("%v", notes)
	}
}

package test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/ca"
	"github.com/polysocket/polysocket/test/process"
)

// secret is the cluster's.
const secret = "0123456789abcdef0123456789abcdef"

// configured writes a configuration.
func configured(t *testing.T, yaml string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "polysocket.yaml")
	rewrite(t, file, yaml)
	return file
}

func rewrite(t *testing.T, file, yaml string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
}

// meeting is the configuration of who meets at a Redis, and may dial this machine.
func meeting(redis string) string {
	return "redis: " + redis + "\ncluster_secret: " + secret + "\ntargets: {allow_private: [127.0.0.0/8]}\n"
}

// nowhere is the URL of a Redis that is not there.
func nowhere(t *testing.T) string { return "redis://" + process.FreeAddr(t) }

// with runs polysocket with some environment.
func with(t *testing.T, env []string, args ...string) *process.Process {
	t.Helper()
	return process.Start(t, "env", append(append(env, binary), args...)...)
}

// role starts a router or a relay on a free port.
func role(t *testing.T, command, file string, flags ...string) *server {
	t.Helper()
	return ready(t, command, with(t, nil, append([]string{command, "--open", "--config=" + file, "--listen=127.0.0.1:0"}, flags...)...))
}

// ready waits until a process says that it is ready.
func ready(t *testing.T, command string, p *process.Process) *server {
	t.Helper()
	s := &server{Process: p, base: p.Line("polysocket " + command + " is ready: ")}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: transport, Timeout: patience}
	return s
}

// health is the status of /healthz or /readyz.
func (s *server) health(path string) int {
	s.T.Helper()
	return s.do("GET", path, nil, nil).status
}

// becomes waits for a status of /readyz.
func (s *server) becomes(status int) {
	s.T.Helper()
	process.Until(s.T, "another /readyz", func() bool { return s.health("/readyz") == status })
}

// What router and relay refuse, they refuse at once, and say what to do.
func TestCommandRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	good := meeting(nowhere(t))
	for _, test := range []struct {
		name    string
		command string
		yaml    string
		flags   []string
		want    []string // in what it prints
	}{
		{"a router without keys", "router", good, nil, []string{"nobody has said who may open sockets", "write keys into the file", "--open", "any public address", "targets.allow_private"}},
		{"a relay without keys", "relay", good, nil, []string{"nobody has said who may open sockets", "so the relay does not start", "keys: []", "--open"}},
		{"no Redis", "router", "cluster_secret: " + secret, []string{"--open"}, []string{"redis: it is missing", "POLYSOCKET_REDIS", "--redis"}},
		{"no secret", "relay", "redis: redis://127.0.0.1", []string{"--open"}, []string{"cluster_secret: it is missing", "POLYSOCKET_CLUSTER_SECRET"}},
		{"an empty secret", "relay", "redis: redis://127.0.0.1\ncluster_secret: ''", []string{"--open"}, []string{"polysocket.yaml:2: cluster_secret: ", "empty"}},
		{"no URL of Redis", "relay", "redis: 127.0.0.1:6379\ncluster_secret: " + secret, []string{"--open"}, []string{"polysocket.yaml:1: redis: ", "redis://"}},
		{"every address without a name", "relay", good, []string{"--open", "--listen=0.0.0.0:0"}, []string{"--listen", "relay.host"}},
		{"a port in use", "router", good, []string{"--open", "--listen=" + taken.Addr().String()}, []string{"router.listen", taken.Addr().String(), "in use"}},
		{"profiles on a port in use", "relay", good, []string{"--open", "--listen=127.0.0.1:0", "--debug-listen=" + taken.Addr().String()}, []string{"relay.debug_listen", "in use"}},
		{"an unknown key", "router", good + "colour: red\n", []string{"--open"}, []string{"polysocket.yaml:4: colour: there is no such key"}},
		{"two faults", "router", good + "colour: red\nrelay: {capacity: many}\n", []string{"--open"},
			[]string{"polysocket.yaml:4: colour: ", "polysocket.yaml:5: relay.capacity: "}},
		{"a bad flag", "relay", good, []string{"--open", "--capacity=many"}, []string{`--capacity: "many" is not a number of sockets`}},
		{"a secret on the command line", "relay", good, []string{"--open", "--cluster-secret=x"}, []string{"unknown flag --cluster-secret"}},
		{"a certificate that is not there", "router", good, []string{"--open", "--tls-cert=nowhere.pem", "--tls-key=nowhere.pem"}, []string{"--tls-cert: it cannot be read", "nowhere.pem"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := process.Start(t, binary, append([]string{test.command, "--config=" + configured(t, test.yaml)}, test.flags...)...)
			if status := p.Exit(); status == 0 {
				t.Error("exit status 0")
			}
			for _, want := range test.want {
				if !strings.Contains(p.Output(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if strings.Contains(p.Output(), "is ready") || strings.Contains(p.Output(), "goroutine ") || strings.Contains(p.Output(), secret) {
				t.Error("it is ready, has panicked, or has told the secret")
			}
		})
	}
	p := process.Start(t, binary, "router", "--open", "--config=nowhere.yaml")
	if status := p.Exit(); status == 0 || !strings.Contains(p.Output(), "nowhere.yaml") {
		t.Errorf("without the file: exit status %d", status)
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
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
tls: {cert: CERT, key: KEY, target_ca: CA}
targets: {allow_private: [127.0.0.0/8]}
limits: {message: 16MiB, buffer: 256KiB, grace: 30s, hold: 10s}
timeouts: {target: 10s, close: 10s, drain: 30s}
`
	private := ca.New(t)
	cert, key := private.Issue(t, "tom.example.com")
	_, otherKey := private.Issue(t, "tom.example.com")
	files := func(key string) string {
		return strings.NewReplacer("CERT", cert, "KEY", key, "CA}", private.File+"}").Replace(example)
	}
	known := []string{"POLYSOCKET_SECRET=" + secret}
	for _, test := range []struct {
		name   string
		env    []string
		yaml   string
		status int
		want   []string
	}{
		{"the example", known, files(key), 0, []string{" is good", "is not for *.tom.example.com"}},
		{"the example without its variable", []string{"-u", "POLYSOCKET_SECRET"}, files(key), 1,
			[]string{"polysocket.yaml:3: cluster_secret: the environment variable POLYSOCKET_SECRET is not set"}},
		{"another's key", known, files(otherKey), 1, []string{"polysocket.yaml:11: tls.cert: ", "private key does not match"}},
		{"an unknown key", known, files(key) + "limit: {}\n", 1, []string{"polysocket.yaml:15: limit: there is no such key: did you mean limits?"}},
		{"no files", known, example, 1, []string{"polysocket.yaml:11: tls.cert: it cannot be read", "polysocket.yaml:11: tls.key: ", "polysocket.yaml:11: tls.target_ca: "}},
		{"a variable that is bad", append(known, "POLYSOCKET_RELAY_CAPACITY=x"), files(key), 1, []string{`POLYSOCKET_RELAY_CAPACITY: "x" is not a number`}},
		{"an empty file", known, "", 1, []string{"redis: it is missing", "cluster_secret: it is missing"}},
	} {
		file := configured(t, test.yaml)
		p := with(t, test.env, "config", "check", file)
		if status := p.Exit(); status != test.status {
			t.Errorf("%s: exit status %d", test.name, status)
		}
		for _, want := range test.want {
			if !strings.Contains(p.Output(), want) {
				t.Errorf("%s: it does not say %q, but\n%s", test.name, want, p.Output())
			}
		}
		if strings.Contains(p.Output(), secret) {
			t.Errorf("%s: it tells the secret", test.name)
		}
	}
	p := process.Start(t, binary, "config", "check", "nowhere.yaml")
	if status := p.Exit(); status != 1 || !strings.Contains(p.Output(), "nowhere.yaml") {
		t.Errorf("without the file: exit status %d", status)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	p := process.Start(t, binary, "--version")
	if status := p.Exit(); status != 0 || !strings.HasPrefix(p.Output(), "polysocket 0.") {
		t.Errorf("exit status %d, %s", status, p.Output())
	}
}

// Flags stand over the environment, and that over the file.
func TestConfigPrecedence(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	file := configured(t, "redis: redis://127.0.0.1:1\ncluster_secret: env:ELSEWHERE\n"+
		"router: {listen: '127.0.0.1:1'}\nrelay: {listen: '127.0.0.1:2', host: file.example}\ntargets: {allow_private: 127.0.0.0/8}\nlimits: {message: 3}\n")
	env := []string{"ELSEWHERE=" + secret, "POLYSOCKET_CONFIG=" + file, "POLYSOCKET_REDIS=" + redis.URL(), "POLYSOCKET_RELAY_HOST=env.example", "POLYSOCKET_LIMITS_MESSAGE=2"}
	router := ready(t, "router", with(t, env, "router", "--open", "--listen=127.0.0.1:0"))
	relay := ready(t, "relay", with(t, env, "relay", "--open", "--listen=127.0.0.1:0", "--host=flag.example:9", "--message-limit=5"))
	relay.becomes(http.StatusOK)
	_, target := ws(t)
	var created answer
	process.Until(t, "a socket", func() bool {
		created = router.create(target, nil)
		return created.OK
	})
	if created.Polysocketd != "flag.example:9" {
		t.Errorf("the relay is handed out as %q", created.Polysocketd)
	}
	send := func(data string) answer { return relay.do("POST", "/s/"+created.Socket+"?t=t", []byte(data), nil) }
	send("12345").is(t, http.StatusCreated, "")
	if a := send("123456"); a.OK {
		t.Errorf("more than a message may have: %d %s", a.status, a.body)
	}
	// The relay answers to the name that it hands out.
	relay.do("GET", "/j/"+created.Socket+"?a=0", nil, http.Header{"Host": {"flag.example:9"}}).is(t, http.StatusOK, "")
	relay.do("GET", "/j/"+created.Socket+"?a=0", nil, http.Header{"Host": {"env.example"}}).is(t, http.StatusMisdirectedRequest, "misdirected")
}

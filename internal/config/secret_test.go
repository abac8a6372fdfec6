package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A configuration is not printed with what is secret in it, whatever prints it.
func TestSecretsAreNotPrinted(t *testing.T) {
	const password, shibboleth, customers = "hunter2hunter2", "shibboleth-shibboleth", "0123456789abcdef0123456789abcdef"
	c := read(t, sources("redis: redis://user:"+password+"@h/0\ncluster_secret: "+shibboleth+"\nkeys: [{id: a, secret: "+customers+", targets: ['wss://a/*']}]"))
	if len(c.Keys) != 1 || c.Keys[0].Secret != customers {
		t.Fatal(len(c.Keys))
	}
	if string(c.ClusterSecret) != shibboleth || !strings.Contains(string(c.Redis), password) {
		t.Fatalf("%q %q", string(c.ClusterSecret), string(c.Redis))
	}
	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&printed, verb+"\n", c)
		fmt.Fprintf(&printed, verb+"\n", c.ClusterSecret)
		fmt.Fprintf(&printed, verb+"\n", &c.Redis)
		fmt.Fprintf(&printed, verb+"\n", c.Keys)
	}
	object, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(object)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("", "secret", c.ClusterSecret, "all", c)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("", "secret", c.Redis, "keys", c.Keys, "all", *c)
	for _, secret := range []string{password, shibboleth, customers, fmt.Sprintf("%x", password), fmt.Sprintf("%x", shibboleth), fmt.Sprintf("%x", customers)} {
		if strings.Contains(printed.String(), secret) {
			t.Errorf("%s is printed:\n%s", secret, printed.String())
		}
	}
}

// Nor do errors hold it, whoever makes them.
func TestSecretsAreNotInErrors(t *testing.T) {
	for _, test := range []struct{ url, secret, says string }{
		{"redis://user:hunter2@h/0", "hunter2", "parse redis://user:hunter2@h/0: bad hunter2"},
		{"redis://:hunter2@h/0", "hunter2", `invalid userinfo ":hunter2"`},
		{"redis://user:hunter%32x@h/0", "hunter2x", "the password hunter2x is bad"},
		{"redis://user:hunt@er2@h/0", "hunt@er2", "bad user:hunt@er2"},
	} {
		s := sources("redis: " + test.url + "\ncluster_secret: x")
		s.CheckRedis = func(string) error { return errors.New(test.says) }
		if got := fault(t, s); strings.Contains(got, test.secret) || !strings.Contains(got, hidden) {
			t.Errorf("%s: %s", test.url, got)
		}
	}
	// A secret that stands where it cannot be read.
	for _, file := range []string{"cluster_secret: [hunter2]\n", "cluster_secret: {hunter2: x}\n", "redis: !hunter2 hunter2\n", "redis: *hunter2\n"} {
		if got := fault(t, sources(file)); strings.Contains(got, "hunter2") {
			t.Errorf("%q: %s", file, got)
		}
	}
}

func TestSecretsFromElsewhere(t *testing.T) {
	s := sources("redis: file:secrets/redis\ncluster_secret: file:/run/secrets/cluster\n")
	s.File = "/etc/polysocket/polysocket.yaml"
	s.ReadFile = func(name string) ([]byte, error) {
		switch name { // a path begins in the folder of the file that names it
		case "/etc/polysocket/secrets/redis":
			return []byte("redis://h/0\r\n"), nil
		case "/run/secrets/cluster":
			return []byte("shibboleth\n"), nil
		}
		return nil, errors.New("not there: " + name)
	}
	if c := read(t, s); string(c.Redis) != "redis://h/0" || string(c.ClusterSecret) != "shibboleth" {
		t.Errorf("%q %q", string(c.Redis), string(c.ClusterSecret))
	}
	s.ReadFile = func(string) ([]byte, error) { return []byte("\n"), nil }
	if got := fault(t, s); !strings.Contains(got, "/etc/polysocket/polysocket.yaml:1: redis: /etc/polysocket/secrets/redis is empty") {
		t.Error(got)
	}
	env := sources("redis: redis://h", "POLYSOCKET_CLUSTER_SECRET", "env:ELSEWHERE", "ELSEWHERE", "shibboleth")
	if c := read(t, env); string(c.ClusterSecret) != "shibboleth" {
		t.Errorf("%q", string(c.ClusterSecret))
	}
}

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/config"
)

// parse reads a command line, and returns what is given of the role's keys.
func parse(t *testing.T, role config.Role, args ...string) map[string][]string {
	t.Helper()
	k, err := kong.New(new(cli), options()...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Parse(append([]string{string(role)}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return given(c, role)
}

func TestGiven(t *testing.T) {
	for _, test := range []struct {
		role config.Role
		args []string
		want map[string][]string
	}{
		{config.RoleRouter, nil, map[string][]string{}},
		{config.RoleRelay, []string{"--open", "--config=x.yaml"}, map[string][]string{}},
		{config.RoleRouter, []string{"--listen=a:1", "--host=a,b", "--host", "c", "--origin=*", "--zone=z", "--redis=r", "--debug-listen=d", "--log-level=warn"},
			map[string][]string{
				"router.listen": {"a:1"}, "router.host": {"a", "b", "c"}, "router.origins": {"*"}, "router.zone": {"z"},
				"redis": {"r"}, "router.debug_listen": {"d"}, "log_level": {"warn"},
			}},
		{config.RoleRelay, []string{"--listen=a:1", "--host=a", "--wildcard", "--capacity=9", "--zone=z", "--debug-listen=d", "--allow-private=10.0.0.0/8",
			"--tls-cert=c", "--tls-key=k", "--target-ca=t", "--drain-timeout=1s"},
			map[string][]string{
				"relay.listen": {"a:1"}, "relay.host": {"a"}, "relay.wildcard": {"true"}, "relay.capacity": {"9"}, "relay.zone": {"z"}, "relay.debug_listen": {"d"},
				"targets.allow_private": {"10.0.0.0/8"}, "tls.cert": {"c"}, "tls.key": {"k"}, "tls.target_ca": {"t"}, "timeouts.drain": {"1s"},
			}},
		{config.RoleRelay, []string{"--no-wildcard", "--grace=90s", "--message-limit=1.5MiB", "--buffer-limit=9", "--hold=1s", "--target-timeout=2s", "--close-timeout=3s"},
			map[string][]string{
				"relay.wildcard": {"false"}, "limits.grace": {"1m30s"}, "limits.message": {"1536KiB"}, "limits.buffer": {"9"}, "limits.hold": {"1s"},
				"timeouts.target": {"2s"}, "timeouts.close": {"3s"},
			}},
		{config.RoleRelay, []string{"--wildcard=false"}, map[string][]string{"relay.wildcard": {"false"}}},
	} {
		if diff := cmp.Diff(test.want, parse(t, test.role, test.args...)); diff != "" {
			t.Errorf("%s %q (-want +got)\n%s", test.role, test.args, diff)
		}
	}
}

// Each flag of router and relay is a key's, and each key that has a flag has it where
// it holds.
func TestFlagsAreKeys(t *testing.T) {
	k, err := kong.New(new(cli), options()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []config.Role{config.RoleRouter, config.RoleRelay} {
		i := slices.IndexFunc(k.Model.Children, func(n *kong.Node) bool { return n.Name == string(role) })
		var flags, want []string
		for _, f := range k.Model.Children[i].Flags {
			if f.Name != "config" && f.Name != "open" {
				flags = append(flags, "--"+f.Name)
			}
		}
		for _, key := range config.Keys() {
			if key.Flag != "" && (key.Role == "" || key.Role == role) {
				want = append(want, key.Flag)
			}
		}
		slices.Sort(flags)
		slices.Sort(want)
		if diff := cmp.Diff(want, flags); diff != "" {
			t.Errorf("%s (-keys +flags)\n%s", role, diff)
		}
	}
	for _, key := range config.Keys() {
		if strings.Contains(key.Path, "secret") && key.Flag != "" {
			t.Errorf("%s has a flag, and everybody sees the command line", key.Path)
		}
	}
}

// The flags of dev have the defaults of the configuration.
func TestDevDefaults(t *testing.T) {
	c := new(cli)
	k, err := kong.New(c, options()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Parse([]string{"dev"}); err != nil {
		t.Fatal(err)
	}
	l := c.Dev.limits
	got := map[string]string{
		"limits.grace": l.Grace.String(), "limits.hold": l.Hold.String(), "limits.message": l.MessageLimit.String(), "limits.buffer": l.BufferLimit.String(),
		"timeouts.target": l.TargetTimeout.String(), "timeouts.close": l.CloseTimeout.String(),
	}
	for _, key := range config.Keys() {
		if value, ok := got[key.Path]; ok && value != key.Default {
			t.Errorf("%s is %s for dev, and %s else", key.Path, value, key.Default)
		}
	}
}

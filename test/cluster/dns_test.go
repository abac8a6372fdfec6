package cluster

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// dns has the files for name servers.
const dns = "../../deploy/dns"

// The zone is one, and has a name for the routers, and one and all below it for each relay.
func TestZone(t *testing.T) {
	t.Parallel()
	// In its canonical form a line is a record.
	out, err := exec.Command("named-checkzone", "-D", "example.com", filepath.Join(dns, "example.com.zone")).CombinedOutput()
	if err != nil {
		t.Fatalf("named-checkzone: %v\n%s", err, out)
	}
	var records []string
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 5 && f[2] == "IN" {
			records = append(records, f[0]+" "+f[3]+" "+f[4])
		}
	}
	for _, want := range []string{
		"ws.example.com. A 192.0.2.1", "ws.example.com. A 192.0.2.2", "ws.example.com. AAAA 2001:db8::1", "ws.example.com. AAAA 2001:db8::2",
		"tom.example.com. A 192.0.2.11", "*.tom.example.com. A 192.0.2.11", "*.tom.example.com. AAAA 2001:db8::11",
		"*.dick.example.com. A 192.0.2.12", "harry.example.com. A 192.0.2.13", "*.harry.example.com. A 192.0.2.13",
	} {
		if !slices.Contains(records, want) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
}

// Servers with the files for them know the same names.
func TestNameServers(t *testing.T) {
	t.Parallel()
	t.Run("dnsmasq", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(dns, "dnsmasq.conf")
		if out, err := exec.Command("dnsmasq", "--test", "--conf-file="+file).CombinedOutput(); err != nil {
			t.Fatalf("dnsmasq --test: %v\n%s", err, out)
		}
		addr := process.FreeAddr(t)
		host, port, _ := strings.Cut(addr, ":")
		process.Start(t, "dnsmasq", "--keep-in-foreground", "--conf-file="+file, "--listen-address="+host, "--port="+port, "--bind-interfaces",
			"--no-resolv", "--no-hosts", "--user=", "--group=", "--pid-file=").Listens(addr)
		resolves(t, addr)
	})
	t.Run("unbound", func(t *testing.T) {
		t.Parallel()
		file, err := filepath.Abs(filepath.Join(dns, "unbound.conf"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("unbound-checkconf", file).CombinedOutput(); err != nil {
			t.Fatalf("unbound-checkconf: %v\n%s", err, out)
		}
		addr := process.FreeAddr(t)
		host, port, _ := strings.Cut(addr, ":")
		config := filepath.Join(t.TempDir(), "unbound.conf")
		around := "server:\n\tinterface: " + host + "\n\tport: " + port + "\n\tusername: \"\"\n\tchroot: \"\"\n\tdirectory: \"\"\n\tpidfile: \"\"\n" +
			"\tuse-syslog: no\n\tdo-daemonize: no\n\taccess-control: 127.0.0.0/8 allow\ninclude: " + file + "\n"
		if err := os.WriteFile(config, []byte(around), 0o600); err != nil {
			t.Fatal(err)
		}
		process.Start(t, "unbound", "-d", "-c", config).Listens(addr)
		resolves(t, addr)
	})
}

// resolves checks the names at a name server.
func resolves(t *testing.T, addr string) {
	t.Helper()
	at := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	for name, want := range map[string][]string{
		"ws.example.com":        {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"},
		"tom.example.com":       {"192.0.2.11", "2001:db8::11"},
		"k3j7q.tom.example.com": {"192.0.2.11", "2001:db8::11"},
		"x.dick.example.com":    {"192.0.2.12"},
		"y.harry.example.com":   {"192.0.2.13"},
	} {
		got, err := at.LookupHost(t.Context(), name)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is at %v, want %v (%v)", name, got, want, err)
		}
	}
}

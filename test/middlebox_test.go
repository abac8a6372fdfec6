package test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/lossless"
	"github.com/polysocket/polysocket/test/process"
)

// A box is one of Debian's proxies, as it is configured in middlebox/.
type box struct {
	name    string
	config  string
	command []string // with @CONFIG@
	forward bool     // it is a forward proxy, and else stands before the relay
	holds   bool     // it holds streams back
}

var boxes = []box{
	{name: "nginx", config: "nginx.conf", command: []string{"nginx", "-e", "stderr", "-c", "@CONFIG@"}},
	{name: "nginx that holds streams", config: "nginx-held.conf", command: []string{"nginx", "-e", "stderr", "-c", "@CONFIG@"}, holds: true},
	{name: "squid", config: "squid.conf", command: []string{"squid", "-N", "-f", "@CONFIG@"}, forward: true},
	{name: "tinyproxy", config: "tinyproxy.conf", command: []string{"tinyproxy", "-d", "-c", "@CONFIG@"}, forward: true},
}

// before starts the box, on the way to a server. It returns the base to use, and a transport that goes by the box.
func (b box) before(t *testing.T, s *server) (base string, transport *http.Transport) {
	t.Helper()
	dir, addr := t.TempDir(), process.FreeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile(filepath.Join("middlebox", b.config))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, b.config)
	filled := strings.NewReplacer(
		"@LISTEN@", addr, "@HOST@", host, "@PORT@", port, "@RELAY@", strings.TrimPrefix(s.base, "http://"), "@DIR@", dir,
	).Replace(string(template))
	if err := os.WriteFile(config, []byte(filled), 0o644); err != nil { // squid reads it as another user
		t.Fatal(err)
	}
	var args []string
	for _, arg := range b.command[1:] {
		args = append(args, strings.ReplaceAll(arg, "@CONFIG@", config))
	}
	process.Start(t, b.command[0], args...).Listens(addr)
	transport = new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	if b.forward {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: addr})
		return s.base, transport
	}
	return "http://" + addr, transport
}

// Nothing is lost, doubled or out of order behind any of them.
func TestMiddleboxHistory(t *testing.T) {
	server := dev(t)
	for _, b := range boxes {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			base, transport := b.before(t, server)
			for _, c := range carriers {
				if b.holds && slices.ContainsFunc(c.down, lossless.Down.Endless) {
					continue
				}
				past{seed: seedOfChaos(), messages: 300, carrier: c, base: base, transport: transport}.happen(t)
			}
		})
	}
}

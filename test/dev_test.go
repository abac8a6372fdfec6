package test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// What dev refuses, it refuses at once, and says what to do.
func TestDevRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	for _, test := range []struct {
		name  string
		flags []string
		want  []string // in what it prints
	}{
		{"every address", []string{"--listen=0.0.0.0:0"}, []string{"--listen", "not a loopback address", "--open"}},
		{"every address, unnamed", []string{"--listen=:0"}, []string{"--listen", "not a loopback address", "--open"}},
		{"every IPv6 address", []string{"--listen=[::]:0"}, []string{"--listen", "not a loopback address", "--open"}},
		{"profiles for all", []string{"--listen=127.0.0.1:0", "--debug-listen=0.0.0.0:0"}, []string{"--debug-listen", "not a loopback address"}},
		{"no address", []string{"--listen=nonsense"}, []string{"--listen nonsense", "127.0.0.1:8080"}},
		{"a port in use", []string{"--listen=" + taken.Addr().String()}, []string{"--listen", taken.Addr().String(), "in use"}},
		{"a certificate without a key", []string{"--tls-cert=doc.go"}, []string{"--tls-cert", "--tls-key"}},
		{"a CA that is none", []string{"--target-ca=doc.go"}, []string{"--target-ca", "doc.go"}},
		{"a CA that is not there", []string{"--target-ca=nowhere.pem"}, []string{"--target-ca", "nowhere.pem"}},
		{"a wildcard without a name", []string{"--wildcard"}, []string{"--wildcard", "--host"}},
		{"no time", []string{"--grace=0s"}, []string{"--grace"}},
		{"no size", []string{"--message-limit=many"}, []string{"--message-limit", "many"}},
		{"an origin that is none", []string{"--origin=example.com"}, []string{"example.com"}},
		{"a private network that is none", []string{"--open", "--allow-private=10"}, []string{"--allow-private", "10"}},
		{"an unknown flag", []string{"--colour"}, []string{"--colour"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := process.Start(t, binary, append([]string{"dev"}, test.flags...)...)
			if status := p.Exit(); status == 0 {
				t.Error("exit status 0")
			}
			for _, want := range test.want {
				if !strings.Contains(p.Output(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if strings.Contains(p.Output(), "is ready") || strings.Contains(p.Output(), "goroutine ") {
				t.Error("it is ready, or has panicked")
			}
		})
	}
}

// Another one on the same port says whose flag it is, and leaves the first alone.
func TestSecondInstance(t *testing.T) {
	t.Parallel()
	first := dev(t)
	second := process.Start(t, binary, "dev", "--listen="+strings.TrimPrefix(first.base, "http://"))
	if status := second.Exit(); status == 0 {
		t.Error("exit status 0")
	}
	if out := second.Output(); !strings.Contains(out, "--listen") || !strings.Contains(out, "address already in use") {
		t.Error("it does not say what is wrong")
	}
	first.do("GET", "/relay?host=x", nil, nil).is(t, http.StatusOK, "")
}

// With --open targets in private networks are refused, but those that are named.
func TestOpen(t *testing.T) {
	t.Parallel()
	dialled := listen(t)
	server := open(t)
	for _, target := range []string{
		"ws://" + dialled.addr, "ws://localhost:" + dialled.port(), "ws://[::ffff:127.0.0.1]:" + dialled.port(),
		"ws://10.0.0.1/", "ws://192.168.1.1/", "ws://169.254.169.254/latest/meta-data/", "ws://[::1]:" + dialled.port(), "ws://0.0.0.0:" + dialled.port(),
	} {
		server.create(target, nil).is(t, http.StatusForbidden, "target_denied")
	}
	dialled.byNobodyBut(open(t, "--allow-private=127.0.0.0/8"))
}

// What dev itself listens on is no target with --open, whatever is allowed.
func TestOpenListeners(t *testing.T) {
	t.Parallel()
	server := open(t, "--allow-private=127.0.0.0/8", "--debug-listen=127.0.0.1:0")
	for _, target := range []string{server.base + "/echo", server.profiles()} {
		server.create("ws"+strings.TrimPrefix(target, "http"), nil).is(t, http.StatusForbidden, "target_denied")
	}
}

// open starts a dev that anybody may reach.
func open(t *testing.T, flags ...string) *server {
	t.Helper()
	s := dev(t, append([]string{"--open", "--listen=0.0.0.0:0"}, flags...)...)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	s.base = "http://127.0.0.1:" + port
	return s
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	server := dev(t, "--debug-listen=127.0.0.1:0")
	base := server.profiles()
	for page, want := range map[string]string{
		"": "goroutine", "goroutine?debug=1": "goroutine profile:", "heap?debug=1": "heap profile:", "cmdline": binary, "symbol": "num_symbols",
	} {
		if status, body := get(t, base+page, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s%s: %d, without %q", base, page, status, want)
		}
	}
	for site, want := range map[string]int{"none": http.StatusOK, "same-origin": http.StatusOK, "same-site": http.StatusForbidden, "cross-site": http.StatusForbidden} {
		if status, _ := fetched(t, base+"cmdline", "Sec-Fetch-Site", site); status != want {
			t.Errorf("the profiles for a page that is %s: %d, want %d", site, status, want)
		}
	}
	if status, _ := fetched(t, base+"cmdline", "Polysocket-Hop", "1"); status != http.StatusForbidden {
		t.Errorf("the profiles for a relay: %d", status)
	}
	if status, _ := get(t, server.base+"/debug/pprof/", ""); status != http.StatusNotFound {
		t.Errorf("the profiles are where everybody is let in: %d", status)
	}
}

// profiles is the URL of the profiles, with the slash at the end.
func (s *server) profiles() (url string) {
	s.T.Helper()
	process.Until(s.T, "a URL of profiles", func() bool { // behind the ready line
		for line := range strings.Lines(s.Output()) {
			if rest, ok := strings.CutPrefix(line, "  profiles "); ok {
				url = strings.TrimSpace(rest)
			}
		}
		return url != ""
	})
	return url
}

// get is for what is not the protocol's.
func get(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	return fetched(t, url, "Host", host)
}

// fetched is get with a header.
func fetched(t *testing.T, url, name, value string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	if name == "Host" {
		r.Host = value
	} else {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

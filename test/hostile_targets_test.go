package test

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/polysocket/polysocket/test/nameserver"
	"github.com/polysocket/polysocket/test/process"
)

// corpus is what internal/upstream is held to as well.
const corpus = "../internal/upstream/testdata/targets/"

// nameservers is an address at which a resolver, which knows no other port, finds ours.
const nameservers = "127.53.53.53"

// lying starts polysocket where all names are what a nameserver of ours says, and where
// 127.77.0.0/16 may be reached and nothing else of this machine. It needs root.
func lying(t *testing.T) (*server, *nameserver.Server) {
	t.Helper()
	names := nameserver.Start(t, nameservers+":53", corpus+"zone.txt")
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver "+nameservers+"\noptions attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A mount that only this process sees.
	p := process.Start(t, "unshare", "--mount", "sh", "-c", `mount --bind "$0" "$(realpath /etc/resolv.conf)" && exec "$@"`, conf,
		binary, "dev", "--open", "--listen=127.0.0.1:0", "--allow-private=127.77.0.0/16")
	return ready(t, "dev", p), names
}

// Of the corpus of hostile targets a running process dials none, whatever a DNS server says.
func TestHostileTargets(t *testing.T) {
	s, _ := lying(t)
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())

	lines := hostileLines(t)
	if len(lines) < 200 {
		t.Fatalf("only %d targets", len(lines))
	}
	few := make(chan struct{}, 32)
	var all sync.WaitGroup
	for _, line := range lines {
		target := strings.ReplaceAll(line[1], "{port}", port)
		all.Go(func() {
			few <- struct{}{}
			defer func() { <-few }()
			want := map[string]string{"bad": "400 bad_request", "denied": "403 target_denied", "unreachable": "502 target_unreachable"}[line[0]]
			if a := s.create(target, nil); strconv.Itoa(a.status)+" "+a.Code != want {
				t.Errorf("%q: %d %s, want %s", target, a.status, a.body, want)
			}
		})
	}
	all.Wait()

	// Connections are accepted in their order, and what may be dialled is: it comes last.
	counted := make(chan int)
	go func() {
		for n := 0; ; n++ {
			c, err := listener.Accept()
			if err != nil {
				counted <- n
				return
			}
			host, _, _ := net.SplitHostPort(c.LocalAddr().String())
			c.Close()
			if net.ParseIP(host).String() == "127.77.0.1" {
				counted <- n
				return
			}
		}
	}()
	s.create("ws://127.77.0.1:"+port+"/", nil).is(t, 502, "target_refused")
	n := <-counted
	if n > 0 {
		t.Errorf("%d connections came", n)
	}
	t.Logf("%d targets, %d dialled", len(lines), n)
}

// A name that leads to what may be dialled, and then elsewhere, does not lead there.
func TestRebindingTargets(t *testing.T) {
	s, names := lying(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(echoAt(t, "127.77.0.1:0"), "ws://"), ":") // with a slash
	answers := [][]string{{"A 127.77.0.1"}, {"A 127.0.0.1"}, {"A 127.77.0.1", "A 127.0.0.1"}, {"A 127.77.0.1", "AAAA ::1"}, {"CNAME metadata.test."}}
	names.Say("rebind.test.", func(asked int) []string { return answers[asked%len(answers)] })
	for round := range 2 {
		for i := range answers {
			a := s.create("ws://rebind.test:"+port, nil)
			if i == 0 {
				a.is(t, 200, "")
			} else if a.status != 403 || a.Code != "target_denied" {
				t.Errorf("round %d, %v: %d %s", round, answers[i], a.status, a.body)
			}
		}
	}
}

// hostileLines are those of the corpus that do not depend on the ports that are let
// through: what becomes of a target, and the target.
func hostileLines(t *testing.T) (lines [][2]string) {
	t.Helper()
	file, err := os.Open(corpus + "hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	for in.Scan() {
		kind, target, _ := strings.Cut(in.Text(), " ")
		target = strings.TrimLeft(target, " ")
		if kind == "" || kind == "#" || kind == "port" {
			continue
		}
		if strings.HasPrefix(target, `"`) {
			if target, err = strconv.Unquote(target); err != nil {
				t.Fatal(in.Text(), err)
			}
		}
		lines = append(lines, [2]string{kind, target})
	}
	return lines
}

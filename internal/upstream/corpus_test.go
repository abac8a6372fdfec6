package upstream

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
	"github.com/polysocket/polysocket/test/nameserver"
)

// names runs a DNS server with the names of the corpora until the test ends.
func names(t testing.TB) *nameserver.Server {
	t.Helper()
	return nameserver.Start(t, "127.0.0.1:0", "testdata/targets/zone.txt")
}

// corpus reads lines of two columns, of which the second may be a Go string.
func corpus(t testing.TB, name string) (lines [][2]string) {
	t.Helper()
	file, err := os.Open("testdata/targets/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	for in.Scan() {
		line := in.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		first, rest, _ := strings.Cut(line, " ")
		second := strings.TrimLeft(rest, " ")
		if strings.HasPrefix(second, `"`) {
			if second, err = strconv.Unquote(second); err != nil {
				t.Fatal(line, err)
			}
		}
		lines = append(lines, [2]string{first, second})
	}
	return lines
}

// everywhere listens at every address of this machine. The function tells how many
// connections came, when no more can.
func everywhere(t testing.TB) (port string, connections func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, func() (n int) {
		// Connections are accepted in their order, so this is the last.
		last, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer last.Close()
		listener.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second))
		for ; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			if conn.RemoteAddr().String() == last.LocalAddr().String() {
				listener.Close()
				return n
			}
		}
	}
}

func TestHostileTargets(t *testing.T) {
	port, connections := everywhere(t)
	resolver := names(t).Resolver()
	var record dialled
	rules := map[string]Guard{"any port": Rules{AnyPort: true}.Guard(), "zero": {}}
	named, _ := strconv.Atoi(port)
	lines := corpus(t, "hostile.txt")
	if len(lines) < 200 {
		t.Fatalf("only %d targets", len(lines))
	}

	few := make(chan struct{}, 32)
	var all sync.WaitGroup
	for _, line := range lines {
		want, s := line[0], strings.ReplaceAll(line[1], "{port}", port)
		u, err := wire.ParseTarget(s)
		if (err != nil) != (want == "bad") {
			t.Errorf("%q is parsed as %v, %v; want %s", s, u, err, want)
		}
		if err != nil {
			continue
		}
		for name, guard := range rules {
			if want == "port" && name == "any port" {
				continue
			}
			all.Go(func() {
				few <- struct{}{}
				defer func() { <-few }()
				d := record.through(&Dialer{Guard: guard, Resolver: resolver})
				c, err := d.Dial(context.Background(), Request{Target: u, Ports: []uint16{uint16(named)}})
				expected := wire.TargetDenied
				if want == "unreachable" {
					expected = wire.TargetUnreachable
				}
				if got := code(t, c, err); got != expected {
					t.Errorf("%q, %s: %q, want %s", s, name, got, expected)
				}
			})
		}
	}
	all.Wait()
	expectDialled(t, &record)
	if n := connections(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

func TestHarmlessTargets(t *testing.T) {
	resolver := names(t).Resolver()
	var record dialled
	for _, line := range corpus(t, "harmless.txt") {
		u := parse(t, line[0])
		want := netip.MustParseAddrPort(line[1]).String()
		for name, guard := range map[string]Guard{"zero": {}, "any port": Rules{AnyPort: true}.Guard(), "new": NewGuard()} {
			r := Request{Target: u}
			if name == "zero" {
				r.Ports = []uint16{8443}
			}
			c, err := record.through(&Dialer{Guard: guard, Resolver: resolver}).Dial(context.Background(), r)
			if got := code(t, c, err); got != wire.TargetUnreachable {
				t.Errorf("%s, %s: %q", line[0], name, got)
			}
			if got := record.take(); !slices.Equal(got, []string{want}) {
				t.Errorf("%s, %s: dialled %v, want %s", line[0], name, got, want)
			}
		}
	}
}

// The listeners and the record do see what is let through: else the tests above
// could not fail.
func TestHostileTargetsAreSeen(t *testing.T) {
	port, connections := everywhere(t)
	var record dialled
	d := record.through(&Dialer{Guard: OpenGuard(), Timeout: 20 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	tcp := d.tcp
	d.tcp = func(_ context.Context, with *net.Dialer, to netip.AddrPort) (net.Conn, error) {
		defer cancel()
		return tcp(context.Background(), with, to)
	}
	if _, err := d.Dial(ctx, Request{Target: parse(t, "ws://0x7f.1:"+port+"/")}); err != context.Canceled {
		t.Error(err)
	}
	expectDialled(t, &record, "127.0.0.1:"+port)
	if n := connections(); n != 1 {
		t.Errorf("%d connections came", n)
	}
}

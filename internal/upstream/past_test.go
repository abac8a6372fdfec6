package upstream

import (
	"context"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// Ways past the guard that are no addresses.

// A proxy of the environment would dial for us. The target is a public address:
// for one of this machine no client asks a proxy.
func TestNoProxy(t *testing.T) {
	port, connections := everywhere(t)
	for _, scheme := range []string{"http", "socks5"} {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY"} {
			t.Setenv(name, scheme+"://127.0.0.1:"+port)
			t.Setenv(strings.ToLower(name), scheme+"://127.0.0.1:"+port)
		}
		for target, want := range map[string]string{"ws://93.184.215.14/": "93.184.215.14:80", "wss://public.test/": "93.184.215.14:443"} {
			var record dialled
			c, err := record.through(&Dialer{Resolver: fixed{"93.184.215.14"}}).Dial(context.Background(), Request{Target: parse(t, target)})
			if got := code(t, c, err); got != wire.TargetUnreachable {
				t.Errorf("%s: %q", target, got)
			}
			expectDialled(t, &record, want)
		}
	}
	if n := connections(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

// A target that redirects inwards, in whatever way, is refused, and nothing follows.
func TestNoRedirect(t *testing.T) {
	inner, connections := everywhere(t)
	for _, answer := range []string{
		"301 Moved Permanently\r\nLocation: ws://127.0.0.1:PORT/", "302 Found\r\nLocation: ws://localhost:PORT/", "303 See Other\r\nLocation: http://127.0.0.1:PORT/",
		"307 Temporary Redirect\r\nLocation: //127.0.0.1:PORT/", "308 Permanent Redirect\r\nLocation: ws://0x7f.1:PORT/", "300 Multiple Choices\r\nLocation: ws://[::1]:PORT/",
		"305 Use Proxy\r\nLocation: http://127.0.0.1:PORT/", "401 No\r\nWWW-Authenticate: Basic", "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic",
		"421 Misdirected Request\r\nAlt-Svc: h2=\"127.0.0.1:PORT\"", "200 OK\r\nRefresh: 0;url=ws://127.0.0.1:PORT/", "503 Service Unavailable\r\nRetry-After: 0",
		"101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nLocation: ws://127.0.0.1:PORT/",
	} {
		target := answering(t, "HTTP/1.1 "+strings.ReplaceAll(answer, "PORT", inner)+"\r\nContent-Length: 0\r\n\r\n")
		var record dialled
		d := record.through(&Dialer{Guard: Rules{AnyPort: true, Allow: prefixes("127.0.0.1/32")}.Guard()})
		c, err := d.Dial(context.Background(), Request{Target: parse(t, "ws://"+target+"/")})
		if got := code(t, c, err); got != wire.TargetRefused {
			t.Errorf("%s: %q", answer, got)
		}
		expectDialled(t, &record, target)
	}
	if n := connections(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// answering is a target that answers one request and leaves.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, answer)
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

// What breaks out of its line, or is not what ParseTarget makes, gets no dial.
func TestInjection(t *testing.T) {
	var record dialled
	d := record.through(&Dialer{})
	good := "ws://93.184.215.14/"
	var requests []Request
	for c := range rune(0x80) {
		if c >= ' ' && c != 0x7f {
			continue
		}
		bad := "a" + string(c) + "b"
		requests = append(requests,
			Request{Target: parse(t, good), Origin: bad}, Request{Target: parse(t, good), UserAgent: bad},
			Request{Target: parse(t, good), Protocols: []string{"ok", bad}},
			Request{Target: &url.URL{Scheme: "ws", Host: "93.184.215.14" + string(c)}},
			Request{Target: &url.URL{Scheme: "ws", Host: "93.184.215.14", RawQuery: bad}},
		)
	}
	for _, protocol := range []string{"", " ", "a,b", "a b", "a;b", `"a"`, "é", "a/b"} {
		requests = append(requests, Request{Target: parse(t, good), Protocols: []string{protocol}})
	}
	for _, u := range []*url.URL{
		{Scheme: "http", Host: "93.184.215.14"}, {Scheme: "ws", Host: "93.184.215.14", User: url.User("u")}, {Scheme: "ws"}, {}, {Scheme: "ws", Opaque: "93.184.215.14"},
		{Scheme: "ws", Host: "127.1"}, {Scheme: "ws", Host: "2130706433:80"}, {Scheme: "ws", Host: "[::1%25lo]"}, {Scheme: "ws", Host: "[::1%lo]"}, {Scheme: "ws", Host: "PUBLIC.test"},
		{Scheme: "ws", Host: "１２７.0.0.1"}, {Scheme: "ws", Host: "a:1:2"}, {Scheme: "ws", Host: "93.184.215.14:0"}, {Scheme: "ws", Host: "93.184.215.14:70000"},
	} {
		requests = append(requests, Request{Target: u})
	}
	for _, r := range requests {
		c, err := d.Dial(context.Background(), r)
		if got := code(t, c, err); got != wire.BadRequest {
			t.Errorf("%+v %q: %q", r, r.Target.String(), got)
		}
	}
	expectDialled(t, &record)
	if c, err := d.Dial(context.Background(), Request{Target: parse(t, good), Origin: "https://page.example", UserAgent: "é (x)", Protocols: []string{"a"}}); code(t, c, err) != wire.TargetUnreachable {
		t.Error(err)
	}
	expectDialled(t, &record, "93.184.215.14:80")
}

// The address is looked at again by what opens the connection: what a dial was let
// through with does not bind it.
func TestControl(t *testing.T) {
	port, connections := everywhere(t)
	d := &Dialer{Guard: Rules{AnyPort: true}.Guard()}
	swap := netip.MustParseAddrPort("127.0.0.1:" + port)
	d.tcp = func(ctx context.Context, with *net.Dialer, _ netip.AddrPort) (net.Conn, error) {
		return dialTCP(ctx, with, swap) // as if the name had been resolved once more
	}
	c, err := d.Dial(context.Background(), Request{Target: parse(t, "ws://93.184.215.14/")})
	if got := code(t, c, err); got != wire.TargetDenied {
		t.Errorf("got %q", got)
	}
	if n := connections(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

// The open guard is as open as it was: any address and port.
func TestOpenGuard(t *testing.T) {
	for _, s := range []string{"ws://127.0.0.1:1/", "ws://10.0.0.1:22/", "ws://[fd00::1]:6379/", "ws://169.254.169.254/", "ws://any.test:9/"} {
		var record dialled
		d := record.through(&Dialer{Guard: OpenGuard(), Resolver: fixed{"10.0.0.1", "8.8.8.8"}})
		c, err := d.Dial(context.Background(), Request{Target: parse(t, s)})
		if got := code(t, c, err); got != wire.TargetUnreachable {
			t.Errorf("%s: %q", s, got)
		}
		if len(record.take()) == 0 {
			t.Errorf("%s is not dialled", s)
		}
	}
}

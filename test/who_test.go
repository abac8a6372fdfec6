package test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sent is a request's headers, as a browser sends them.
func sent(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// A page that somebody happens to visit does not get through to a target: not by
// any element, and not by hiding where it comes from.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	dialled := listen(t)
	server := dev(t)
	target := "ws://" + dialled.addr + "/secret"
	for _, test := range []struct {
		name   string
		header http.Header
		cb     bool
	}{
		{"a script without referrer", sent("Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site"), true},
		{"a script without referrer, of an old browser", nil, true},
		{"a script with referrer", sent("Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site", "Referer", "https://evil.example/"), true},
		{"a script of an old browser", sent("Referer", "https://evil.example/page"), true},
		{"an image", sent("Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site"), false},
		{"an image with referrer", sent("Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site", "Referer", "https://evil.example/"), false},
		{"a frame", sent("Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site"), false},
		{"a link", sent("Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-User", "?1"), false},
		{"a fetch", sent("Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), false},
		{"a fetch of an old browser", sent("Origin", "https://evil.example"), false},
		{"a fetch of a sandboxed frame", sent("Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "cross-site", "Origin", "null"), false},
		{"a page that is named like ours", sent("Origin", "https://localhost.evil.example"), false},
		{"a page with our address before its name", sent("Origin", "http://127.0.0.1.evil.example"), false},
		{"an extension", sent("Origin", "chrome-extension://localhost"), false},
		{"a file", sent("Origin", "file://"), false},
	} {
		var params []string
		status := http.StatusForbidden
		if test.cb {
			params, status = []string{"cb", "cb"}, http.StatusOK // create.jsonp
		}
		a := server.create(target, test.header, params...)
		if a.status != status || a.OK || a.Code != "origin_denied" {
			t.Errorf("%s: got %d %s", test.name, a.status, a.body)
		}
	}
	dialled.byNobodyBut(server)
}

// A page of this machine, and those of --origin, may call.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	_, target := ws(t)
	server := dev(t, "--origin=https://*.example.com")
	for _, origin := range []string{
		"http://localhost:3000", "https://localhost", "http://app.localhost:5173", "http://127.0.0.1:8000", "http://[::1]:8000", "https://app.example.com", server.base,
	} {
		header := sent("Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "cross-site", "Origin", origin)
		a := server.create(target, header)
		a.is(t, http.StatusOK, "")
		if got := a.header.Get("Access-Control-Allow-Origin"); got != origin {
			t.Errorf("%s is allowed %q", origin, got)
		}
		header = sent("Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site", "Referer", origin+"/page")
		server.create(target, header, "cb", "cb").is(t, http.StatusOK, "")
	}
	for _, origin := range []string{"https://example.com", "http://app.example.com", "https://app.example.com:8443"} {
		server.create(target, sent("Origin", origin)).is(t, http.StatusForbidden, "origin_denied")
	}
}

// A page that has rebound its name to this machine is sent away by the Host that
// its browser sends, on every path.
func TestRebinding(t *testing.T) {
	t.Parallel()
	dialled := listen(t)
	server := dev(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(server.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/create?from=x&target=ws://" + dialled.addr, "/relay?host=x", "/s/x", "/j/x", "/echo", "/", "/nowhere"} {
		for _, host := range []string{"evil.example", "evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example:" + port} {
			header := sent("Host", host, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
			server.do("GET", path, nil, header).is(t, http.StatusMisdirectedRequest, "misdirected")
		}
	}
	for _, host := range []string{"localhost:" + port, "LOCALHOST", "a.localhost", "127.0.0.1", "[::1]:" + port} {
		server.do("GET", "/relay?host=x", nil, sent("Host", host)).is(t, http.StatusOK, "")
	}
	dialled.byNobodyBut(server)
}

// A listener is a target that nobody may dial.
type listener struct {
	t    *testing.T
	l    *net.TCPListener
	addr string
}

func listen(t *testing.T) *listener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &listener{t, l, l.Addr().String()}
}

func (l *listener) port() string {
	_, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	return port
}

// byNobodyBut dials the listener by a server, as a program that may, and checks
// that this is the first connection that the listener gets.
func (l *listener) byNobodyBut(s *server) {
	l.t.Helper()
	refused := make(chan answer)
	go ask(s, refused, "GET", "/create?from=test&target=ws://"+l.addr+"/allowed", nil)
	if err := l.l.SetDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	c, err := l.l.Accept()
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(c))
	c.Close()
	if err != nil || r.URL.Path != "/allowed" {
		l.t.Errorf("the target was dialled: %v %v", r, err)
	}
	(<-refused).is(l.t, http.StatusBadGateway, "target_refused")
}

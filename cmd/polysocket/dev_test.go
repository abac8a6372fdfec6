package main

import (
	"net"
	"net/netip"
	"testing"
)

func TestHandedOut(t *testing.T) {
	for _, test := range []struct{ scheme, listen, host, want string }{
		{"http", "127.0.0.1:8080", "", "127.0.0.1:8080"},
		{"http", "127.0.0.1:80", "", "127.0.0.1"},
		{"https", "127.0.0.1:80", "", "127.0.0.1:80"},
		{"https", "[::1]:443", "", "[::1]"},
		{"http", "0.0.0.0:8080", "", ""}, // the one that was asked for
		{"http", "0.0.0.0:8080", "tom.example.com", "tom.example.com"},
	} {
		addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.listen))
		if got := handedOut(test.host, test.scheme, addr); got != test.want {
			t.Errorf("%s on %s with --host %q: %q, want %q", test.scheme, test.listen, test.host, got, test.want)
		}
	}
}

// Strangers are held to what the machine can have; who is alone on it is not.
func TestOpenIsBounded(t *testing.T) {
	addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8080"))
	for _, open := range []bool{false, true} {
		o := (&dev{Open: open}).options("http", addr, nil, nil)
		if (o.Memory > 0) != open || (o.Capacity > 0) != open {
			t.Errorf("open %v: %d bytes, %d sockets", open, o.Memory, o.Capacity)
		}
	}
}

func TestDevValidate(t *testing.T) {
	good := limits{Grace: 1, Hold: 1, TargetTimeout: 1, CloseTimeout: 1}
	for host, ok := range map[string]bool{
		"": true, "tom.example.com": true, "tom.example.com:8443": true, "127.0.0.1:1": true, "[::1]:8080": true,
		"http://x": false, "x/y": false, "a b": false, "u@x": false, ":80": false, "x?y": false,
	} {
		if err := (&dev{Host: host, limits: good}).validate(); (err == nil) != ok {
			t.Errorf("--host %q: %v", host, err)
		}
	}
	if err := (&dev{Wildcard: true, limits: good}).validate(); err == nil {
		t.Error("--wildcard without --host is taken")
	}
}

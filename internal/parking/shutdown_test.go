//go:build linux

package parking_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/parking"
)

// HTTP/2, and a ResponseWriter that somebody has wrapped, cannot be parked.
func TestNotParked(t *testing.T) {
	h := open(t, true)
	resp, err := h.Client().Get(h.URL + "/poll")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.ProtoMajor != 2 || string(body) != "not parked" {
		t.Errorf("%q by %s, %v", body, resp.Proto, err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/poll", nil))
	if w.Body.String() != "not parked" {
		t.Errorf("%q", w.Body)
	}
}

// A server that shuts down waits for nobody who is parked or waits here.
func TestShutdown(t *testing.T) {
	h := open(t, false)
	got := h.get(t, "/stream")
	h.guest(t).Finish()
	expect(t, got, "first ", false)
	expect(t, h.get(t, "/stream-not"), "/stream-notfalse", true) // it has been back
	got = h.get(t, "/stream")
	g := h.guest(t)
	if err := h.Config.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	g.Write(add("still"))
	g.Finish()
	expect(t, got, "first still", true)
}

// A lot that closes lets answers go out, and closes what waits.
func TestClose(t *testing.T) {
	h := open(t, false)
	idle := h.dial(t)
	fmt.Fprint(idle, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
	g := h.guest(t)
	g.Finish()
	wait(t, g.over)

	slow := h.dial(t)
	fmt.Fprint(slow, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
	g = h.guest(t)
	const size = 10 << 20
	g.Write(add(strings.Repeat("x", size)))
	g.Finish()
	closed := make(chan struct{})
	go func() { h.lot.Close(); close(closed) }()
	if all, err := io.ReadAll(idle); err != nil || !strings.HasSuffix(string(all), "0\r\n\r\n") {
		t.Errorf("%q, %v", all, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size+6 {
		t.Errorf("%d bytes, %v", n, err)
	}
	wait(t, closed)
	if a := wait(t, h.get(t, "/poll")); a.body != "not parked" {
		t.Errorf("%+v", a)
	}
	h.lot = parking.NewLot() // for the end
}

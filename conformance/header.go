package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

var headerRules = []rule{
	on("any.headers", "64 KiB", testHeaderSize),
	on("any.headers", "10 s", testHeaderTime, plain),
	on("any.headers", "idle", testIdle, plain, long),
	on("any.pace", "drips", testBodyDrips, plain),
	on("any.pace", "announced", testBodyAnnounced, plain),
}

func testHeaderSize(t *T) {
	t.get("/relay", "host=x").with("X-Pad", strings.Repeat("x", 60<<10)).do().is(200)
	p := t.get("/relay", "host=x").with("X-Pad", strings.Repeat("x", 96<<10)).start()
	select {
	case a := <-p.came: // unchecked: this answer may come before any manners
		if a.err == nil && a.status < 400 {
			t.Errorf("any.headers: 96 KiB of headers\n  got: %v, want an error or an end", a)
		}
	case <-time.After(patience):
		t.Error("any.headers: 96 KiB of headers\n  got: nothing, want an error or an end")
	}
}

// testHeaderTime lets a request trickle in; each byte must not buy it more time. Idleness before it does not count.
func testHeaderTime(t *T) {
	nc, err := t.dial(t.Context(), t.base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	t.pass(2 * time.Second)
	fmt.Fprintf(nc, "GET /relay?host=x HTTP/1.1\r\nHost: %s\r\nX-Slow: ", t.base.Host)
	began := time.Now()
	for time.Since(began) < 20*time.Second {
		nc.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		_, err := nc.Read(make([]byte, 4096))
		if err == nil {
			break // an answer: 408, or what it may be
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if _, err := nc.Write([]byte("x")); err == nil {
				continue
			}
		}
		break
	}
	if d := time.Since(began); d < 7*time.Second || d > 15*time.Second {
		t.Errorf("any.headers: a request's headers trickled in\n  got: an end after %v, want 10s", d.Round(time.Millisecond))
	}
}

// testBodyDrips lets a body trickle in, which buys it a little time only.
func testBodyDrips(t *T) { bodyTrickles(t, "POST /create HTTP/1.1", true) }

// testBodyAnnounced announces a body that does not come, to what takes none, and then sends something late that must not
// be taken for another request.
func testBodyAnnounced(t *T) {
	bodyTrickles(t, "GET /j/none HTTP/1.1", false)
	bodyTrickles(t, "POST /s/none?t=t HTTP/1.1", false)
}

func bodyTrickles(t *T, line string, drips bool) {
	nc, err := t.dial(t.Context(), t.base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	fmt.Fprintf(nc, "%s\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n", line, t.base.Host)
	began := time.Now()
	said, smuggled := "", false
	for time.Since(began) < 2*patience {
		nc.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		p := make([]byte, 4096)
		n, err := nc.Read(p)
		said += string(p[:n])
		if strings.Count(said, "HTTP/1.1 ") > 1 {
			t.Errorf("any.pace: %s, whose body is late\n  got: %q, want no answer to what stands in the body", line, said)
			return
		}
		if err == nil { // an answer, which may come before the end
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		switch {
		case drips:
			_, _ = nc.Write([]byte("x")) // where it fails, so does the reading
		case !smuggled && time.Since(began) > 7*time.Second:
			smuggled = true
			fmt.Fprintf(nc, "GET /relay?host=x HTTP/1.1\r\nHost: %s\r\n\r\n", t.base.Host)
		}
	}
	t.Errorf("any.pace: %s, with a body that does not come\n  got: no end after %v", line, 2*patience)
}

// testIdle leaves connections idle for less than 75 s, and asks again.
func testIdle(t *T) {
	nc, err := t.dial(t.Context(), t.base.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	br := bufio.NewReader(nc)
	ask := func() error {
		fmt.Fprintf(nc, "GET /relay?host=x HTTP/1.1\r\nHost: %s\r\n\r\n", t.base.Host)
		nc.SetReadDeadline(time.Now().Add(patience))
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	for _, idle := range []time.Duration{0, 12 * time.Second, 40 * time.Second} {
		t.pass(idle)
		if err := ask(); err != nil {
			var ne net.Error
			t.Fatalf("any.headers: a request after %v of idleness\n  got: %v (timeout: %v), want an answer", idle, err, errors.As(err, &ne) && ne.Timeout())
		}
	}
}

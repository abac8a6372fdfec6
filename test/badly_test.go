package test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/polysocket/polysocket/test/process"
)

// bad is who does not behave. Each kind has an address of its own.
type bad struct {
	*testing.T
	router, relay *server
}

// all are at it at the same time, until the slowest has been sent away.
func (b *bad) all() {
	flood, bomb, fragments := hostile(b.T, floods), hostile(b.T, bombs), hostile(b.T, fragmented)
	var kinds sync.WaitGroup
	for _, kind := range []func(){
		b.slowHeaders, b.slowBodies, b.guesses, b.resets, b.tooMany, b.unpolled,
		func() { b.deaf(flood) },
		func() { b.failed(bomb, "a message is compressed beyond reason") },
		func() { b.failed(fragments, "a message is in too many fragments") },
	} {
		kinds.Go(kind)
	}
	kinds.Wait()
}

// dial connects to the relay from an address of this machine.
func (b *bad) dial(from string) net.Conn {
	b.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", strings.TrimPrefix(b.relay.base, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// each has n connections from an address do something at the same time.
func (b *bad) each(from string, n int, do func(c net.Conn)) {
	b.Helper()
	var all sync.WaitGroup
	for range n {
		c := b.dial(from)
		all.Go(func() {
			defer c.Close()
			do(c)
		})
	}
	all.Wait()
}

// drips writes a byte now and then until the relay has had enough, which it is to within
// 30 s, and is what it said.
func (b *bad) drips(c net.Conn) (said string) {
	heard := make(chan string, 1)
	go func() {
		p, _ := io.ReadAll(c)
		heard <- string(p)
	}()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(30 * time.Second); ; {
		select {
		case said = <-heard:
			return said
		case <-tick.C:
			_, _ = c.Write([]byte("x")) // where it fails the reading ends
		case <-end:
			b.Errorf("%v is served for 30 s", c.LocalAddr())
			return ""
		}
	}
}

func (b *bad) slowHeaders() {
	b.each("127.0.0.2", 40, func(c net.Conn) {
		_, _ = io.WriteString(c, "GET /j/x HTTP/1.1\r\nHost: "+strings.TrimPrefix(b.relay.base, "http://")+"\r\nX-Slow: ")
		b.drips(c)
	})
}

// head is a request's, to the relay.
func (b *bad) head(method, path, more string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(b.relay.base, "http://") + "\r\n" + more + "\r\n"
}

// slowBodies send a piece and then drips, or announce a body to what takes none.
func (b *bad) slowBodies() {
	target := hostile(b.T, silent)
	id := b.open(target)
	var kinds sync.WaitGroup
	for _, head := range []string{
		b.head("POST", "/s/"+id+"?t=b", "Content-Length: 1000000\r\n") + strings.Repeat("x", 2<<10),
		b.head("POST", "/s/"+id, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n") + "t=t&d=",
		b.head("POST", "/m", "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n") + "s=",
		b.head("GET", "/j/"+id+"?ttl=5000", "Content-Length: 1000\r\n"),
		b.head("GET", "/j/unknown", "Content-Length: 1000\r\n"),
	} {
		kinds.Go(func() {
			b.each("127.0.0.3", 8, func(c net.Conn) {
				_, _ = io.WriteString(c, head)
				if said := b.drips(c); said != "" && !strings.HasPrefix(said, "HTTP/1.1 ") {
					b.Errorf("a slow body is answered %.200q", said)
				}
			})
		})
	}
	kinds.Wait()
}

// open opens a socket for a bad client; empty where there is no room for one.
func (b *bad) open(target string) (id string) {
	a := b.router.create(target, nil)
	if !a.OK {
		a.is(b.T, http.StatusServiceUnavailable, "no_relay")
	}
	return a.Socket
}

// deaf clients ask for everything and read nothing.
func (b *bad) deaf(target string) {
	for _, path := range []string{"/x/", "/e/", "/j/"} {
		for range 8 {
			if id := b.open(target); id != "" {
				c := b.dial("127.0.0.4")
				b.Cleanup(func() { c.Close() })
				_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
				_, _ = io.WriteString(c, b.head("GET", path+id, ""))
			}
		}
	}
}

// unpolled sockets are opened, and never asked for. They lapse, or are closed before since
// they hold too much; either way their targets are let go.
func (b *bad) unpolled() {
	const n = 40
	ended := make(chan struct{}, n)
	target := hostile(b.T, func(c net.Conn) {
		floods(c)
		ended <- struct{}{}
	})
	var ids []string
	for range n {
		if id := b.open(target); id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		b.Error("not one socket was opened")
	}
	process.Until(b.T, "all that were never asked for are closed", func() bool { return len(ended) == len(ids) })
	for _, id := range ids {
		a := b.relay.do("GET", "/j/"+id+"?ttl=0", nil, nil)
		if a.OK && strings.Contains(a.body, `"code":1013`) {
			continue
		}
		a.is(b.T, http.StatusForbidden, "no_socket")
	}
}

// guesses look like ids.
func (b *bad) guesses() {
	for range 500 {
		b.relay.do("GET", "/j/"+rand.Text()+"?ttl=0", nil, nil).is(b.T, http.StatusForbidden, "no_socket")
	}
}

// resets opens streams of HTTP/2 and resets them at once.
func (b *bad) resets() {
	b.each("127.0.0.5", 5, func(c net.Conn) {
		go func() { _, _ = io.Copy(io.Discard, c) }()
		_, _ = io.WriteString(c, http2.ClientPreface)
		f := http2.NewFramer(c, nil)
		_ = f.WriteSettings()
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for id := uint32(1); id < 5_000; id += 2 {
			block.Reset()
			for _, field := range [][2]string{
				{":method", "GET"}, {":scheme", "http"}, {":authority", strings.TrimPrefix(b.relay.base, "http://")}, {":path", "/j/" + fmt.Sprint(id)},
			} {
				_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
			}
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
			if f.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				return // the relay has had enough
			}
			if id%100 == 1 {
				_ = f.WriteSettings()
				_ = f.WritePing(false, [8]byte{})
			}
		}
	})
}

// tooMany has more connections than one address may have, and more requests on them over
// HTTP/2.
func (b *bad) tooMany() {
	var conns []net.Conn
	for range badConnections + 50 {
		conns = append(conns, b.dial("127.0.0.6"))
	}
	refused := make(chan struct{}, len(conns))
	for _, c := range conns {
		b.Cleanup(func() { c.Close() })
		go func() {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				refused <- struct{}{}
			}
		}()
	}
	process.Until(b.T, "those that are too many are closed", func() bool { return len(refused) >= 50 })

	id := b.open(hostile(b.T, silent))
	if id == "" {
		return
	}
	var versions http.Protocols
	versions.SetUnencryptedHTTP2(true)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.7")}}
	client := &http.Client{Transport: &http.Transport{Protocols: &versions, DialContext: d.DialContext}, Timeout: patience}
	defer client.CloseIdleConnections()
	statuses := make(chan int, badConnections+20)
	var all sync.WaitGroup
	for range badConnections + 20 { // withheld, since what is before them never comes
		all.Go(func() {
			resp, err := client.Post(b.relay.base+"/s/"+id+"?t=t&n=2", "text/plain", strings.NewReader("x"))
			if err != nil {
				b.Error(err)
				return
			}
			resp.Body.Close()
			statuses <- resp.StatusCode
		})
	}
	all.Wait()
	close(statuses)
	counts := map[int]int{}
	for status := range statuses {
		counts[status]++
	}
	if counts[http.StatusTooManyRequests] < 20 || counts[http.StatusTooManyRequests] > 100 {
		b.Errorf("%d requests of one address are answered %v", badConnections+20, counts)
	}
}

// failed sockets are those of a target that is found out.
func (b *bad) failed(target, reason string) {
	for range 10 {
		id := b.open(target)
		if id == "" {
			continue
		}
		a := b.relay.do("GET", "/j/"+id+"?a=0&ttl=20000", nil, nil)
		a.is(b.T, http.StatusOK, "")
		if strings.Contains(a.body, `"code":1013`) { // it was greedy in a moment without room
			continue
		}
		if !strings.Contains(a.body, reason) || !strings.Contains(a.body, "1006") {
			b.Errorf("the socket of a hostile target reads %.300s, want %q", a.body, reason)
		}
	}
}

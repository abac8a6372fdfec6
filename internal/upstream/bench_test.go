package upstream_test

import (
	"net"
	"runtime"
	"testing"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// pong counts messages by channel, and keeps nothing.
type pong chan struct{}

func (p pong) OnMessage(wire.Frame)            { p <- struct{}{} }
func (p pong) OnWritable()                     {}
func (p pong) OnClosed(wire.CloseCode, []byte) {}

// A message to a target and back.
func BenchmarkEcho(b *testing.B) {
	for name, size := range map[string]int{"20": 20, "1K": 1 << 10, "64K": 64 << 10, "1M": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			u := rude(b, func(p *peer) {
				p.send(p.answer())
				for {
					_, payload, err := p.read()
					if err != nil {
						return
					}
					if _, err := p.Write([]byte(frame(wire.OpBinary, string(payload)))); err != nil {
						return
					}
				}
			})
			c, h := dial(b, dialer(), u), make(pong, 1)
			c.Start(h)
			data := noise(size)
			b.SetBytes(int64(2 * size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Send(wire.Binary, data, false); err != nil {
					b.Fatal(err)
				}
				<-h
			}
			b.StopTimer()
			c.Abort()
		})
	}
}

// What an idle Conn keeps resident, with its goroutine, and without the
// target's side of it, which is in this process too.
func BenchmarkIdle(b *testing.B) {
	const n = 2000
	u := rude(b, func(p *peer) {
		p.send(p.answer())
		p.in, p.request = nil, nil
		p.Read(make([]byte, 1)) // until it ends
	})
	for b.Loop() {
		// The target's side: dialled plainly, with the same request.
		target := make([]net.Conn, n)
		start := resident()
		for i := range target {
			conn, err := net.Dial("tcp", u.Host)
			if err != nil {
				b.Fatal(err)
			}
			conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
			conn.Read(make([]byte, 512))
			target[i] = conn
		}
		theirs := resident() - start
		for _, conn := range target {
			conn.Close()
		}
		clear(target)

		conns := make([]*upstream.Conn, n)
		start = resident()
		for i := range conns {
			conns[i] = dial(b, dialer(), u)
			conns[i].Start(make(pong))
		}
		both := resident() - start
		b.ReportMetric(float64(both)/n, "B/pair")
		b.ReportMetric(float64(theirs)/n, "B/plain-pair")
		b.ReportMetric(float64(both-theirs)/n, "B/above-a-plain-conn")
		for _, c := range conns {
			c.Abort()
		}
		runtime.KeepAlive(conns)
	}
}

func resident() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

package chaos

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// A Proxy passes TCP connections on to a server, each through the same faults. Close it.
type Proxy struct {
	listener *net.TCPListener
	to       string
	faults   Chain
	end      context.CancelFunc
	running  sync.WaitGroup
}

// Listen starts a proxy on an address, as 127.0.0.1:0, to a server that may come later.
func Listen(addr, to string, faults ...Fault) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("chaos: %w", err)
	}
	ctx, end := context.WithCancel(context.Background())
	p := &Proxy{listener: listener.(*net.TCPListener), to: to, faults: faults, end: end}
	p.running.Go(func() { p.accept(ctx) })
	return p, nil
}

// Addr is the address that the proxy listens on.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close breaks all connections, and returns when nothing of the proxy is left.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.end()
	p.running.Wait()
	return err
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		accepted, err := p.listener.AcceptTCP()
		if err != nil {
			return
		}
		p.running.Go(func() {
			// What was dialled for this connection does not outlive it.
			ctx, end := context.WithCancel(ctx)
			defer end()
			client := tcp{accepted}
			defer accepted.Close()
			defer breaksWith(ctx, client)()
			p.faults.Serve(ctx, client, p.dial)
		})
	}
}

// dial is the Dial behind the last fault.
func (p *Proxy) dial(ctx context.Context) (Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", p.to)
	if err != nil {
		return nil, err
	}
	server := tcp{c.(*net.TCPConn)}
	breaksWith(ctx, server)
	return server, nil
}

// breaksWith has a connection break when ctx ends, unless stop is called before.
func breaksWith(ctx context.Context, c Conn) (stop func() bool) {
	return context.AfterFunc(ctx, c.Abort)
}

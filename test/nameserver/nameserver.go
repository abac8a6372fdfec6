// Package nameserver is a DNS server for tests, which says what a test wants: also
// another thing each time.
package nameserver

import (
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// A Server has the records of a zone file, and such as change from question to question.
// Start it with Start.
type Server struct {
	addr string
	zone map[string][]dns.RR // by name

	mu     sync.Mutex
	script map[string]func(asked int) []string
	asked  map[string]int // by name and type, as "a.test. A"
}

// Start runs a server until the test ends: at the address, whose port may be 0, with the
// records of a zone file.
func Start(t testing.TB, address, zone string) *Server {
	t.Helper()
	file, err := os.Open(zone)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := &Server{zone: map[string][]dns.RR{}, script: map[string]func(int) []string{}, asked: map[string]int{}}
	parser := dns.NewZoneParser(file, ".", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name := strings.ToLower(rr.Header().Name)
		n.zone[name] = append(n.zone[name], rr)
	}
	if parser.Err() != nil {
		t.Fatal(parser.Err())
	}
	packets, stream := bothWays(t, address)
	n.addr = packets.LocalAddr().String()
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: n}, {Listener: stream, Handler: n}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		serving.Go(func() {
			if err := s.ActivateAndServe(); err != nil {
				t.Error(err)
			}
		})
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return n
}

// bothWays listens at one port over UDP, and over TCP for what does not fit into a
// packet.
func bothWays(t testing.TB, address string) (net.PacketConn, net.Listener) {
	t.Helper()
	var err error
	var listen net.ListenConfig
	for range 20 { // somebody else may have the one or the other
		var stream net.Listener
		if stream, err = listen.Listen(t.Context(), "tcp", address); err != nil {
			continue
		}
		var packets net.PacketConn
		if packets, err = listen.ListenPacket(t.Context(), "udp", stream.Addr().String()); err == nil {
			return packets, stream
		}
		stream.Close()
	}
	t.Fatal(err)
	return nil, nil
}

// Resolver asks this server alone.
func (n *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, n.addr)
	}}
}

// Say has the records of a name come from a function of how often it was asked for
// with the same type before. All counting begins anew.
func (n *Server) Say(name string, records func(asked int) []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.script[name] = records
	clear(n.asked)
}

// Times is how often there was a question, as "a.test. A".
func (n *Server) Times(question string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[question]
}

// ServeDNS implements dns.Handler.
func (n *Server) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg).SetReply(r)
	q := r.Question[0]
	m.Answer = n.answer(strings.ToLower(q.Name), q.Qtype, 8)
	if len(m.Answer) == 0 {
		m.Rcode = dns.RcodeNameError
	}
	if w.LocalAddr().Network() == "udp" {
		m.Truncate(dns.MinMsgSize)
	}
	_ = w.WriteMsg(m) // who has gone asks no more
}

// answer has the records of a type, and the CNAMEs on the way, so many at most.
func (n *Server) answer(name string, kind uint16, ways int) (all []dns.RR) {
	for _, rr := range n.records(name, kind) {
		alias, is := rr.(*dns.CNAME)
		switch {
		case is && ways > 0:
			all = append(append(all, rr), n.answer(alias.Target, kind, ways-1)...)
		case rr.Header().Rrtype == kind:
			all = append(all, rr)
		}
	}
	return all
}

func (n *Server) records(name string, kind uint16) (all []dns.RR) {
	n.mu.Lock()
	defer n.mu.Unlock()
	question := name + " " + dns.TypeToString[kind]
	n.asked[question]++
	if script := n.script[name]; script != nil {
		for _, record := range script(n.asked[question] - 1) {
			rr, err := dns.NewRR(name + " 0 IN " + record)
			if err != nil {
				panic(err)
			}
			all = append(all, rr)
		}
		return all
	}
	if found, ok := n.zone[name]; ok {
		return found
	}
	_, rest, _ := strings.Cut(name, ".")
	for _, rr := range n.zone["*."+rest] {
		rr = dns.Copy(rr)
		rr.Header().Name = name
		all = append(all, rr)
	}
	return all
}

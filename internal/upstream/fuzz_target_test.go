package upstream

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// FuzzDial: whatever a target's text, and whatever its name resolves to, nothing is
// dialled that is of the registries, or of this machine, or at a port that nobody
// named; and where one address of several is, nothing at all.
func FuzzDial(f *testing.F) {
	bytes := func(addrs ...string) (b []byte) {
		for _, s := range addrs {
			b16 := netip.MustParseAddr(s).As16()
			b = append(b, b16[:]...)
		}
		return b
	}
	for _, line := range append(corpus(f, "hostile.txt"), corpus(f, "harmless.txt")...) {
		for _, s := range line {
			f.Add(s, bytes("10.0.0.1"), uint16(8443))
		}
	}
	f.Add("ws://a.test/", bytes("8.8.8.8", "127.0.0.1", "2606:4700::1"), uint16(0))
	f.Add("ws://a.test/", bytes("2606:4700::1", "64:ff9b::808:808"), uint16(22))
	guard := on(Rules{}.Guard(), publicMachine)
	f.Fuzz(func(t *testing.T, s string, answer []byte, port uint16) {
		u, err := wire.ParseTarget(s)
		if err != nil {
			return
		}
		var record []netip.AddrPort
		d := &Dialer{Guard: guard, Resolver: resolved(answer)}
		d.tcp = func(_ context.Context, with *net.Dialer, to netip.AddrPort) (net.Conn, error) {
			record = append(record, to)
			return nil, errNotDialled
		}
		// Below the clocks, which would have a refusal wait.
		c, err := d.open(context.Background(), Request{Target: u, Ports: []uint16{port}})
		if err == nil {
			t.Fatalf("%q: %v is connected to %v", s, u, c)
		}
		for _, to := range record {
			if hostile(to.Addr()) || to.Addr().Is4In6() || to.Addr().Zone() != "" {
				t.Errorf("%q: %v is dialled", s, to)
			}
			for _, own := range []string{"93.184.215.14", "2606:2800:21f::5"} {
				if to.Addr() == netip.MustParseAddr(own) {
					t.Errorf("%q: this machine is dialled by %v", s, to)
				}
			}
			if p := to.Port(); p != 80 && p != 443 && p != port {
				t.Errorf("%q: the port of %v was not named", s, to)
			}
		}
		if len(record) == 0 {
			return
		}
		if len(record) > mostAddresses {
			t.Errorf("%q: dialled %v", s, record)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			for _, addr := range resolved(answer).addrs() {
				if hostile(addr) {
					t.Errorf("%q: dialled %v, though it resolves to %v too", s, record, addr)
				}
			}
		}
	})
}

// resolved is a Resolver that answers every name with the addresses in the bytes.
type resolved []byte

func (r resolved) addrs() (addrs []netip.Addr) {
	for ; len(r) >= 16 && len(addrs) < 100; r = r[16:] {
		addrs = append(addrs, netip.AddrFrom16([16]byte(r[:16])))
	}
	return addrs
}

func (r resolved) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		panic("an address is resolved: " + host)
	}
	return r.addrs(), nil
}

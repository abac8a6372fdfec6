package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// The interfaces of a machine with a public address of each family.
func publicMachine() ([]net.Addr, error) {
	var all []net.Addr
	for _, s := range []string{"127.0.0.1/8", "::1/128", "10.0.0.5/24", "93.184.215.14/24", "2606:2800:21f::5/64", "fe80::5/64"} {
		ip, prefix, err := net.ParseCIDR(s)
		if err != nil {
			return nil, err
		}
		all = append(all, &net.IPNet{IP: ip, Mask: prefix.Mask})
	}
	return all, nil
}

// on has a Guard take the machine to be another.
func on(g Guard, interfaces func() ([]net.Addr, error)) Guard {
	g.policy.own.list = interfaces
	return g
}

func admitting(t testing.TB, r Rules, ports ...uint16) *gate {
	t.Helper()
	g, err := on(r.Guard(), publicMachine).gate(context.Background(), ports)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestRules(t *testing.T) {
	listeners := func(all ...string) func() []netip.AddrPort {
		return func() (parsed []netip.AddrPort) {
			for _, s := range all {
				parsed = append(parsed, netip.MustParseAddrPort(s))
			}
			return parsed
		}
	}
	redis := func(all ...string) func() []string { return func() []string { return all } }
	everything := prefixes("0.0.0.0/0", "::/0")
	for _, test := range []struct {
		name  string
		rules Rules
		ports []uint16
		yes   []string
		no    []string
	}{
		{"zero", Rules{}, nil,
			[]string{"8.8.8.8:80", "8.8.8.8:443", "[2606:4700::1]:443", "[::ffff:8.8.8.8]:443"},
			[]string{"8.8.8.8:22", "8.8.8.8:8080", "[2606:4700::1]:6379", "10.0.0.1:80", "8.8.8.8:0"}},
		{"ports of the request", Rules{}, []uint16{8443, 22},
			[]string{"8.8.8.8:80", "8.8.8.8:443", "8.8.8.8:8443", "8.8.8.8:22"}, []string{"8.8.8.8:8444", "10.0.0.1:8443"}},
		{"any port", Rules{AnyPort: true}, nil, []string{"8.8.8.8:22", "8.8.8.8:65535"}, []string{"10.0.0.1:22"}},
		{"the machine's own addresses", Rules{AnyPort: true}, nil,
			[]string{"93.184.215.15:80", "[2606:2800:21f::6]:80"},
			[]string{"93.184.215.14:80", "[::ffff:93.184.215.14]:80", "[2606:2800:21f::5]:80", "10.0.0.5:80", "[fe80::5%lo]:80"}},
		{"allowed", Rules{Allow: prefixes("10.0.0.0/8", "fd00::/8", "::ffff:172.16.0.0/108")}, []uint16{3000},
			[]string{"10.1.2.3:3000", "[fd00::1]:80", "10.0.0.5:80", "172.16.0.1:80", "[::ffff:10.1.2.3]:80"},
			[]string{"10.1.2.3:22", "192.168.0.1:80", "127.0.0.1:80", "[::1]:80", "[::10.1.2.3]:80", "[64:ff9b::a01:203]:80"}},
		{"loopback, named", Rules{Allow: prefixes("127.0.0.0/8", "::1/128")}, nil,
			[]string{"127.0.0.1:80", "127.1.2.3:443", "[::1]:80"}, []string{"0.0.0.0:80", "[::]:80", "10.0.0.5:80", "93.184.215.14:80"}},
		{"own addresses, named", Rules{Allow: prefixes("93.184.215.14/32")}, nil, []string{"93.184.215.14:80"}, []string{"[2606:2800:21f::5]:80"}},
		{"denied wins", Rules{Allow: prefixes("10.0.0.0/8"), Deny: prefixes("10.9.0.0/16", "8.8.8.0/24", "2606:4700::/32")}, nil,
			[]string{"10.8.0.1:80", "8.8.4.4:80"}, []string{"10.9.0.1:80", "8.8.8.8:80", "[2606:4700::1]:80", "[::ffff:8.8.8.8]:80"}},
		{"everything allowed is not what leads elsewhere by another", Rules{Allow: prefixes("::/0")}, nil,
			[]string{"[fd00::1]:80", "[::1]:80", "[64:ff9b::808:808]:80", "[2002:808:808::1]:80"},
			[]string{"10.0.0.1:80", "[64:ff9b::a00:1]:80", "[64:ff9b::7f00:1]:80", "[64:ff9b:1::a00:1]:80", "[2002:7f00:1::]:80", "[::127.0.0.1]:80",
				"[::10.0.0.1]:80", "[2606:4700::5efe:a00:1]:80", "[::ffff:127.0.0.1]:80", "[64:ff9b::5db8:d70e]:80"}},
		{"NAT64, well known", Rules{NAT64: prefixes("64:ff9b::/96")}, nil,
			[]string{"[64:ff9b::808:808]:80"}, []string{"[64:ff9b::a00:1]:80", "[64:ff9b::5db8:d70e]:80", "[64:ff9b:1::808:808]:80"}},
		{"NAT64, the network's own", Rules{NAT64: prefixes("2606:4700:64::/96"), Allow: prefixes("10.1.0.0/16")}, nil,
			[]string{"[2606:4700:64::808:808]:80", "[2606:4700:64::a01:1]:80", "[2606:4700::1]:80"},
			[]string{"[2606:4700:64::a00:1]:80", "[2606:4700:64::7f00:1]:80"}},
		{"NAT64, other lengths (RFC 6052 §2.4)", Rules{NAT64: prefixes("2a00:db8::/32", "2a01:db8:100::/40", "2a02:db8:122::/48", "2a03:db8:122:300::/56", "2a04:db8:122:344::/64")}, nil,
			[]string{"[2a00:db8:808:808::]:80", "[2a01:db8:108:808:8::]:80", "[2a02:db8:122:808:8:800::]:80", "[2a03:db8:122:308:8:808::]:80", "[2a04:db8:122:344:8:808:800::]:80"},
			[]string{"[2a00:db8:a00:1::]:80", "[2a01:db8:10a:0:1::]:80", "[2a02:db8:122:a00:0:100::]:80", "[2a03:db8:122:30a:0:1::]:80", "[2a04:db8:122:344:a:0:100::]:80"}},
		{"NAT64, of no such length", Rules{NAT64: prefixes("2a00:db8::/33")}, nil, []string{"[2a00:db9::1]:80"}, []string{"[2a00:db8::808:808]:80"}},
		{"a listener at every address", Rules{AnyPort: true, Allow: everything, Listeners: listeners("0.0.0.0:8080")}, nil,
			[]string{"127.0.0.1:8081", "10.0.0.6:8080", "8.8.8.8:8080"},
			[]string{"127.0.0.1:8080", "127.9.9.9:8080", "[::1]:8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.5:8080", "93.184.215.14:8080", "[2606:2800:21f::5]:8080",
				"[::ffff:127.0.0.1]:8080", "[::ffff:93.184.215.14]:8080", "[::127.0.0.1]:8080", "[64:ff9b::5db8:d70e]:8080", "[fe80::5%lo]:8080"}},
		{"a listener at every address, by IPv6", Rules{AnyPort: true, Allow: everything, Listeners: listeners("[::]:8080")}, nil,
			[]string{"10.0.0.6:8080"}, []string{"127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080", "93.184.215.14:8080"}},
		{"a listener at one address", Rules{AnyPort: true, Allow: everything, Listeners: listeners("127.0.0.1:8080", "10.0.0.5:9090")}, nil,
			[]string{"127.0.0.2:8080", "10.0.0.5:8080", "127.0.0.1:9090"},
			[]string{"127.0.0.1:8080", "[::ffff:127.0.0.1]:8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.5:9090", "0.0.0.0:9090"}},
		{"Redis elsewhere", Rules{AnyPort: true, Allow: everything, Redis: redis("10.0.0.9:6379", "[fd00::9]:6380", "/run/redis.sock")}, nil,
			[]string{"10.0.0.9:6380", "10.0.0.8:6379", "127.0.0.1:6379"},
			[]string{"10.0.0.9:6379", "[::ffff:10.0.0.9]:6379", "[fd00::9]:6380", "[64:ff9b::a00:9]:6379", "[2002:a00:9::1]:6379"}},
		{"Redis on this machine", Rules{AnyPort: true, Allow: everything, Redis: redis("127.0.0.1:6379")}, nil,
			[]string{"127.0.0.1:6380", "10.0.0.6:6379"},
			[]string{"127.0.0.1:6379", "127.0.0.2:6379", "[::1]:6379", "0.0.0.0:6379", "10.0.0.5:6379", "93.184.215.14:6379"}},
		{"Redis at a public address of this machine", Rules{AnyPort: true, Allow: everything, Redis: redis("93.184.215.14:6379")}, nil,
			nil, []string{"127.0.0.1:6379", "93.184.215.14:6379", "10.0.0.5:6379"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := admitting(t, test.rules, test.ports...)
			for want, all := range map[bool][]string{true: test.yes, false: test.no} {
				for _, s := range all {
					to := netip.MustParseAddrPort(s)
					if g.admits(to) != want {
						t.Errorf("%s: %v", s, !want)
					}
					network := "tcp6"
					if to.Addr().Is4() {
						network = "tcp4"
					}
					if err := g.control(network, s, nil); (err == nil) != want {
						t.Errorf("%s, before the connection: %v", s, err)
					}
				}
			}
		})
	}
	for _, address := range []string{"", "8.8.8.8", "public.test:80", "/run/x.sock"} {
		if admitting(t, Rules{}).control("tcp4", address, nil) == nil {
			t.Errorf("%q is dialled", address)
		}
	}
	for _, network := range []string{"udp4", "unix", "tcp", "ip4:icmp", ""} {
		if admitting(t, Rules{}).control(network, "8.8.8.8:80", nil) == nil {
			t.Errorf("%q is dialled by", network)
		}
	}
}

// The machine's addresses are looked at again after two seconds.
func TestOwnAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, asked := []net.Addr{}, 0
		var failure error
		g := on(Rules{}.Guard(), func() ([]net.Addr, error) { asked++; return list, failure })
		admits := func() bool {
			at, err := g.gate(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			return at.admits(netip.MustParseAddrPort("8.8.8.8:80"))
		}
		for range 2 {
			if !admits() || asked != 1 {
				t.Errorf("asked %d times", asked)
			}
		}
		list = append(list, &net.IPNet{IP: net.IPv4(8, 8, 8, 8), Mask: net.CIDRMask(24, 32)})
		time.Sleep(ownFor) // virtual
		if admits() || asked != 2 {
			t.Errorf("the new address is dialled, asked %d times", asked)
		}
		failure = errors.New("no")
		time.Sleep(ownFor) // virtual
		if admits() || asked != 3 {
			t.Errorf("what was known is forgotten, asked %d times", asked)
		}
	})
}

// A guard that cannot tell this machine's addresses lets nothing through.
func TestOwnAddressesUnknown(t *testing.T) {
	var record dialled
	d := record.through(&Dialer{Guard: on(Rules{}.Guard(), func() ([]net.Addr, error) { return nil, errors.New("no") })})
	c, err := d.Dial(context.Background(), Request{Target: parse(t, "ws://8.8.8.8/")})
	if got := code(t, c, err); got != wire.NoRelay {
		t.Errorf("got %q", got)
	}
	expectDialled(t, &record)
}

// The real ones are known: no target reaches a listener at any of them.
func TestOwnAddressesReal(t *testing.T) {
	port, connections := everywhere(t)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var record dialled
	for _, addr := range addrs {
		ip := addr.(*net.IPNet).IP
		if ip.IsLinkLocalUnicast() {
			continue // needs a zone, and no target has one
		}
		allowed, _ := netip.AddrFromSlice(ip)
		to := netip.MustParseAddrPort(net.JoinHostPort(ip.String(), port))
		for name, guard := range map[string]Guard{
			"any port": Rules{AnyPort: true}.Guard(),
			"its own listener": Rules{AnyPort: true, Allow: []netip.Prefix{netip.PrefixFrom(allowed.Unmap(), allowed.Unmap().BitLen())},
				Listeners: func() []netip.AddrPort {
					return []netip.AddrPort{netip.AddrPortFrom(netip.IPv6Unspecified(), to.Port())}
				}}.Guard(),
		} {
			c, err := record.through(&Dialer{Guard: guard}).Dial(context.Background(), Request{Target: parse(t, "ws://"+to.String()+"/")})
			if got := code(t, c, err); got != wire.TargetDenied {
				t.Errorf("%v, %s: %q", to, name, got)
			}
		}
	}
	expectDialled(t, &record)
	if n := connections(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

package wire_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// The WHATWG URL standard's IPv4 parser; most are of its own tests.
func TestTargetIPv4(t *testing.T) {
	for host, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "1.2.3.4.": "1.2.3.4", "1.2.3": "1.2.0.3", "1.2": "1.0.0.2", "1": "0.0.0.1", "1.": "0.0.0.1",
		"0": "0.0.0.0", "00": "0.0.0.0", "0x": "0.0.0.0", "0X": "0.0.0.0", "0x.0x.0": "0.0.0.0", "0x0": "0.0.0.0", "1.0x": "1.0.0.0",
		"192.0x00A80001": "192.168.0.1", "192.168.257": "192.168.1.1", "192.168.257.": "192.168.1.1", "256": "0.0.1.0", "65536": "0.1.0.0",
		"0xc0.0250.01": "192.168.0.1", "0300.0250.0.01": "192.168.0.1", "0xC0A80001": "192.168.0.1", "030052000001": "192.168.0.1", "3232235521": "192.168.0.1",
		"4294967295": "255.255.255.255", "0xffffffff": "255.255.255.255", "037777777777": "255.255.255.255", "255.16777215": "255.255.255.255",
		"0000000000000000000000000000000000000000177.1": "127.0.0.1", "0x00000000000000000000000000000000000000007f.1": "127.0.0.1",
		"０Ｘｃ０．０２５０．０１": "192.168.0.1", "１。２。３。４": "1.2.3.4", "①.②.③.④": "1.2.3.4", "1\u00ad.2.3.4": "1.2.3.4",
		"%EF%BC%91.2.3.4": "1.2.3.4", "1.2.3.4%E3%80%82": "1.2.3.4",
	} {
		u, err := wire.ParseTarget("ws://" + host + ":8080/")
		if err != nil {
			t.Errorf("%s: %v", host, err)
		} else if u.Host != want+":8080" {
			t.Errorf("%s: %s, want %s", host, u.Host, want)
		}
	}
	for _, host := range []string{
		"256.0.0.1", "1.256.0.1", "1.2.3.256", "1.2.65536", "1.16777216", "4294967296", "0x100000000", "040000000000", "99999999999999999999999999",
		"0xfffffffffffffffffffffffff", "1.2.3.4.5", "1.2.3.4.5.", "1.2.3.08", "09.1", "08", "1.2.3.0x1g.4", "0x1g.1", "foo.1", "foo.0x1", "foo.0x", "foo.0XffFF",
		"foo.09", "1.2.3.4.09", "foo.2.3.4", "1.foo.3", "1.2.3.4.0x", "-1.2", "1.-2.3.4", "1.2.3.4..", "..1", "1..2", ".1.2.3", "1.2..", "+1.2", "1_0.2", "0b1.1", "0o7.1",
	} {
		if u, err := wire.ParseTarget("ws://" + host + "/"); err == nil {
			t.Errorf("%s is taken as %s", host, u)
		}
	}
	// A last label with another character makes a name of all of it.
	for _, host := range []string{"1.2.3.4a", "1.2.3.4-", "0x7g", "1.0x7g", "a0", "1e100", "0o7", "1.2.3.x", "127.0.0.1.test", "0x.test", "1-2", "1_0"} {
		u, err := wire.ParseTarget("ws://" + host + "/")
		if err != nil || u.Host != host {
			t.Errorf("%s: %v, %v", host, u, err)
		}
	}
}

// FuzzTargetHost: a host that comes out is a name that nobody takes for an address,
// or an address in its normal form.
func FuzzTargetHost(f *testing.F) {
	for _, s := range []string{"0x7f.1", "1.2.3.4.", "１２７。1", "[::ffff:1.2.3.4]", "[fe80::1%25a]", "a.b", "0x", "foo.0x1", "①", "1\u00ad"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		u, err := wire.ParseTarget("ws://" + host + "/")
		if err != nil {
			return
		}
		got := u.Hostname()
		if addr, err := netip.ParseAddr(got); err == nil {
			if addr.String() != got || addr.Zone() != "" || addr.Is6() != strings.HasPrefix(u.Host, "[") {
				t.Errorf("%q is taken as %q", host, u.Host)
			}
			return
		}
		if net.ParseIP(got) != nil || strings.ContainsAny(got, "[]:%/@?# \t\r\n\\") || got != strings.ToLower(got) {
			t.Errorf("%q is taken as %q", host, u.Host)
		}
		// What inet_aton reads: one to four parts of digits in C's notation.
		labels := strings.Split(strings.TrimSuffix(got, "."), ".")
		last := labels[len(labels)-1]
		if hex, ok := strings.CutPrefix(last, "0x"); ok && strings.Trim(hex, "0123456789abcdef") == "" || strings.Trim(last, "0123456789") == "" {
			t.Errorf("%q is taken as the name %q, which ends in a number", host, got)
		}
	})
}

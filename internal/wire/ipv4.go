package wire

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

var errIPv4 = errors.New("the host ends in a number and is no IPv4 address: write four decimal numbers, as 192.0.2.1")

// endsInNumber is the WHATWG URL standard's "ends-in-a-number checker": such a host
// is an IPv4 address, in whatever spelling, or nothing. Resolvers are not to see
// it: some of them read addresses in more spellings than others.
func endsInNumber(host string) bool {
	labels := strings.Split(host, ".")
	if labels[len(labels)-1] == "" {
		if len(labels) == 1 {
			return false
		}
		labels = labels[:len(labels)-1]
	}
	last := labels[len(labels)-1]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, err := parseIPv4Number(last)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// parseIPv4 is the WHATWG URL standard's "IPv4 parser": one to four parts, each
// decimal, octal (0…) or hexadecimal (0x…), of which the last stands for all bytes
// that are left, and a dot behind them.
func parseIPv4(host string) (netip.Addr, error) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, errIPv4
	}
	var all uint64
	for i, part := range parts {
		n, err := parseIPv4Number(part)
		left := 1 // bytes
		if i == len(parts)-1 {
			left = 5 - len(parts)
		}
		if err != nil || n >= 1<<(8*left) {
			return netip.Addr{}, errIPv4
		}
		all = all<<(8*left) | n
	}
	return netip.AddrFrom4([4]byte{byte(all >> 24), byte(all >> 16), byte(all >> 8), byte(all)}), nil
}

// parseIPv4Number is the WHATWG URL standard's "IPv4 number parser".
func parseIPv4Number(part string) (uint64, error) {
	if part == "" {
		return 0, strconv.ErrSyntax
	}
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(part), "0x"); ok {
		base, part = 16, hex
	} else if part[0] == '0' && len(part) > 1 {
		base, part = 8, part[1:]
	}
	if part == "" {
		return 0, nil
	}
	return strconv.ParseUint(part, base, 64)
}

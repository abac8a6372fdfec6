package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// Every function here reads one value. An error says what is wrong with it and
// what would be right.

func parseSize(text string) (Size, error) {
	var s Size
	err := s.UnmarshalText([]byte(text))
	return s, err
}

// parseMessage is a size that an upstream's reader can take.
func parseMessage(text string) (Size, error) {
	s, err := parseSize(text)
	if err == nil && s > 1<<30 {
		return 0, fmt.Errorf("%s is more than a message can have: write 1GiB or less", quote(text))
	}
	return s, err
}

// parseMemory is a size that may be more than one message can have.
func parseMemory(text string) (Size, error) {
	n, err := parseBytes(text, mostMemory)
	if err != nil || n < leastMemory {
		return 0, fmt.Errorf("%s is not a size from 16MiB to 1048576GiB: write 512MiB or 4GiB", quote(text))
	}
	return n, nil
}

// The bounds of limits.memory, in bytes.
const (
	leastMemory = 16 << 20
	mostMemory  = 1 << 50
)

const longest = 24 * time.Hour

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return 0, fmt.Errorf("%s has no unit: write 30s, 500ms or 2m", quote(text))
		}
		return 0, fmt.Errorf("%s is not a time: write 30s, 500ms or 2m", quote(text))
	case d < 0 || d > longest:
		return 0, fmt.Errorf("%s is not from 0 to %v: write 30s, 500ms or 2m", quote(text), longest)
	}
	return d, nil
}

func parseTimeout(text string) (time.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d == 0 {
		return 0, fmt.Errorf("%s is no time at all: write one above 0, as 10s", quote(text))
	}
	return d, err
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", quote(text))
}

func parseLevel(text string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("%s is not a level: write debug, info, warn or error", quote(text))
	}
	return l, nil
}

const mostCapacity = 100_000_000

func parseCapacity(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostCapacity {
		return 0, fmt.Errorf("%s is not a number of sockets from 1 to %d: write digits alone, as 20000", quote(text), mostCapacity)
	}
	return n, nil
}

// parseAddress reads what is listened on.
func parseAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err == nil && host != "" {
		err = checkName(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	}
	if err != nil {
		return "", fmt.Errorf("%s is not an address to listen on: write a host and a port, as 127.0.0.1:8080 or 0.0.0.0:8080", quote(text))
	}
	return text, nil
}

var label = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// checkName tells whether a text is a DNS name, or an address without brackets.
func checkName(text string) error {
	if _, err := netip.ParseAddr(text); err == nil {
		return nil
	}
	if len(text) > 253 {
		return errors.New("it is too long for a name")
	}
	for l := range strings.SplitSeq(text, ".") {
		if !label.MatchString(l) {
			return fmt.Errorf("%s is no label of a name", quote(l))
		}
	}
	return nil
}

// parseRelayHost reads a name or an address, with a port or without.
func parseRelayHost(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", notAHost(text)
		}
	} else {
		host = text
		if inner, ok := strings.CutPrefix(text, "["); ok {
			host = strings.TrimSuffix(inner, "]")
		} else if addr, err := netip.ParseAddr(text); err == nil && addr.Is6() {
			return "", fmt.Errorf("%s is an IPv6 address without brackets: write [%s]", quote(text), text)
		}
	}
	if err := checkName(host); err != nil {
		return "", notAHost(text)
	}
	return text, nil
}

func notAHost(text string) error {
	return fmt.Errorf("%s is not a name: write a host, with a port where it is not the scheme's own, and nothing else, as tom.example.com or tom.example.com:8443", quote(text))
}

// parseRouterHost reads a name without a port.
func parseRouterHost(text string) (string, error) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		return "", fmt.Errorf("%s has a port, and a router answers whatever the port is: write %s", quote(text), host)
	}
	host := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), "."))
	if err := checkName(host); err != nil {
		return "", fmt.Errorf("%s is not a name: write a host and nothing else, as router.example.com", quote(text))
	}
	return host, nil
}

var zone = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func parseZone(text string) (string, error) {
	if !zone.MatchString(text) {
		return "", fmt.Errorf("%s is not a zone: write at most 64 letters, digits, dots, dashes and underscores, as eu-1", quote(text))
	}
	return text, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.Prefix{}, fmt.Errorf("%s is one address: write it with its length, as %s", quote(text), netip.PrefixFrom(addr, addr.BitLen()))
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is not a network: write 127.0.0.0/8 or fd00::/8", quote(text))
	}
	return p, nil
}

func parseText(text string) (string, error) {
	if text == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}

const mostCount = 1_000_000_000

// parseCount is how many there may be; 0 is no limit.
func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > mostCount {
		return 0, fmt.Errorf("%s is not a number from 0 to %d: write digits alone, as 1000, and 0 for no limit", quote(text), mostCount)
	}
	return n, nil
}

func parseRate(text string) (auth.Rate, error) {
	r, err := auth.ParseRate(text)
	if err != nil || text == "" {
		return r, fmt.Errorf("%s is not a rate: write a whole number and a unit, as 50/s, 100/m or 1000/h; 0 for no limit", quote(text))
	}
	return r, nil
}

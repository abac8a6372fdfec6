// Package config is what a router and a relay are told: by flags, by environment
// variables, by a file, and by defaults, of which the first that says something
// holds. It reads nothing by itself (Sources has what was read), and says
// everything that is wrong at once, with the line it stands on and what would be
// right.
package config

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// A Config is all of it, for both roles: a file may serve a whole cluster.
type Config struct {
	Redis         Secret // it may hold a password
	ClusterSecret Secret
	// Keys are who may open what. Nil: nobody has said, and a router is open or does not
	// start; else it is not nil, also where there are none. A relay is told no more than
	// that there are keys.
	Keys     Keyring
	Proxies  []netip.Prefix // whose word on a caller's address counts
	LogLevel slog.Level
	Router   Router
	Relay    Relay
	TLS      TLS
	Targets  Targets
	Limits   Limits
	Timeouts Timeouts

	// Notes are no faults, and worth a look.
	Notes []Fault
}

// Router is what concerns a router alone.
type Router struct {
	Listen      string
	Host        []string // the names it answers to, besides its addresses
	Origins     []string // the pages that may call, besides this machine's and those of Host
	Zone        string
	DebugListen string // empty: no profiles
}

// Relay is what concerns a relay alone.
type Relay struct {
	Listen      string
	Host        string // handed out to clients; empty: the address listened on
	Wildcard    bool
	Capacity    int // in sockets; 0: as many as the machine can have
	Zone        string
	DebugListen string // empty: no profiles
}

// TLS has the files, and what was in them.
type TLS struct {
	Cert, Key, TargetCA string           // paths
	Certificate         *tls.Certificate // nil: http
	CAs                 []byte           // in PEM, at least one; nil: the system's alone
}

// Targets say what may be dialled.
type Targets struct {
	AllowPrivate []netip.Prefix
	Deny         []netip.Prefix // whatever is allowed
}

// Limits are each socket's, and those that all callers have in common.
type Limits struct {
	Message, Buffer Size
	Grace, Hold     time.Duration

	DialsPerToken, DialsPerHost, DialsPerAddress, CreatesPerAddress auth.Rate
	SocketsPerAddress                                               int // 0: no limit

	ConnectionsPerAddress, RequestsPerAddress int  // 0: no limit
	Memory                                    Size // 0: a part of what the machine has
}

// Timeouts bound how long others are waited for.
type Timeouts struct{ Target, Close, Drain time.Duration }

// A Secret is text that is not printed, whatever prints it. string(s) is the text.
type Secret string

const hidden = "[secret]"

// Format implements fmt.Formatter, for all verbs.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText implements encoding.TextMarshaler, and so for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

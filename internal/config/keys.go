package config

import (
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// A Role is one of the two commands.
type Role string

// The roles. None is for what concerns both.
const (
	RoleRouter Role = "router"
	RoleRelay  Role = "relay"
)

// A Key is one setting.
type Key struct {
	Path    string // in the file, with dots between: relay.listen
	Flag    string // with its dashes; empty: it has none
	Role    Role   // whose it is alone
	Default string // as it is written in the file; empty: none
	Keyed   string // the default where there are keys of customers; empty: Default
	Reload  bool   // SIGHUP swaps it; else a change needs a restart
	List    bool   // one value or many

	records bool // customers' keys, which only a file can hold
	secret  bool // env: and file: lead to it, and it is never printed
	path    bool // of a file: from the configuration's folder on
	set     func(c *Config, s *Sources, texts []string) error
	copy    func(to, from *Config)
	get     func(c *Config) any
}

// Env is the environment variable that holds the key; empty: none can.
func (k *Key) Env() string {
	if k.records {
		return ""
	}
	return "POLYSOCKET_" + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

func one[T any](k Key, field func(*Config) *T, parse func(string) (T, error)) Key {
	k.set = func(c *Config, _ *Sources, texts []string) (err error) {
		v, err := parse(texts[0])
		if err == nil {
			*field(c) = v
		}
		return err
	}
	k.get = func(c *Config) any { return *field(c) }
	k.copy = func(to, from *Config) { *field(to) = *field(from) }
	return k
}

func many[T any](k Key, field func(*Config) *[]T, parse func(string) (T, error)) Key {
	k.List = true
	k.set = func(c *Config, _ *Sources, texts []string) error {
		var all []T
		for _, text := range texts {
			v, err := parse(text)
			if err != nil {
				return err
			}
			all = append(all, v)
		}
		*field(c) = all
		return nil
	}
	k.get = func(c *Config) any { return *field(c) }
	k.copy = func(to, from *Config) { *field(to) = *field(from) }
	return k
}

func path(k Key, field func(*Config) *string) Key {
	k = one(k, field, parseText)
	k.path = true
	return k
}

func secret(k Key, field func(*Config) *Secret, check func(*Sources) func(string) error) Key {
	k.secret = true
	k.set = func(c *Config, s *Sources, texts []string) error {
		if check := check(s); check != nil {
			if err := check(texts[0]); err != nil {
				return err
			}
		}
		*field(c) = Secret(texts[0])
		return nil
	}
	k.get = func(c *Config) any { return *field(c) }
	k.copy = func(to, from *Config) { *field(to) = *field(from) }
	return k
}

// checked has each value looked at by what Sources say, too.
func checked(k Key, check func(*Sources) func(string) error) Key {
	set := k.set
	k.set = func(c *Config, s *Sources, texts []string) error {
		if check := check(s); check != nil {
			for _, text := range texts {
				if err := check(text); err != nil {
					return err
				}
			}
		}
		return set(c, s, texts)
	}
	return k
}

// keys are all that there are, in the order of the reference. The defaults stand
// here and nowhere else.
var keys = withRoles([]Key{
	secret(Key{Path: "redis", Flag: "--redis"}, func(c *Config) *Secret { return &c.Redis },
		func(s *Sources) func(string) error { return s.CheckRedis }),
	secret(Key{Path: "cluster_secret"}, func(c *Config) *Secret { return &c.ClusterSecret },
		func(s *Sources) func(string) error { return s.CheckSecret }),
	{
		Path: keysPath, Role: RoleRouter, Reload: true, records: true,
		get: func(c *Config) any { return c.Keys }, copy: func(to, from *Config) { to.Keys = from.Keys },
	},
	many(Key{Path: "proxies", Reload: true}, func(c *Config) *[]netip.Prefix { return &c.Proxies }, parsePrefix),
	one(Key{Path: "log_level", Flag: "--log-level", Default: "info", Reload: true}, func(c *Config) *slog.Level { return &c.LogLevel }, parseLevel),

	one(Key{Path: "router.listen", Flag: "--listen", Default: "127.0.0.1:8080"}, func(c *Config) *string { return &c.Router.Listen }, parseAddress),
	many(Key{Path: "router.host", Flag: "--host", Reload: true}, func(c *Config) *[]string { return &c.Router.Host }, parseRouterHost),
	checked(many(Key{Path: "router.origins", Flag: "--origin", Reload: true}, func(c *Config) *[]string { return &c.Router.Origins }, parseText),
		func(s *Sources) func(string) error { return s.CheckOrigin }),
	one(Key{Path: "router.zone", Flag: "--zone", Reload: true}, func(c *Config) *string { return &c.Router.Zone }, parseZone),
	one(Key{Path: "router.debug_listen", Flag: "--debug-listen"}, func(c *Config) *string { return &c.Router.DebugListen }, parseAddress),

	one(Key{Path: "relay.listen", Flag: "--listen", Default: "127.0.0.1:9001"}, func(c *Config) *string { return &c.Relay.Listen }, parseAddress),
	one(Key{Path: "relay.host", Flag: "--host"}, func(c *Config) *string { return &c.Relay.Host }, parseRelayHost),
	one(Key{Path: "relay.wildcard", Flag: "--wildcard", Default: "false"}, func(c *Config) *bool { return &c.Relay.Wildcard }, parseBool),
	one(Key{Path: "relay.capacity", Flag: "--capacity", Reload: true}, func(c *Config) *int { return &c.Relay.Capacity }, parseCapacity),
	one(Key{Path: "relay.zone", Flag: "--zone"}, func(c *Config) *string { return &c.Relay.Zone }, parseZone),
	one(Key{Path: "relay.debug_listen", Flag: "--debug-listen"}, func(c *Config) *string { return &c.Relay.DebugListen }, parseAddress),

	path(Key{Path: "tls.cert", Flag: "--tls-cert", Reload: true}, func(c *Config) *string { return &c.TLS.Cert }),
	path(Key{Path: "tls.key", Flag: "--tls-key", Reload: true}, func(c *Config) *string { return &c.TLS.Key }),
	path(Key{Path: "tls.target_ca", Flag: "--target-ca", Role: RoleRelay, Reload: true}, func(c *Config) *string { return &c.TLS.TargetCA }),

	many(Key{Path: "targets.allow_private", Flag: "--allow-private", Role: RoleRelay, Reload: true},
		func(c *Config) *[]netip.Prefix { return &c.Targets.AllowPrivate }, parsePrefix),
	many(Key{Path: "targets.deny", Role: RoleRelay, Reload: true},
		func(c *Config) *[]netip.Prefix { return &c.Targets.Deny }, parsePrefix),

	one(Key{Path: "limits.message", Flag: "--message-limit", Role: RoleRelay, Default: "16MiB", Reload: true},
		func(c *Config) *Size { return &c.Limits.Message }, parseMessage),
	one(Key{Path: "limits.buffer", Flag: "--buffer-limit", Role: RoleRelay, Default: "256KiB", Reload: true},
		func(c *Config) *Size { return &c.Limits.Buffer }, parseSize),
	one(Key{Path: "limits.grace", Flag: "--grace", Role: RoleRelay, Default: "30s", Reload: true},
		func(c *Config) *time.Duration { return &c.Limits.Grace }, parseTimeout),
	one(Key{Path: "limits.hold", Flag: "--hold", Role: RoleRelay, Default: "10s", Reload: true},
		func(c *Config) *time.Duration { return &c.Limits.Hold }, parseTimeout),
	one(Key{Path: "limits.dials_per_token", Role: RoleRouter, Keyed: "50/s", Reload: true},
		func(c *Config) *auth.Rate { return &c.Limits.DialsPerToken }, parseRate),
	one(Key{Path: "limits.dials_per_host", Role: RoleRouter, Keyed: "500/s", Reload: true},
		func(c *Config) *auth.Rate { return &c.Limits.DialsPerHost }, parseRate),
	one(Key{Path: "limits.dials_per_address", Role: RoleRelay, Keyed: "500/s", Reload: true},
		func(c *Config) *auth.Rate { return &c.Limits.DialsPerAddress }, parseRate),
	one(Key{Path: "limits.creates_per_address", Role: RoleRouter, Keyed: "50/s", Reload: true},
		func(c *Config) *auth.Rate { return &c.Limits.CreatesPerAddress }, parseRate),
	one(Key{Path: "limits.sockets_per_address", Role: RoleRouter, Keyed: "1000", Reload: true},
		func(c *Config) *int { return &c.Limits.SocketsPerAddress }, parseCount),

	one(Key{Path: "limits.connections_per_address", Default: "2048", Reload: true},
		func(c *Config) *int { return &c.Limits.ConnectionsPerAddress }, parseCount),
	one(Key{Path: "limits.requests_per_address", Default: "2048", Reload: true},
		func(c *Config) *int { return &c.Limits.RequestsPerAddress }, parseCount),
	one(Key{Path: "limits.memory", Role: RoleRelay, Reload: true},
		func(c *Config) *Size { return &c.Limits.Memory }, parseMemory),

	one(Key{Path: "timeouts.target", Flag: "--target-timeout", Role: RoleRelay, Default: "10s", Reload: true},
		func(c *Config) *time.Duration { return &c.Timeouts.Target }, parseTimeout),
	one(Key{Path: "timeouts.close", Flag: "--close-timeout", Role: RoleRelay, Default: "10s", Reload: true},
		func(c *Config) *time.Duration { return &c.Timeouts.Close }, parseTimeout),
	one(Key{Path: "timeouts.drain", Flag: "--drain-timeout", Role: RoleRelay, Default: "30s", Reload: true},
		func(c *Config) *time.Duration { return &c.Timeouts.Drain }, parseDuration),
})

// withRoles gives the keys of a role's own section that role.
func withRoles(keys []Key) []Key {
	for i, k := range keys {
		section, _, _ := strings.Cut(k.Path, ".")
		if role := Role(section); role == RoleRouter || role == RoleRelay {
			keys[i].Role = role
		}
	}
	return keys
}

// Keys are all that there are, in the order of the reference.
func Keys() []Key { return slices.Clone(keys) }

// find is the key of a path, or nil.
func find(path string) *Key {
	if i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == path }); i >= 0 {
		return &keys[i]
	}
	return nil
}

// isSection tells whether keys stand below a path.
func isSection(path string) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return strings.HasPrefix(k.Path, path+".") })
}

// Changed are the keys of a role whose values differ, what is in files included.
func Changed(a, b *Config, role Role) []Key {
	var changed []Key
	for _, k := range keys {
		if k.Role != "" && k.Role != role {
			continue
		}
		if !reflect.DeepEqual(k.get(a), k.get(b)) || !sameFile(k.Path, a, b) {
			changed = append(changed, k)
		}
	}
	return changed
}

// Keep takes the values that cannot change while the process runs from the
// configuration that it runs by.
func (c *Config) Keep(running *Config) {
	for _, k := range keys {
		if !k.Reload {
			k.copy(c, running)
		}
	}
}

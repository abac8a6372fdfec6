package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Sources are what a Config is read from.
type Sources struct {
	File  string                           // the file's path, for errors, and for paths in it; empty: no file
	Data  []byte                           // what is in it
	Env   func(name string) (string, bool) // as os.LookupEnv; what is empty is not set
	Flags map[string][]string              // those that were given, by the paths of their keys

	ReadFile func(name string) ([]byte, error) // as os.ReadFile: for secrets and certificates
	Now      time.Time                         // a certificate has to hold then

	// Role is the one that is to start. Empty: the file is to be good for all that
	// it has something about.
	Role Role
	// These are asked about values that only others understand. Nil: all is well.
	CheckRedis, CheckSecret, CheckOrigin func(string) error
}

// Read puts flags over environment over file over defaults. The error is Faults, of
// all of them: also of what is overridden.
func Read(s Sources) (*Config, error) {
	r := reading{Sources: &s, config: new(Config), from: map[string]setting{}}
	f := new(file)
	if s.File != "" {
		f = readFile(s.File, s.Data)
		r.faults = append(r.faults, f.faults...)
		r.unread = f.unread
	}
	keyed := slices.ContainsFunc(f.settings, func(s setting) bool { return s.key.records })
	for i := range keys {
		k := &keys[i]
		if keyed && k.Keyed != "" {
			r.apply(setting{key: k, texts: []string{k.Keyed}})
		} else if k.Default != "" {
			r.apply(setting{key: k, texts: []string{k.Default}})
		}
	}
	for _, set := range f.settings {
		r.apply(set)
	}
	for i := range keys {
		k := &keys[i]
		if text, ok := s.Env(k.Env()); ok && text != "" && !k.records {
			texts := []string{text}
			if k.List {
				texts = strings.Split(text, ",")
				for i := range texts {
					texts[i] = strings.TrimSpace(texts[i])
				}
			}
			r.apply(setting{key: k, texts: texts, where: k.Env()})
		}
	}
	for i := range keys {
		k := &keys[i]
		if texts, ok := s.Flags[k.Path]; ok {
			r.apply(setting{key: k, texts: texts, where: k.Flag})
		}
	}
	if !r.unread {
		r.whole()
		r.tls()
	}
	if len(r.faults) > 0 {
		r.faults.sort()
		return nil, r.faults
	}
	return r.config, nil
}

// A reading is one Read under way.
type reading struct {
	*Sources
	config *Config
	unread bool               // what the file has is not known
	from   map[string]setting // what holds, by the key's path
	bad    []string           // keys that have a fault
	faults Faults
}

// apply has a setting hold, over what held before.
func (r *reading) apply(s setting) {
	r.from[s.key.Path] = s
	if s.key.records {
		r.readKeys(s.node)
		return
	}
	if s.key.secret {
		text, err := r.resolve(s)
		if err != nil {
			r.fault(s, err.Error())
			return
		}
		s.texts = []string{text}
	}
	if s.key.path && s.line > 0 && s.texts[0] != "" && !filepath.IsAbs(s.texts[0]) {
		s.texts = []string{filepath.Join(filepath.Dir(r.File), s.texts[0])}
	}
	if err := s.key.set(r.config, r.Sources, s.texts); err != nil {
		what := err.Error()
		if s.key.secret {
			what = redact(what, s.texts[0])
		}
		r.fault(s, what)
	}
}

// fault is one of a setting, and says where that stands.
func (r *reading) fault(s setting, what string) {
	f := Fault{Where: s.where, What: what, line: s.line}
	if s.line > 0 {
		f.Key = s.key.Path
	}
	r.bad = append(r.bad, s.key.Path)
	r.faults = append(r.faults, f)
}

// missing is the fault of a key that nobody has set.
func (r *reading) missing(path, why string) {
	k := find(path)
	ways := []string{"set " + k.Env()}
	if r.File != "" {
		ways = append(ways, "write it into the file")
	}
	if k.Flag != "" {
		ways = append(ways, "give "+k.Flag)
	}
	if r.File == "" && k.Flag == "" {
		ways = append(ways, "name a file by --config")
	}
	r.faults = append(r.faults, Fault{Where: r.File, Key: path, What: fmt.Sprintf("it is missing: %s: %s", why, strings.Join(ways, ", or "))})
}

// goodSecret is how many characters a cluster_secret has at least that is not worth
// a note.
const goodSecret = 16

// whole looks at what goes together.
func (r *reading) whole() {
	c := r.config
	for _, needed := range []struct{ path, why string }{
		{"redis", "routers and relays meet there, as redis://127.0.0.1:6379/0"},
		{"cluster_secret", "it signs what routers and relays say to each other, and all of them have the same"},
	} {
		if _, set := r.from[needed.path]; !set {
			r.missing(needed.path, needed.why)
		}
	}
	if origins, set := r.from["router.origins"]; set && c.Keys != nil {
		r.config.Notes = append(r.config.Notes, Fault{
			Where: origins.where, Key: "router.origins", What: "it means nothing beside keys: each has origins of its own", line: origins.line,
		})
	}
	if s, set := r.from["cluster_secret"]; set && len(c.ClusterSecret) < goodSecret && !slices.Contains(r.bad, "cluster_secret") {
		c.Notes = append(c.Notes, Fault{
			Where: s.where, Key: s.key.Path, line: s.line,
			What: fmt.Sprintf("it has fewer than %d characters, and may be guessed: openssl rand -hex 32 prints a good one", goodSecret),
		})
	}
	host, named := r.from["relay.host"]
	switch listen := r.from["relay.listen"]; {
	case slices.Contains(r.bad, "relay.host"):
	case named && c.Relay.Wildcard && isAddress(c.Relay.Host):
		r.fault(host, quote(c.Relay.Host)+" is an address, and relay.wildcard puts a label before a name: write a name, or wildcard: false")
	case !named && c.Relay.Wildcard:
		r.nameless(r.from["relay.wildcard"], "it needs relay.host, the name to put a label before")
	case !named && unspecified(c.Relay.Listen):
		r.nameless(listen, c.Relay.Listen+" is every address of the machine, so relay.host has to say by which name clients reach it, as tom.example.com:9001")
	}
}

// nameless says that relay.host is missing: a relay cannot start so. Where a file is
// looked at, it is a note: each relay may be given its own by a flag.
func (r *reading) nameless(s setting, what string) {
	switch r.Role {
	case RoleRelay:
		r.fault(s, what)
	case "":
		f := Fault{Where: s.where, Key: s.key.Path, What: what + ": each relay is to have it by --host or POLYSOCKET_RELAY_HOST", line: s.line}
		r.config.Notes = append(r.config.Notes, f)
	}
}

func isAddress(hostport string) bool {
	_, err := netip.ParseAddr(bare(hostport))
	return err == nil
}

// bare is a host without port and brackets.
func bare(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

func unspecified(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.Unmap().IsUnspecified()
}

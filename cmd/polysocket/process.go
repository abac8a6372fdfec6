package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/bus/redisbus"
	"github.com/polysocket/polysocket/internal/config"
	"github.com/polysocket/polysocket/internal/endpoint"
)

// A process is what a router's and a relay's have in common.
type process struct {
	role   config.Role
	file   string
	open   bool // whoever comes is let in
	flags  map[string][]string
	config *config.Config // what holds
	level  slog.LevelVar
	log    *slog.Logger
	web    *web
	bus    *redisbus.Bus
	hangup chan os.Signal

	listening    []netip.AddrPort // whatever for
	profiles     string           // the line that says where they are
	stopProfiles func()
}

// newProcess reads the configuration, and listens. Whoever has it ends it.
func newProcess(role config.Role, f *shared, k *kong.Context) (*process, error) {
	p := &process{role: role, file: f.Config, open: f.Open, flags: given(k, role), hangup: make(chan os.Signal, 1), stopProfiles: func() {}}
	var err error
	if p.config, err = p.read(); err != nil {
		return nil, err
	}
	signal.Notify(p.hangup, syscall.SIGHUP)
	p.level.Set(p.config.LogLevel)
	p.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: &p.level}))
	p.note(p.config)

	address, profiles := p.config.Router.Listen, p.config.Router.DebugListen
	if role == config.RoleRelay {
		address, profiles = p.config.Relay.Listen, p.config.Relay.DebugListen
	}
	listener, err := listen(string(role)+".listen", address, true)
	if err != nil {
		signal.Stop(p.hangup)
		return nil, err
	}
	p.listening = append(p.listening, listening(listener))
	p.web = newWeb(listener, served(p.config.TLS.Certificate))
	p.web.visitors.Apply(bounds(p.config))
	if err := p.debug(profiles); err != nil {
		p.end()
		return nil, err
	}
	p.bus, err = redisbus.New(redisbus.Options{
		URL: string(p.config.Redis), Secret: string(p.config.ClusterSecret), Log: p.log,
	})
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (p *process) debug(address string) error {
	if address == "" {
		return nil
	}
	named := string(p.role) + ".debug_listen"
	l, err := listen(named, address, true)
	if err != nil {
		return err
	}
	p.listening = append(p.listening, listening(l))
	url, stop := serveProfiles(l, named, p.web.failed)
	p.profiles, p.stopProfiles = profilesLine(url), stop
	return nil
}

// end gives back what newProcess has taken.
func (p *process) end() {
	signal.Stop(p.hangup)
	p.stopProfiles()
	p.web.listener.Close()
	if p.bus != nil {
		p.bus.Close()
	}
}

// read reads the configuration as it now is.
func (p *process) read() (*config.Config, error) {
	s, err := sources(p.file, p.flags, p.role)
	if err != nil {
		return nil, err
	}
	c, err := config.Read(s)
	if err != nil {
		return nil, err
	}
	return c, p.admits(c)
}

// admits tells whether it has been said, once, who may open sockets.
func (p *process) admits(c *config.Config) error {
	switch {
	case p.open && c.Keys != nil:
		return errors.New("--open lets anybody in, and keys let in those alone who have a token: choose one, and leave the other out")
	case !p.open && c.Keys == nil:
		return fmt.Errorf("nobody has said who may open sockets to what, so the %s does not start: write keys into the file "+
			"(docs/tokens.md; keys: [] where there are none in it), and only who has a token gets a socket; or give --open: "+
			"whoever reaches it may then have sockets opened to any public address and port, and to those private ones that targets.allow_private names", p.role)
	}
	return nil
}

// bounds are those of one address.
func bounds(c *config.Config) endpoint.Bounds {
	return endpoint.Bounds{
		Connections: c.Limits.ConnectionsPerAddress, Requests: c.Limits.RequestsPerAddress, Proxies: c.Proxies,
	}
}

// note logs what is worth a look in a configuration.
func (p *process) note(c *config.Config) {
	for _, note := range c.Notes {
		p.log.Warn(note.String())
	}
}

// A tenant is the router or the relay of a process.
type tenant interface {
	http.Handler
	// apply has what may change while it runs be as c says.
	apply(c *config.Config)
	// leave empties it, while it still answers.
	leave()
}

// run serves until ctx ends, and then until all have left. SIGHUP reloads.
func (p *process) run(ctx context.Context, t tenant) error {
	p.web.serve(t, p.log)
	fmt.Printf("polysocket %s is ready: %s\n%s", p.role, p.web.base(), p.profiles)
	told := ctx.Done()
	left := make(chan struct{})
	for {
		select {
		case err := <-p.web.failed:
			return err
		case <-p.hangup:
			p.reload(t)
		case <-told:
			told = nil
			p.log.Info("ending: no new sockets are taken; a second signal ends it at once")
			go func() {
				t.leave()
				close(left)
			}()
		case <-left:
			return p.web.shutdown()
		}
	}
}

// stopped is the error of a part that ended by itself.
func stopped(part string, err error) error {
	if err == nil {
		err = errors.New("for no reason")
	}
	return fmt.Errorf("%s has stopped: %w", part, err)
}

package main

import (
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/bus/redisbus"
	"github.com/polysocket/polysocket/internal/config"
)

// meeting are the flags of commands that do something in Redis and end.
type meeting struct {
	Config string `placeholder:"FILE" env:"POLYSOCKET_CONFIG" help:"The configuration (YAML) of routers and relays: where Redis is, and the cluster's secret."`
	Redis  string `placeholder:"URL" help:"Where routers and relays meet: redis://127.0.0.1:6379/0."`
}

// read reads the configuration.
func (m *meeting) read(k *kong.Context) (*config.Config, error) {
	s, err := sources(m.Config, given(k, ""), "")
	if err != nil {
		return nil, err
	}
	return config.Read(s)
}

// meet goes where routers and relays meet. The bus is to be closed.
func meet(c *config.Config) (*redisbus.Bus, error) {
	return redisbus.New(redisbus.Options{
		URL: string(c.Redis), Secret: string(c.ClusterSecret),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
}

package main

import (
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus/redisbus"
	"github.com/polysocket/polysocket/internal/config"
)

// shared are the flags that router and relay both have. What a flag says stands
// over the configuration's key that has its name; secrets have no flags, since
// everybody on the machine sees the command line.
type shared struct {
	Config      string `placeholder:"FILE" env:"POLYSOCKET_CONFIG" help:"The configuration (YAML). Environment variables (POLYSOCKET_LIMITS_GRACE for limits.grace) and flags stand over it."`
	Redis       string `placeholder:"URL" help:"Where routers and relays meet: redis://127.0.0.1:6379/0."`
	TLSCert     string `name:"tls-cert" placeholder:"FILE" help:"Serve https and HTTP/2 with this certificate (PEM)."`
	TLSKey      string `name:"tls-key" placeholder:"FILE" help:"The certificate's key (PEM)."`
	DebugListen string `placeholder:"ADDR" help:"Serve net/http/pprof on this address."`
	LogLevel    string `placeholder:"LEVEL" help:"debug, info, warn or error (${log_level})."`
	Open        bool   `help:"Let anybody in. Without it the configuration has keys, or it does not start. Private targets are refused."`
}

// given are the flags that stand on the command line, by the paths of their keys.
func given(k *kong.Context, role config.Role) map[string][]string {
	flags := map[string][]string{}
	for _, p := range k.Path {
		if p.Flag == nil {
			continue
		}
		for _, key := range config.Keys() {
			if key.Flag == "--"+p.Flag.Name && (key.Role == "" || key.Role == role) {
				flags[key.Path] = texts(p.Flag.Target)
			}
		}
	}
	return flags
}

// texts is a flag's value as it would stand in the file.
func texts(v reflect.Value) []string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return []string{fmt.Sprint(v.Interface())}
	}
	all := make([]string, v.Len())
	for i := range all {
		all[i] = fmt.Sprint(v.Index(i).Interface())
	}
	return all
}

// sources are what a configuration is read from.
func sources(file string, flags map[string][]string, role config.Role) (config.Sources, error) {
	s := config.Sources{
		File: file, Flags: flags, Role: role,
		Env: os.LookupEnv, ReadFile: os.ReadFile, Now: time.Now(),
		CheckRedis: redisbus.CheckURL, CheckSecret: redisbus.CheckSecret,
		CheckOrigin: func(pattern string) error {
			_, err := auth.ParseOrigins([]string{pattern})
			return err
		},
	}
	if file == "" {
		return s, nil
	}
	var err error
	if s.Data, err = os.ReadFile(file); err != nil {
		return s, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return s, nil
}

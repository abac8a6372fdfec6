package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A deployment is a way to run polysocket: what creates are asked of, and the processes that have a part in them.
type deployment struct {
	label  string
	create string // the address of the router
	router *program
	relay  *program // nil where the router is all of it
	redis  *program // nil for none
}

// routed measures creating through Redis beside the single process.
func routed(ctx context.Context, n sizes) error {
	dir, err := os.MkdirTemp("", "polysocket-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "polysocket")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/polysocket")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	target := &peer{name: "direct"}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	c, err := target.start(serving)
	if err != nil {
		return err
	}
	defer func() {
		stop()
		_ = c.Wait() // killed
	}()
	var ways []*deployment
	defer func() {
		for _, d := range ways {
			d.stop()
		}
	}()
	for _, start := range []func(context.Context, string, string) (*deployment, error){startSingle, startRouted} {
		d, err := start(ctx, binary, dir)
		if d != nil {
			ways = append(ways, d)
		}
		if err != nil {
			return err
		}
	}
	return measureCreates(ctx, ways, target.addr, n)
}

// startSingle starts router and relay in one process, joined by memory.
func startSingle(ctx context.Context, binary, _ string) (*deployment, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	d := &deployment{label: "one process", create: addr}
	d.router, err = startProgram(ctx, addr, binary, "dev", "--listen="+addr)
	return d, err
}

// startRouted starts a router, a relay and a redis-server.
func startRouted(ctx context.Context, binary, dir string) (*deployment, error) {
	var addrs [3]string
	for i := range addrs {
		var err error
		if addrs[i], err = freeAddr(ctx); err != nil {
			return nil, err
		}
	}
	redis, router, relay := addrs[0], addrs[1], addrs[2]
	config := filepath.Join(dir, "polysocket.yaml")
	text := fmt.Sprintf("redis: redis://%s/0\ncluster_secret: the secret of this benchmark, and of nothing else\ntargets: {allow_private: [127.0.0.0/8]}\n", redis)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	d := &deployment{label: "router and relay, over Redis", create: router}
	host, port, _ := strings.Cut(redis, ":")
	var err error
	if d.redis, err = startProgram(ctx, redis, "redis-server", "--bind", host, "--port", port, "--save", "", "--dir", dir); err != nil {
		return d, fmt.Errorf("%w: test/install.sh targets installs it", err)
	}
	if d.router, err = startProgram(ctx, router, binary, "router", "--config="+config, "--listen="+router, "--open"); err != nil {
		return d, err
	}
	if d.relay, err = startProgram(ctx, relay, binary, "relay", "--config="+config, "--listen="+relay, "--host="+relay, "--open"); err != nil {
		return d, err
	}
	if err := d.router.ready(ctx); err != nil {
		return d, err
	}
	return d, d.relay.ready(ctx)
}

func (d *deployment) stop() {
	for _, p := range []*program{d.router, d.relay, d.redis} {
		if p != nil {
			p.stop()
		}
	}
}

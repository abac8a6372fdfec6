package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A program is one that runs beside this one, and is measured from outside.
type program struct {
	cmd  *exec.Cmd
	addr string
}

// startProgram starts a program that listens on an address, and waits until it does.
func startProgram(ctx context.Context, addr, name string, args ...string) (*program, error) {
	p := &program{cmd: exec.CommandContext(ctx, name, args...), addr: addr}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", addr); err == nil {
			c.Close()
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen on %s", name, addr)
}

// ready waits until a router or a relay takes sockets.
func (p *program) ready(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		w, err := dialWeb(ctx, p.addr)
		if err != nil {
			return err
		}
		status, _, err := w.do("GET", "/readyz", "")
		w.Close()
		if err == nil && status == 200 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("it is not ready")
}

func (p *program) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed
}

// tick is the kernel's unit of CPU time (USER_HZ).
const userTick = 10 * time.Millisecond

// cpu is the CPU time that it has used.
func (p *program) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // its name may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is %q", p.cmd.Process.Pid, stat)
	}
	var sum time.Duration
	for _, field := range fields[11:13] { // user and system
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * userTick
	}
	return sum, nil
}

// freeAddr is an address that nobody listens on, and that is given to nobody who asks for any.
func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.77.77.77:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// redisVersion is that of redis-server, as it says it: Redis server v=7.0.15.
func redisVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return "no redis-server"
	}
	version, _, _ := strings.Cut(string(out), " sha=")
	return strings.TrimSpace(version)
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/igm/sockjs-go/v3/sockjs"

	"github.com/polysocket/polysocket/server"
)

// ages is a time that no measurement reaches: idle sockets must live as long as
// they are counted.
const ages = time.Hour

// A usage is what a server process uses.
type usage struct {
	Heap, Stack, RSS int64         // bytes in use after a collection; the process's as the kernel counts them
	CPU              time.Duration // user and system, since the start
	Goroutines       int
}

// serveOne is a server process: it prints its address, answers each line on
// stdin with a usage, and ends with it.
func serveOne(ctx context.Context, name string) error {
	handler, err := handlerOf(name)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: ages}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }()
	fmt.Println(l.Addr())

	asked := make(chan string)
	go func() {
		defer close(asked)
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			asked <- lines.Text()
		}
	}()
	out := json.NewEncoder(os.Stdout)
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case what, ok := <-asked:
			if !ok {
				return nil
			}
			u, err := use(what == "collected")
			if err != nil {
				return err
			}
			if err := out.Encode(u); err != nil {
				return err
			}
		}
	}
}

func handlerOf(name string) (http.Handler, error) {
	switch name {
	case "direct":
		return http.HandlerFunc(echo), nil
	case "polysocket", "stream":
		return server.New(server.Options{AnyTarget: true, Grace: ages})
	case "sockjs":
		o := sockjs.DefaultOptions
		o.DisconnectDelay = ages
		return sockjs.NewHandler("/echo", o, func(s sockjs.Session) {
			for {
				message, err := s.Recv()
				if err != nil {
					return
				}
				if err := s.Send(message); err != nil {
					return
				}
			}
		}), nil
	}
	return nil, fmt.Errorf("there is no server %q", name)
}

// echo is the target, and the floor.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	for ctx := context.Background(); ; {
		kind, message, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, kind, message); err != nil {
			return
		}
	}
}

// use measures this process; where collected, after what it does not use any
// more is given back.
func use(collected bool) (usage, error) {
	var u usage
	if collected {
		for range 3 { // finalizers and pools take more than one
			runtime.GC()
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		u.Heap, u.Stack = int64(m.HeapInuse), int64(m.StackInuse)
		u.Goroutines = runtime.NumGoroutine()
		rss, err := resident()
		if err != nil {
			return u, err
		}
		u.RSS = rss
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u, err
	}
	u.CPU = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return u, nil
}

func resident() (int64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/self/statm is %q", statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

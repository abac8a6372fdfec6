// Package redistest starts real redis-servers for tests: alone, under Sentinel, and
// as a Cluster, on free ports of this machine, without persistence. None outlives its
// test, also where the test is killed.
package redistest

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options are what a server is started with; the zero value is a plain one.
type Options struct {
	// Password is what clients have to know; empty for none.
	Password string
	// TLS has the server speak TLS alone, with a certificate for its address that it
	// has signed itself.
	TLS bool
	// Args go to redis-server besides, as on its command line.
	Args []string

	host string // its address; empty is alone
}

// A Server is one redis-server. Its methods fail the test where they cannot do
// what they say. They are not to be called at once.
type Server struct {
	Addr string // host and port

	t       testing.TB
	options Options
	dir     string
	running *process // nil while it is stopped
}

// Start starts a redis-server, and ends it with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, options: o, dir: t.TempDir()}
	if o.TLS {
		writeCertificate(t, s.dir)
	}
	t.Cleanup(s.Stop)
	for range 5 { // the port may be gone before the server has it
		s.Addr = freeAddr(t, cmp.Or(o.host, alone))
		if s.start() {
			return s
		}
	}
	t.Fatalf("redis-server does not start:\n%s", s.log())
	return nil
}

// URL is what a client connects by.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr}
	if s.options.TLS {
		u.Scheme, u.RawQuery = "rediss", "skip_verify=true"
	}
	if s.options.Password != "" {
		u.User = url.UserPassword("", s.options.Password)
	}
	return u.String()
}

// Stop kills the server at once (SIGKILL), and forgets all that it held. It does
// nothing where the server is stopped already.
func (s *Server) Stop() {
	if s.running != nil {
		s.running.end()
		s.running = nil
	}
}

// Restart starts the server again on its address, empty; one that runs is stopped
// first.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	for range 5 {
		if s.start() {
			return
		}
	}
	s.t.Fatalf("redis-server does not start again:\n%s", s.log())
}

// Pause freezes the server (SIGSTOP): connections to it stay, and are accepted, and
// nothing is answered.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Continue ends a Pause.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if s.running == nil {
		s.t.Fatalf("redis-server on %s is stopped: it cannot be told %v", s.Addr, sig)
	}
	if err := syscall.Kill(s.running.pid, sig); err != nil {
		s.t.Fatalf("redis-server on %s: %v: %v", s.Addr, sig, err)
	}
}

// Do runs a command by redis-cli, and returns what that prints, trimmed.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	out, err := s.cli(args...)
	if err != nil {
		s.t.Fatalf("redis-cli on %s: %q: %v: %s", s.Addr, args, err, out)
	}
	return out
}

func (s *Server) cli(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(s.Addr)
	all := []string{"-h", host, "-p", port, "-e"}
	if s.options.Password != "" {
		all = append(all, "--no-auth-warning", "-a", s.options.Password)
	}
	if s.options.TLS {
		all = append(all, "--tls", "--insecure")
	}
	out, err := exec.CommandContext(ctx, "redis-cli", append(all, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// start is false where the server has not come up: its port is taken.
func (s *Server) start() bool {
	s.t.Helper()
	host, port, _ := net.SplitHostPort(s.Addr)
	args := []string{
		"--bind", host, "--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "notice",
	}
	if s.options.TLS {
		args = append(args, "--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-cert-file", filepath.Join(s.dir, certificateFile),
			"--tls-key-file", filepath.Join(s.dir, keyFile), "--tls-ca-cert-file", filepath.Join(s.dir, certificateFile))
	} else {
		args = append(args, "--port", port)
	}
	if s.options.Password != "" {
		args = append(args, "--requirepass", s.options.Password, "--masterauth", s.options.Password)
	}
	s.running = run(s.t, s.dir, append([]string{"redis-server"}, append(args, s.options.Args...)...))
	return s.up()
}

// up waits until the server that was started answers.
func (s *Server) up() bool {
	s.t.Helper()
	up := false
	waitFor(s.t, "redis-server on "+s.Addr+" to answer", func() bool {
		// Another's server may have taken the port: this one says who it is.
		info, err := s.cli("INFO", "server")
		up = err == nil && strings.Contains(info, "process_id:"+strconv.Itoa(s.running.pid)+"\r")
		return up || strings.Contains(s.log(), "Failed listening on port")
	})
	if !up {
		s.Stop()
	}
	return up
}

func (s *Server) log() string {
	log, _ := os.ReadFile(filepath.Join(s.dir, logFile))
	return string(log)
}

const logFile = "log"

// A process is one that a shell watches, which kills it when the test's process has
// ended, however that ended.
type process struct {
	shell *exec.Cmd
	stdin io.WriteCloser // that it is open is the life of the process
	pid   int
}

const watch = `"$@" >` + logFile + ` 2>&1 & echo $!; read -r _; kill -9 $!; wait`

func run(t testing.TB, dir string, command []string) *process {
	t.Helper()
	shell := exec.Command("sh", append([]string{"-c", watch, "sh"}, command...)...)
	shell.Dir = dir
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatalf("%s: %v", command[0], err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", command[0], err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("%s: %v", command[0], err)
	}
	return &process{shell, stdin, pid}
}

func (p *process) end() {
	p.stdin.Close()
	_ = p.shell.Wait() // 137 or 0, whichever the shell makes of it
}

// alone is an address of this machine whose ports nobody is given who asks for any,
// nor who connects: a server that is stopped finds its own free when it is back.
const alone = "127.77.77.77"

// freeAddr is an address that was free just now.
func freeAddr(t testing.TB, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until a condition holds, for twenty seconds at most.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if condition() {
			tick.Stop()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

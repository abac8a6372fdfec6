package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var base = flag.String("base", "", "the URL of a server that runs already, with the protocol's defaults; else ./cmd/polysocket is built and run")

// binary is the server's program, "" with -base.
var binary string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	flag.Parse()
	// Most tests wait for the server's clocks, so many more of them run than there are cores.
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		flag.Set("test.parallel", "24")
	}
	if *base == "" {
		dir, err := os.MkdirTemp("", "conformance")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "polysocket")
		build := exec.Command("go", "build", fmt.Sprint("-race=", race), "-o", binary, "../cmd/polysocket")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building ./cmd/polysocket: %v\n%s", err, out)
			return 1
		}
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// process is a server that the suite started.
type process struct {
	scheme, port string
	cmd          *exec.Cmd
	stderr       *tail
}

// start runs `polysocket dev` with flags until the test's end; then SIGTERM must end it with status 0.
func start(t *testing.T, flags ...string) *process {
	t.Helper()
	p := &process{stderr: new(tail)}
	p.cmd = exec.Command(binary, append([]string{"dev", "--listen", "127.0.0.1:0", "--log-level", "warn"}, flags...)...)
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan []string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(ready)
		url := regexp.MustCompile(`(https?)://[^\s/]*:(\d+)`)
		found := false
		for sc := bufio.NewScanner(stdout); sc.Scan(); {
			if m := url.FindStringSubmatch(sc.Text()); m != nil && !found {
				found = true
				ready <- m
			}
		}
	}()
	t.Cleanup(func() {
		p.stop(t, read)
	})
	select {
	case m, ok := <-ready:
		if !ok {
			t.Fatalf("polysocket dev %q ended before it was ready\n%s", flags, p.stderr)
		}
		p.scheme, p.port = m[1], m[2]
	case <-time.After(30 * time.Second):
		t.Fatalf("polysocket dev %q printed no URL in 30 s\n%s", flags, p.stderr)
	}
	return p
}

func (p *process) stop(t *testing.T, read <-chan struct{}) {
	p.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(30*time.Second, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	<-read
	err := p.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Errorf("polysocket dev: after SIGTERM: %v, want status 0\n%s", err, p.stderr)
	case err != nil:
		t.Errorf("polysocket dev: %v", err)
	}
	if t.Failed() && p.stderr.String() != "" {
		t.Logf("the server's log of %q:\n%s", p.cmd.Args[3:], p.stderr)
	}
}

// server describes the process to the suite; name is its --host, "" is none.
func (p *process) server(name string, s Server) Server {
	s.URL = p.scheme + "://127.0.0.1:" + p.port
	if name != "" {
		s.URL = p.scheme + "://" + name // its port is the scheme's own, as behind a proxy
		s.Addr = "127.0.0.1:" + p.port
	}
	return s
}

// tail keeps the beginning and the end of what is written to it.
type tail struct {
	mu         sync.Mutex
	head, last bytes.Buffer
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.head.Len() < 16<<10 {
		w.head.Write(p)
		return len(p), nil
	}
	w.last.Write(p)
	if over := w.last.Len() - 16<<10; over > 0 {
		w.last.Next(over)
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last.Len() == 0 {
		return w.head.String()
	}
	return w.head.String() + "\n…\n" + w.last.String()
}

package test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a program that a test has started, and what it has printed. The
// test's end kills it.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and its output is read

	mu    sync.Mutex
	lines []string      // of both stdout and stderr
	read  int           // how many of them line has passed
	more  chan struct{} // closed when lines or done change
}

// start starts a program. It has an open stdin for as long as the test runs.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: exec.Command(name, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for kill
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		p.follow(out)
		_ = p.cmd.Wait() // the outcome is in ProcessState
		close(p.done)
		p.change(func() {})
	}()
	t.Cleanup(func() {
		p.kill()
		stdin.Close()
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name, p.output())
		}
	})
	return p
}

func (p *process) follow(out io.ReadCloser) {
	defer out.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.change(func() { p.lines = append(p.lines, lines.Text()) })
	}
}

func (p *process) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.more)
	p.more = make(chan struct{})
}

// line waits for a line that begins with the prefix, after those that were waited
// for before, and returns the rest of it.
func (p *process) line(prefix string) string {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		more := p.more
		for p.read < len(p.lines) {
			p.read++
			if rest, ok := strings.CutPrefix(p.lines[p.read-1], prefix); ok {
				p.mu.Unlock()
				return rest
			}
		}
		p.mu.Unlock()
		select {
		case <-p.done:
			p.t.Fatalf("%s has ended (%v), and did not print %q", p.name, p.cmd.ProcessState, prefix)
		case <-deadline:
			p.t.Fatalf("%s did not print %q", p.name, prefix)
		case <-more:
		}
	}
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// kill is SIGKILL, for the program and those that it has started: they have no last
// word.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // they may have ended
	<-p.done
}

// exit waits for the end and returns the exit status.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

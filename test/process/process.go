// Package process runs programs for tests: it starts them, reads what they print, waits for what they do, and ends them.
package process

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

// Patience is how long a test waits for what must happen. It is not a measure of
// anything: the machine may be busy.
const Patience = time.Minute

// A Process is a program that a test has started, and what it has printed. The
// test's end kills it.
type Process struct {
	T    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and its output is read

	mu    sync.Mutex
	lines []string      // of both stdout and stderr
	read  int           // how many of them line has passed
	more  chan struct{} // closed when lines or done change
}

// Start starts a program. It has an open stdin for as long as the test runs.
func Start(t *testing.T, name string, args ...string) *Process {
	t.Helper()
	p := &Process{T: t, name: name, cmd: exec.Command(name, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for Kill
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
		p.Kill()
		stdin.Close()
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name, p.Output())
		}
	})
	return p
}

func (p *Process) follow(out io.ReadCloser) {
	defer out.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.change(func() { p.lines = append(p.lines, lines.Text()) })
	}
}

func (p *Process) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.more)
	p.more = make(chan struct{})
}

// Line waits for a line that begins with the prefix, after those that were waited
// for before, and returns the rest of it.
func (p *Process) Line(prefix string) string {
	p.T.Helper()
	deadline := time.After(Patience)
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
			p.T.Fatalf("%s has ended (%v), and did not print %q", p.name, p.cmd.ProcessState, prefix)
		case <-deadline:
			p.T.Fatalf("%s did not print %q", p.name, prefix)
		case <-more:
		}
	}
}

// Output is what it has printed so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// Kill is SIGKILL, for the program and those that it has started: they have no last
// word.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // they may have ended
	<-p.done
}

// Exit waits for the end and returns the exit status.
func (p *Process) Exit() int {
	p.T.Helper()
	select {
	case <-p.done:
	case <-time.After(Patience):
		p.T.Fatalf("%s does not end", p.name)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends it a signal; one that has ended gets none.
func (p *Process) Signal(signal syscall.Signal) { _ = p.cmd.Process.Signal(signal) }

// Done is closed when it has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Raceless checks that the race detector has found nothing.
func (p *Process) Raceless() {
	p.T.Helper()
	if strings.Contains(p.Output(), "DATA RACE") {
		p.T.Errorf("there is a race in %s", p.name)
	}
}

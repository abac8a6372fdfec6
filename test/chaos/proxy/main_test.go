package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The command says where it listens, does what its words say, and ends when it is told.
func TestProxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	defer server.Close()
	to := "--to=" + server.Listener.Addr().String()
	binary := filepath.Join(t.TempDir(), "proxy")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	for _, test := range []struct {
		name string
		args []string
		end  func(command *exec.Cmd, stdin io.Closer) error
	}{
		{"SIGTERM, and no stdin", []string{to, "http10", "slice=3"}, func(command *exec.Cmd, _ io.Closer) error {
			return command.Process.Signal(syscall.SIGTERM)
		}},
		{"stdin closes", []string{to, "--until-stdin-closes", "http10"}, func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			command := exec.Command(binary, test.args...)
			command.Stderr = os.Stderr
			var stdin io.Closer
			if strings.HasPrefix(test.name, "stdin") {
				var err error
				if stdin, err = command.StdinPipe(); err != nil {
					t.Fatal(err)
				}
			}
			out, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
			if !ok {
				t.Fatalf("it prints %q %v", line, err)
			}
			response, err := http.Get("http://" + addr)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if string(body) != "HTTP/1.0" || err != nil {
				t.Errorf("the answer is %q %v", body, err)
			}
			if err := test.end(command, stdin); err != nil {
				t.Error(err)
			}
			if err := command.Wait(); err != nil {
				t.Error(err)
			}
		})
	}

	for _, wrong := range [][]string{{}, {to, "holt"}, {to, "--listen=nowhere"}, {"--frm=x"}} {
		out, err := exec.Command(binary, wrong...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "proxy: ") {
			t.Errorf("%q: %v %s", wrong, err, out)
		}
	}
}

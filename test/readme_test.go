package test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// What the README's quick start says to type works as it stands there, but for the
// port, since this server has another, and the folder for what it writes. What it
// shows comes out.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, quickStart, begins := strings.Cut(string(readme), "<!-- quick start")
	quickStart, _, ends := strings.Cut(quickStart, "<!-- end of quick start -->")
	if !begins || !ends {
		t.Fatal("README.md has no marks around its quick start")
	}
	var script, shown strings.Builder
	inScript := false
	for line := range strings.Lines(quickStart) {
		switch {
		case strings.HasPrefix(line, "```"):
			inScript = strings.HasPrefix(line, "```sh")
		case inScript:
			script.WriteString(line)
		case strings.HasPrefix(line, "    "):
			shown.WriteString(line)
		}
	}
	server := dev(t)
	typed := strings.NewReplacer(
		"127.0.0.1:8080", strings.TrimPrefix(server.base, "http://"), "/tmp/", t.TempDir()+"/",
	).Replace(script.String())
	if !strings.Contains(typed, "curl ") {
		t.Fatalf("the quick start has no curl: %s", typed)
	}
	id, messages := read(t, shell(t, typed))
	_, promised := read(t, shown.String())
	if len(promised) == 0 || len(messages) < len(promised) || !slices.Equal(messages[:len(promised)], promised) {
		t.Errorf("it brings %v, and shows %v", messages, promised)
	}
	closed(t, server, id)
}

// Its lines for a stream print the message while the stream goes on.
func TestReadmeStream(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(readme), "<!-- stream:")
	_, block, begins := strings.Cut(block, "```sh\n")
	script, shown, ends := strings.Cut(block, "```\n")
	if !found || !begins || !ends || !strings.Contains(script, "curl -sN ") {
		t.Fatal("README.md has no lines for a stream")
	}
	server := dev(t)
	s := server.open("ws" + strings.TrimPrefix(server.base, "http") + "/echo")
	script = strings.ReplaceAll(script, "127.0.0.1:8080", strings.TrimPrefix(server.base, "http://"))
	typed := process.Start(t, "sh", "-ec", "SOCKET="+s.id+"\n"+script+"wait")
	for line := range strings.Lines(shown) {
		if line, ok := strings.CutPrefix(line, "    "); ok {
			typed.Line(strings.TrimRight(line, "\n"))
		} else if line != "\n" {
			break
		}
	}
	s.do("POST", "/s/"+s.id+"?t=c&code=1000", nil, nil).is(t, 201, "")
	if status := typed.Exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// And so does what the page at / says, with the socket in place of SOCKET.
func TestPage(t *testing.T) {
	t.Parallel()
	server := dev(t)
	status, page := get(t, server.base+"/", "")
	if status != 200 {
		t.Fatalf("%d %s", status, page)
	}
	var id string
	var messages []message
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		created, more := read(t, shell(t, strings.ReplaceAll(line, "SOCKET", id)))
		messages = append(messages, more...)
		if created != "" {
			id = created
		}
	}
	if want := []message{{Type: "text", Data: "hello"}}; !slices.Equal(messages, want) {
		t.Errorf("it brings %v, want %v", messages, want)
	}
	closed(t, server, id)
}

// shell runs a script.
func shell(t *testing.T, script string) (out string) {
	t.Helper()
	command := exec.Command("sh", "-e")
	command.Stdin = strings.NewReader(script)
	var stderr strings.Builder
	command.Stderr = &stderr
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s%s", script, err, printed, &stderr)
	}
	return string(printed)
}

// read reads the answers that curl has printed: they must all be ok. It returns
// the socket that was created and the messages that were read.
func read(t *testing.T, printed string) (id string, messages []message) {
	t.Helper()
	for answers := json.NewDecoder(strings.NewReader(printed)); ; {
		var a answer
		err := answers.Decode(&a)
		if errors.Is(err, io.EOF) {
			return id, messages
		}
		if err != nil || !a.OK {
			t.Fatalf("curl got %s (%v)", printed, err)
		}
		if a.Socket != "" {
			id = a.Socket
		}
		messages = append(messages, a.Messages...)
	}
}

// closed checks that a socket has been closed.
func closed(t *testing.T, server *server, id string) {
	t.Helper()
	for {
		a := server.do("GET", "/j/"+id, nil, nil)
		if len(a.Messages) == 0 {
			a.is(t, 403, "no_socket")
			return
		}
		if last := a.Messages[len(a.Messages)-1]; last.Type == "heartbeat" {
			t.Fatal("the socket is still open")
		}
	}
}

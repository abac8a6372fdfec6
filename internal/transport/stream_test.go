package transport_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

const patience = 20 * time.Second

// several is a table of sockets by their ids.
type several map[string]*session.Session

func (s several) Enter(id, _ string) (*session.Session, string, bool) {
	found := s[id]
	return found, "", found != nil && found.Enter()
}

func (several) Bound(string) string { return "" }

// serve serves sockets with these ids, whose targets do nothing by themselves.
func serve(t *testing.T, ids ...string) (*httptest.Server, several) {
	config := session.Config{MessageLimit: 16 << 20}.WithDefaults()
	sockets := several{}
	for _, id := range ids {
		sockets[id] = session.New(id, &target{}, &config, func() {})
	}
	h := transport.New(sockets, config.MessageLimit)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	t.Cleanup(h.Close)
	t.Cleanup(func() {
		for _, s := range sockets {
			s.Drop()
		}
	})
	return s, sockets
}

func say(s *session.Session, texts ...string) {
	for _, text := range texts {
		s.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte(text)})
	}
}

// get begins a request on a connection of its own, and gives what is to be read.
func get(t *testing.T, server *httptest.Server, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: relay.example\r\n\r\n", path)
	return conn, bufio.NewReader(conn)
}

// body is the body of the next response, which is 200. It is not closed, which would
// read it to its end: its connection is.
func body(t *testing.T, in *bufio.Reader) *bufio.Reader {
	t.Helper()
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return bufio.NewReader(resp.Body)
}

func rest(t *testing.T, in io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(in)
	if err != nil {
		t.Fatalf("%q and then %v", all, err)
	}
	return string(all)
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A stream ends after the message that reaches max, and its connection serves the
// next request: many streams, one connection.
func TestStreamMax(t *testing.T) {
	server, sockets := serve(t, "id")
	kib := strings.Repeat("x", 600)
	say(sockets["id"], slices.Repeat([]string{kib}, 5)...)
	conn, in := get(t, server, "/x/id?max=1&a=0")
	for i := range 3 {
		want := min(2, 5-2*i)
		if i == 2 {
			say(sockets["id"], strings.Repeat("y", 5000))
			want = 2
		}
		got := rest(t, body(t, in))
		if n := strings.Count(got, "\x81"); n != want || !strings.HasPrefix(got, wire.Ping) {
			t.Errorf("stream %d has %d messages, want %d", i, n, want)
		}
		if i < 2 {
			fmt.Fprintf(conn, "GET /x/id?max=1&a=%d HTTP/1.1\r\nHost: x\r\n\r\n", 2*(i+1))
		}
	}
}

// Heartbeats keep to hb, in the form of the first bytes.
func TestHeartbeat(t *testing.T) {
	for path, want := range map[string]string{
		"/x/id?hb=1": wire.Ping, "/e/id?hb=999": wire.HeartbeatEvent, "/m?stream=1&s=id:0&hb=0": "   \n",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, "id")
			_, in := get(t, server, path)
			got := make([]byte, 2*len(want))
			if _, err := io.ReadFull(body(t, in), got); err != nil || string(got) != want+want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// One that is stuck is cut, and the newer gets everything at once.
func TestStuck(t *testing.T) {
	for _, path := range []string{"/x/id?a=0", "/m?stream=1&s=id:0"} {
		server, sockets := serve(t, "id")
		s := sockets["id"]
		conn, stuck := get(t, server, path)
		body(t, stuck)
		large := strings.Repeat("x", 16<<20)
		say(s, large, "behind")
		await(t, "it to be attached", s.Attached)
		_, in := get(t, server, "/x/id?a=0")
		got := make([]byte, len(wire.Ping)+10+len(large)+2+len("behind"))
		if _, err := io.ReadFull(body(t, in), got); err != nil || !strings.HasSuffix(string(got), "behind") {
			t.Errorf("%s: %.20q, %v", path, got, err)
		}
		await(t, "the other to be cut", func() bool { _, err := conn.Write([]byte{0}); return err != nil })
		if n, err := io.Copy(io.Discard, stuck); n > int64(len(large)) {
			t.Errorf("%s: the one that was stuck had %d bytes, %v", path, n, err)
		}
	}
}

// What was acknowledged elsewhere is skipped: frames, which are counted, end there.
func TestSkipped(t *testing.T) {
	server, sockets := serve(t, "id")
	s := sockets["id"]
	large := strings.Repeat("x", 16<<20)
	say(s, large, "2")
	older, in := get(t, server, "/x/id?a=0")
	if _, err := io.CopyN(io.Discard, body(t, in), int64(len(wire.Ping)+10+len(large)+3)); err != nil {
		t.Fatal(err)
	}
	_ = older.Close()
	_, in = get(t, server, "/x/id?a=0") // stuck in the large one
	frames := body(t, in)
	if _, err := frames.Peek(len(wire.Ping) + 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Acknowledge(session.Ack{N: 2, Given: true}); err != nil { // by who has read the older
		t.Fatal(err)
	}
	say(s, "3")
	got := rest(t, frames)
	if len(got) != len(wire.Ping)+10+len(large) {
		t.Errorf("%d bytes … %q", len(got), got[max(0, len(got)-20):])
	}
	_, in = get(t, server, "/x/id?a=2")
	next := make([]byte, len(wire.Ping)+3)
	if _, err := io.ReadFull(body(t, in), next); err != nil || !strings.HasSuffix(string(next), "\x81\x013") {
		t.Errorf("%q, %v", next, err)
	}
}

// A socket with an attached stream, or a poll that waits, holds no goroutine over
// HTTP/1.1.
func TestNoGoroutine(t *testing.T) {
	var ids []string
	for i := range 60 {
		ids = append(ids, fmt.Sprint("id", i))
	}
	server, sockets := serve(t, ids...)
	before := runtime.NumGoroutine() + 3 // the server's, the poller's, and one that gives connections back
	var ins []*bufio.Reader
	for i, id := range ids {
		path := []string{"/x/" + id, "/e/" + id, "/j/" + id + "?ttl=60000", "/m?ttl=60000&s=" + id + ":0", "/m?stream=1&s=" + id + ":0"}[i%5]
		_, in := get(t, server, path)
		ins = append(ins, in)
	}
	await(t, "all to be attached, and no goroutines", func() bool {
		for _, s := range sockets {
			if !s.Attached() {
				return false
			}
		}
		return runtime.NumGoroutine() <= before
	})
	for i, id := range ids {
		sockets[id].OnClosed(wire.CloseNormal, []byte("bye"))
		if got := rest(t, body(t, ins[i])); !strings.Contains(got, "bye") {
			t.Errorf("%q", got)
		}
	}
}

// object is one socket's part of an answer of /m.
type object struct {
	Socket, Code string
	Seq          uint64
	Messages     []struct{ Type, Data string }
}

func (o object) String() string {
	s := o.Socket + o.Code
	if o.Code == "" {
		s += fmt.Sprint(":", o.Seq)
	}
	for _, m := range o.Messages {
		s += " " + m.Type + m.Data
	}
	return s
}

func objects(t *testing.T, in io.Reader) []string {
	t.Helper()
	var answer struct {
		OK      bool
		Sockets []object
	}
	if err := json.NewDecoder(in).Decode(&answer); err != nil || !answer.OK {
		t.Fatal(answer, err)
	}
	all := []string{}
	for _, o := range answer.Sockets {
		all = append(all, o.String())
	}
	return all
}

func TestManyPoll(t *testing.T) {
	server, sockets := serve(t, "a", "b", "c")
	ask := func(query string, want ...string) {
		t.Helper()
		_, in := get(t, server, "/m?"+query)
		if got := objects(t, body(t, in)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	ask("s=a:0,b:0&ttl=0")
	say(sockets["a"], "1", "2")
	say(sockets["c"], "1")
	ask("s=a:0,b:0,c:0", "a:1 text1 text2", "c:1 text1")
	ask("s=c:0,a:1", "c:1 text1", "a:2 text2")
	ask("s=a:1,x:0,c:1", "a:2 text2", "xno_socket")
	ask("s=a:1,c:0&max=0", "a:2 text2")
	sockets["b"].OnClosed(wire.CloseNormal, nil)
	ask("s=b:0,a:2", "b:1 close")
	ask("s=b:1,a:2", "bno_socket")

	// One that waits: superseded in part, and then answered by the rest.
	_, in := get(t, server, "/m?s=a:2,c:1&ttl=60000")
	await(t, "both attached", func() bool { return sockets["a"].Attached() && sockets["c"].Attached() })
	ask("s=a:2&ttl=0")
	say(sockets["c"], "2")
	if got := objects(t, body(t, in)); !slices.Equal(got, []string{"c:2 text2"}) {
		t.Errorf("%q", got)
	}
	_, in = get(t, server, "/m?s=a:2,c:2&ttl=60000")
	await(t, "both attached", func() bool { return sockets["a"].Attached() && sockets["c"].Attached() })
	sockets["a"].Drop()
	if got := objects(t, body(t, in)); !slices.Equal(got, []string{"ano_socket"}) {
		t.Errorf("%q", got)
	}
}

func TestManyStream(t *testing.T) {
	server, sockets := serve(t, "a", "b", "c")
	_, in := get(t, server, "/m?stream=1&s=a:0,x:0,b:0,c:0")
	lines := body(t, in)
	next := func(want string) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%q, %v; want %q", line, err, want)
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			var o object
			if err := json.Unmarshal([]byte(line), &o); err != nil || o.String() != want {
				t.Errorf("%s, %v; want %q", line, err, want)
			}
			return
		}
	}
	next("xno_socket")
	say(sockets["b"], "1")
	next("b:1 text1")
	say(sockets["a"], "1")
	next("a:1 text1")
	large := strings.Repeat("x", 8<<20)
	say(sockets["a"], large, "3") // which makes it full for all
	say(sockets["b"], large, "3")
	seen := map[string]bool{}
	for range 4 {
		line, err := lines.ReadString('\n')
		var o object
		if err = errJoin(err, json.Unmarshal([]byte(line), &o)); err != nil || len(o.Messages) != 1 {
			t.Fatalf("%.60q, %v", line, err)
		}
		seen[fmt.Sprint(o.Socket, " ", o.Seq, " ", len(o.Messages[0].Data))] = true
	}
	for _, want := range []string{"a 2 8388608", "a 3 1", "b 2 8388608", "b 3 1"} {
		if !seen[want] {
			t.Errorf("%v: there is no %s", seen, want)
		}
	}
	sockets["c"].Drop()
	next("cno_socket")
	sockets["a"].OnClosed(wire.CloseNormal, nil)
	next("a:4 close")
	_, poll := get(t, server, "/j/b?ttl=0&a=0")
	rest(t, body(t, poll))
	next("bsuperseded")
	if got := strings.TrimSpace(rest(t, lines)); got != "" { // nobody is left
		t.Errorf("%q", got)
	}
}

func errJoin(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// What breaks off a batch is heard of while its body is open.
func TestBatchOpen(t *testing.T) {
	for path, want := range map[string]int{"/s/id?t=f&n=1": 400, "/s/id?t=f&n=0": 400, "/s/id?t=f&m=1": 400, "/s/nobody?t=f&n=1": 403} {
		server, _ := serve(t, "id")
		in, out := io.Pipe()
		answered := make(chan *http.Response, 1)
		go func() {
			resp, err := http.Post(server.URL+path, "application/octet-stream", in)
			if err != nil {
				t.Error(err)
			}
			answered <- resp
		}()
		go fmt.Fprint(out, "\x81\x01a\x83\x00")
		select {
		case resp := <-answered:
			if resp.StatusCode != want {
				t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
			}
			_ = resp.Body.Close()
		case <-time.After(patience):
			t.Errorf("%s: no answer while the body is open", path)
		}
		_ = out.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// A stream that was asked for by POST gives its connection back, too.
func TestStreamOfPost(t *testing.T) {
	server, sockets := serve(t, "id")
	say(sockets["id"], strings.Repeat("x", 2000))
	conn, in := get(t, server, "/j/id?ttl=0&a=0")
	rest(t, body(t, in))
	for range 2 {
		fmt.Fprint(conn, "POST /m?stream=1&max=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\ns=id:0")
		if got := rest(t, body(t, in)); !strings.Contains(got, "xxx") {
			t.Errorf("%.80q", got)
		}
	}
}

// A body that is sent again may go on to its close, though another copy of it has
// closed the socket meanwhile.
func TestBatchRepeatedClose(t *testing.T) {
	server, _ := serve(t, "id")
	in, out := io.Pipe()
	answered := make(chan *http.Response, 1)
	go func() {
		resp, err := http.Post(server.URL+"/s/id?t=f&n=1", "application/octet-stream", in)
		if err != nil {
			t.Error(err)
		}
		answered <- resp
	}()
	fmt.Fprint(out, "\x81\x01a")
	resp, err := http.Post(server.URL+"/s/id?t=f&n=1", "application/octet-stream", strings.NewReader("\x81\x01a\x88\x00"))
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
	fmt.Fprint(out, "\x88\x00")
	_ = out.Close()
	if resp = <-answered; resp.StatusCode != http.StatusCreated {
		t.Errorf("status %d", resp.StatusCode)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

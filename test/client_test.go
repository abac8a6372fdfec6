package test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// A server is a running polysocket.
type server struct {
	*process.Process
	base string // its URL, without the slash at the end
	http *http.Client
}

// dev starts polysocket dev on a free port.
func dev(t *testing.T, flags ...string) *server {
	t.Helper()
	s := &server{Process: process.Start(t, binary, append([]string{"dev", "--listen=127.0.0.1:0"}, flags...)...)}
	s.base = s.Line("polysocket dev is ready: ")
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: transport, Timeout: patience}
	return s
}

// An answer is one of the protocol's.
type answer struct {
	status int
	header http.Header
	body   string

	OK          bool      `json:"ok"`
	Error       string    `json:"error"`
	Code        string    `json:"code"`
	Polysocketd string    `json:"polysocketd"`
	Socket      string    `json:"socket"`
	Protocol    string    `json:"protocol"`
	Seq         int       `json:"seq"`
	Messages    []message `json:"messages"`
}

// A message is one that a poll brought.
type message struct {
	Type   string `json:"type"`
	Data   string `json:"data"`
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Clean  bool   `json:"wasClean"`
}

// try sends a request, and reads the answer: JSON, or JSONP.
func (s *server) try(method, path string, body []byte, header http.Header) (answer, error) {
	r, err := http.NewRequest(method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := s.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(read)}
	object := read
	if strings.Contains(response.Header.Get("Content-Type"), "javascript") {
		open, end := bytes.IndexByte(read, '('), bytes.LastIndexByte(read, ')')
		object = read[open+1 : max(open+1, end)]
	}
	_ = json.Unmarshal(object, &a) // what is no object has no ok either
	return a, nil
}

func (s *server) do(method, path string, body []byte, header http.Header) answer {
	s.T.Helper()
	a, err := s.try(method, path, body, header)
	if err != nil {
		s.T.Fatal(err)
	}
	return a
}

// create asks for a socket. params are pairs of names and values.
func (s *server) create(target string, header http.Header, params ...string) answer {
	s.T.Helper()
	query := url.Values{"from": {"test"}, "target": {target}}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	return s.do("GET", "/create?"+query.Encode(), nil, header)
}

// is checks the status, and the code where there is one.
func (a answer) is(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.Code != code || a.OK != (code == "") {
		t.Fatalf("got %d %s, want %d %q", a.status, a.body, status, code)
	}
}

// A socket is one that a program has opened. Its reads are sequenced, so that
// nothing is lost.
type socket struct {
	*server
	id, protocol string
	acked        int
	waiting      []message
}

// open opens a socket.
func (s *server) open(target string, params ...string) *socket {
	s.T.Helper()
	a := s.create(target, nil, params...)
	a.is(s.T, 200, "")
	if "http://"+a.Polysocketd != s.base {
		s.T.Fatalf("polysocketd is %q, and the server is at %s", a.Polysocketd, s.base)
	}
	return &socket{server: s, id: a.Socket, protocol: a.Protocol}
}

// send sends a message as a raw body, and waits until it has been passed on.
func (s *socket) send(kind string, data []byte) {
	s.T.Helper()
	s.do("POST", "/s/"+s.id+"?t="+kind, data, nil).is(s.T, 201, "")
}

func (s *socket) text(data string) {
	s.T.Helper()
	s.send("t", []byte(data))
}

// close closes the socket; without a code where it is 0.
func (s *socket) close(code int, reason string) {
	s.T.Helper()
	query := url.Values{"t": {"c"}}
	if code != 0 {
		query.Set("code", strconv.Itoa(code))
		query.Set("reason", reason)
	}
	s.do("POST", "/s/"+s.id+"?"+query.Encode(), nil, nil).is(s.T, 201, "")
}

// next reads the next message.
func (s *socket) next() message {
	s.T.Helper()
	for deadline := time.Now().Add(patience); len(s.waiting) == 0; {
		if time.Now().After(deadline) {
			s.T.Fatal("no message came")
		}
		a := s.do("GET", "/j/"+s.id+"?a="+strconv.Itoa(s.acked), nil, nil)
		a.is(s.T, 200, "")
		if len(a.Messages) == 1 && a.Messages[0].Type == "heartbeat" {
			continue
		}
		if a.Seq != s.acked+1 {
			s.T.Fatalf("seq is %d, want %d", a.Seq, s.acked+1)
		}
		s.waiting = a.Messages
		s.acked += len(a.Messages)
	}
	m := s.waiting[0]
	s.waiting = s.waiting[1:]
	return m
}

// bytes reads the next message, which must be a binary one.
func (s *socket) bytes() []byte {
	s.T.Helper()
	m := s.next()
	data, err := base64.StdEncoding.DecodeString(m.Data)
	if m.Type != "binary" || err != nil {
		s.T.Fatalf("got %.80v (%v), want a binary message", m, err)
	}
	return data
}

// is checks the next message.
func (s *socket) is(want message) {
	s.T.Helper()
	if got := s.next(); got != want {
		s.T.Fatalf("got %.200v, want %.200v", got, want)
	}
}

// ends checks that the close comes, and nothing after it.
func (s *socket) ends(code int, reason string, clean bool) {
	s.T.Helper()
	s.is(message{Type: "close", Code: code, Reason: reason, Clean: clean})
	s.do("GET", "/j/"+s.id+"?a="+strconv.Itoa(s.acked), nil, nil).is(s.T, 403, "no_socket")
}

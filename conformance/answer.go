package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answer is a response, whole.
type answer struct {
	t      *T
	ask    *ask
	status int
	header http.Header
	proto  *http.Response // its body is read
	raw    []byte
	took   time.Duration
	err    error

	body body // of JSON, or inside JSONP
	cb   string
}

// body is any answer's JSON.
type body struct {
	OK          *bool
	Error       string
	Code        string
	Status      int
	Polysocketd string
	Bare        *string
	Socket      string
	Protocol    *string
	N           *int64
	Seq         *int64
	Alive       *bool
	Messages    *[]message
	Sockets     *[]object
}

// message is one of /j.
type message struct {
	Type     string
	Data     *string
	Code     *int
	Reason   *string
	WasClean *bool
}

// String is the message in one line: "text hello", "binary AAE=", "close 1000 bye", "close 1006 unclean", "heartbeat".
func (m message) String() string {
	switch {
	case (m.Type == "text" || m.Type == "binary") && m.Data != nil:
		return m.Type + " " + *m.Data
	case m.Type == "close" && m.Code != nil && m.Reason != nil && m.WasClean != nil:
		s := strings.TrimSuffix(fmt.Sprintf("close %d %s", *m.Code, *m.Reason), " ")
		if !*m.WasClean {
			s += " unclean"
		}
		return s
	case m.Type == "heartbeat" && m.Data == nil:
		return "heartbeat"
	}
	b, _ := json.Marshal(m)
	return "malformed " + string(b)
}

func (a *answer) String() string {
	if a.err != nil {
		return fmt.Sprintf("%v\n  got: %v after %v", a.ask, a.err, a.took.Round(time.Millisecond))
	}
	return fmt.Sprintf("%v\n  got: %d after %v %q", a.ask, a.status, a.took.Round(time.Millisecond), clip(string(a.raw)))
}

// check parses the body and holds the answer to the manners of every endpoint.
func (a *answer) check() {
	a.t.Helper()
	if a.err != nil {
		return
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		a.t.Errorf("any.no-store: %v\n  Cache-Control: %q", a, got)
	}
	if got := a.header.Get("X-Content-Type-Options"); got != "nosniff" {
		a.t.Errorf("any.no-store: %v\n  X-Content-Type-Options: %q", a, got)
	}
	if got := a.header.Get("Referrer-Policy"); got != "no-referrer" {
		a.t.Errorf("any.no-store: %v\n  Referrer-Policy: %q", a, got)
	}
	if a.header.Get("Cross-Origin-Resource-Policy") == "" {
		a.t.Errorf("any.no-store: %v\n  no Cross-Origin-Resource-Policy", a)
	}
	if a.t.srv.HTTP == "1.0" && len(a.proto.TransferEncoding) > 0 {
		a.t.Errorf("any.http10: %v\n  Transfer-Encoding: %q", a, a.proto.TransferEncoding)
	}
	if a.ask.method == "HEAD" || a.status == http.StatusNoContent {
		return
	}
	text := string(a.raw)
	if rest, ok := strings.CutPrefix(text, "/**/"); ok {
		if cb, arg, ok := strings.Cut(rest, "("); ok {
			a.cb, text = cb, strings.TrimSuffix(arg, ");")
		}
	}
	err := json.Unmarshal([]byte(text), &a.body)
	switch b := a.body; {
	case err != nil:
		a.t.Errorf("%v\n  the body is no JSON: %v", a, err)
	case b.OK == nil:
		a.t.Errorf("%v\n  the body has no ok", a)
	case a.status >= 400 && (*b.OK || b.Error == "" || b.Code == ""):
		a.t.Errorf("any.error: %v\n  want ok:false, an error and a code", a)
	}
	if a.ask.header.Get("Origin") != "" && strings.HasPrefix(a.ask.path, "/create") {
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "*" && got != a.ask.header.Get("Origin") {
			a.t.Errorf("who.cors-create: %v\n  Access-Control-Allow-Origin: %q", a, got)
		}
	}
}

// is fails the test unless the status is one of these.
func (a *answer) is(status ...int) *answer {
	a.t.Helper()
	for _, s := range status {
		if a.err == nil && a.status == s {
			return a
		}
	}
	a.t.Fatalf("%v\n  want: %d", a, status)
	return a
}

// fails fails the test unless the answer is this error.
func (a *answer) fails(status int, code string) *answer {
	a.t.Helper()
	if a.is(status); a.body.Code != code {
		a.t.Fatalf("%v\n  want: code %q", a, code)
	}
	return a
}

// names fails the test unless the error names the parameter.
func (a *answer) names(parameter string) *answer {
	a.t.Helper()
	if !strings.Contains(strings.ToLower(a.body.Error), strings.ToLower(parameter)) {
		a.t.Errorf("%v\n  want: an error that names %q", a, parameter)
	}
	return a
}

// reached fails the test unless the answer is a 201 with this n.
func (a *answer) reached(n int64) *answer {
	a.t.Helper()
	if a.is(201); a.body.N == nil || *a.body.N != n {
		a.t.Fatalf("%v\n  want: n %d", a, n)
	}
	return a
}

// has fails the test unless these are the messages, each as message.String writes it.
func (a *answer) has(want ...string) *answer {
	a.t.Helper()
	got := a.is(200).messages()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(clips(want), clips(got)); diff != "" {
		a.t.Fatalf("%v\n  messages (-want +got):\n%s", a, diff)
	}
	return a
}

func (a *answer) messages() []string {
	a.t.Helper()
	if a.body.Messages == nil {
		a.t.Fatalf("%v\n  want: messages", a)
	}
	out := []string{}
	for _, m := range *a.body.Messages {
		out = append(out, m.String())
	}
	return out
}

// at fails the test unless the answer has this seq.
func (a *answer) at(seq int64) *answer {
	a.t.Helper()
	if a.body.Seq == nil || *a.body.Seq != seq {
		a.t.Fatalf("%v\n  want: seq %d", a, seq)
	}
	return a
}

// socket is the socket that a create's answer hands out.
func (a *answer) socket() *socket {
	a.t.Helper()
	if a.is(200); a.body.OK == nil || !*a.body.OK || a.body.Socket == "" || a.body.Polysocketd == "" {
		a.t.Fatalf("%v\n  want: a socket", a)
	}
	return &socket{t: a.t, id: a.body.Socket, host: a.body.Polysocketd}
}

func clips(s []string) []string {
	out := make([]string, len(s))
	for i, s := range s {
		out[i] = clip(s)
	}
	return out
}

package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
)

// object is what an answer of /m, or a line of its stream, has of one socket.
type object struct {
	Socket   string
	Seq      *int64
	Messages *[]message
	Code     string
}

// String is the object in one line: "<id> 3: text hello, close 1000", "<id> no_socket".
func (o object) String() string {
	switch {
	case o.Code != "" && o.Seq == nil && o.Messages == nil:
		return o.Socket + " " + o.Code
	case o.Code == "" && o.Seq != nil && o.Messages != nil:
		s := make([]string, len(*o.Messages))
		for i, m := range *o.Messages {
			s[i] = m.String()
		}
		return entry(o.Socket, *o.Seq, s)
	}
	return fmt.Sprintf("malformed %s: code %q, a seq: %v, messages: %v", o.Socket, o.Code, o.Seq != nil, o.Messages != nil)
}

func entry(id string, seq int64, messages []string) string {
	return fmt.Sprintf("%s %d: %s", id, seq, strings.Join(messages, ", "))
}

// sent is the object of a socket's messages from seq on.
func (s *socket) sent(seq int64, messages ...string) string { return entry(s.id, seq, messages) }

// missing is the object of a socket that is not there.
func (s *socket) missing() string { return s.id + " no_socket" }

// after names the socket to /m, with what it acknowledges.
func (s *socket) after(a int) string { return fmt.Sprint(s.id, ":", a) }

// sockets is the parameter of those named.
func sockets(named ...string) string { return "s=" + strings.Join(named, ",") }

// many is a read of many sockets, of the relay that has this one.
func (s *socket) many(kv ...string) *ask { return s.t.get("/m", kv...).to(s.host) }

// manyByForm is many by POST.
func (s *socket) manyByForm(kv ...string) *ask { return s.t.post("/m").to(s.host).form(kv...) }

// objects are those of an answer of /m, by their sockets.
func (a *answer) objects() []object {
	a.t.Helper()
	if a.is(200); a.body.Sockets == nil {
		a.t.Fatalf("%v\n  want: sockets", a)
	}
	all := slices.SortedFunc(slices.Values(*a.body.Sockets), func(x, y object) int { return cmp.Compare(x.Socket, y.Socket) })
	for i, o := range all {
		if i > 0 && all[i-1].Socket == o.Socket {
			a.t.Fatalf("%v\n  want: one object a socket at most", a)
		}
	}
	return all
}

// holds fails the test unless an answer of /m has these objects, in whatever order.
func (a *answer) holds(want ...string) *answer {
	a.t.Helper()
	got := []string{}
	for _, o := range a.objects() {
		got = append(got, clip(o.String()))
	}
	slices.Sort(got)
	want = clips(want)
	slices.Sort(want)
	if diff := gocmp.Diff(want, got); diff != "" {
		a.t.Fatalf("%v\n  objects (-want +got):\n%s", a, diff)
	}
	return a
}

package test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// streams are the endless responses, as paths with the socket in place of ID.
var streams = []string{"/x/ID?a=0", "/e/ID?a=0", "/m?stream=1&s=ID:0"}

// A message comes through every box while the response is open, but for the one that holds streams back: there it comes
// when the stream ends, and the long-poll goes on in between.
func TestMiddleboxStreams(t *testing.T) {
	t.Parallel()
	server := dev(t)
	target, url := ws(t)
	for _, b := range boxes {
		t.Run(b.name, func(t *testing.T) {
			base, transport := b.before(t, server)
			client := &http.Client{Transport: transport}
			for _, path := range streams {
				s := server.open(url)
				target.Line("open ")
				stream := follow(t, client, base+strings.ReplaceAll(path, "ID", s.id))
				if !b.holds {
					for _, word := range []string{"first words", "second words"} {
						s.text(word)
						stream.comes(word)
					}
					s.close(1000, "last words")
					stream.comes("last words")
					stream.ends()
					continue
				}
				s.text("first words")
				process.Until(t, path+" has the message", func() bool {
					a := s.do("POST", "/s/"+s.id+"?a=1", nil, nil)
					return a.status == http.StatusCreated
				})
				s.acked = 1
				other := server.open(url)
				other.server = behind(server, base, client)
				for _, word := range []string{"a poll", "another"} {
					other.text(word)
					other.is(message{Type: "text", Data: word})
				}
				if got := stream.came(); got != "" {
					t.Errorf("%s: %q came through a box that holds streams", path, got)
				}
				s.text("second words")
				s.is(message{Type: "text", Data: "second words"}) // this read ends the stream
				stream.comes("first words")
				stream.ends()
			}
		})
	}
}

// behind is a server as it is seen through a box.
func behind(s *server, base string, client *http.Client) *server {
	return &server{Process: s.Process, base: base, http: client}
}

// A stream is an endless response that is being read.
type stream struct {
	t     *testing.T
	more  chan []byte // closed at its end
	all   bytes.Buffer
	ended bool
}

// follow begins to read an endless response. Its head may be held back as well.
func follow(t *testing.T, client *http.Client, url string) *stream {
	t.Helper()
	s := &stream{t: t, more: make(chan []byte, 1000)}
	go func() {
		defer close(s.more)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		response, err := client.Do(r)
		if err != nil {
			if t.Context().Err() == nil {
				t.Error(err)
			}
			return
		}
		defer response.Body.Close()
		for {
			part := make([]byte, 1000)
			n, err := response.Body.Read(part)
			s.more <- part[:n]
			if err != nil && err != io.EOF && t.Context().Err() == nil {
				t.Error(err)
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// comes waits until something has come.
func (s *stream) comes(want string) {
	s.t.Helper()
	process.Until(s.t, want+" comes", func() bool { return strings.Contains(s.came(), want) })
}

// ends waits for the end.
func (s *stream) ends() {
	s.t.Helper()
	process.Until(s.t, "the stream ends", func() bool {
		s.came()
		return s.ended
	})
}

// came is all that has come.
func (s *stream) came() string {
	for {
		select {
		case part, ok := <-s.more:
			if !ok {
				s.ended = true
				return s.all.String()
			}
			s.all.Write(part)
		default:
			return s.all.String()
		}
	}
}

package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/server"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
	}))
}

// target is a WebSocket server that reads until it is closed, and tells with
// which code it was.
func target(t *testing.T) (wsURL string, closes <-chan websocket.StatusCode) {
	codes := make(chan websocket.StatusCode, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		_, _, err = c.Read(r.Context())
		codes <- websocket.CloseStatus(err)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http"), codes
}

func serve(t *testing.T, o server.Options) (s *server.Server, base string) {
	t.Helper()
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s, web.URL
}

func create(base, target string) string {
	return get(base + "/create?from=test&target=" + url.QueryEscape(target))
}

func socketOf(t *testing.T, created string) string {
	t.Helper()
	_, rest, ok := strings.Cut(created, `"socket":"`)
	if !ok {
		t.Fatal(created)
	}
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func TestCloseAnswersWhatIsParked(t *testing.T) {
	ws, closes := target(t)
	s, base := serve(t, server.Options{AnyTarget: true})
	id := socketOf(t, create(base, ws))
	parked := make(chan string)
	asked := make(chan struct{})
	go func() {
		close(asked)
		parked <- get(base + "/j/" + id + "?a=0")
	}()
	<-asked
	s.Close() // whether or not the poll has arrived yet, it gets the close
	if got, want := <-parked, `"messages":[{"type":"close","code":1001,`; !strings.Contains(got, want) {
		t.Errorf("the parked poll got %s, want %s", got, want)
	}
	if code := <-closes; code != websocket.StatusGoingAway {
		t.Errorf("the target saw %d, want 1001", code)
	}
	if got := create(base, ws); !strings.Contains(got, `"code":"no_relay"`) {
		t.Errorf("a create after the end: %s", got)
	}
}

func TestZeroOptionsReachOnlyPublicTargets(t *testing.T) {
	ws, _ := target(t)
	_, base := serve(t, server.Options{})
	for _, u := range []string{ws, "ws://localhost:1/", "ws://10.0.0.1/", "ws://169.254.169.254/", "ws://[::1]:1/"} {
		if got := create(base, u); !strings.Contains(got, `"code":"target_denied"`) {
			t.Errorf("%s: %s", u, got)
		}
	}
}

func TestOther(t *testing.T) {
	_, base := serve(t, server.Options{Other: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("other"))
	})})
	if got := get(base + "/anything"); got != "other" {
		t.Errorf("got %q", got)
	}
	_, base = serve(t, server.Options{})
	if got := get(base + "/anything"); !strings.Contains(got, `"code":"not_found"`) {
		t.Errorf("without Other: %q", got)
	}
}

// Who watches over servers asks for an address, and is answered to the end.
func TestHealth(t *testing.T) {
	s, base := serve(t, server.Options{Host: "relay.example"})
	ask := func(path string) (int, string) {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body(resp, nil)
	}
	is := func(when, path string, want int, say string) {
		t.Helper()
		if status, body := ask(path); status != want || !strings.Contains(body, say) {
			t.Errorf("%s: %s: %d %s", when, path, status, body)
		}
	}
	is("running", "/healthz", 200, `{"ok":true}`)
	is("running", "/readyz", 200, `{"ok":true}`)
	is("running", "/create", 421, "misdirected")
	s.Close()
	is("closed", "/healthz", 200, `{"ok":true}`)
	is("closed", "/readyz", 503, "the relay is ending")
}

// A server that is full says so, and has room again when a socket ends.
func TestCapacity(t *testing.T) {
	ws, closes := target(t)
	_, base := serve(t, server.Options{AnyTarget: true, Capacity: 2})
	first := socketOf(t, create(base, ws))
	socketOf(t, create(base, ws))
	if got := create(base, ws); !strings.Contains(got, `"code":"no_relay"`) {
		t.Errorf("a third socket: %s", got)
	}
	post(base+"/s/"+first+"?t=c", "")
	<-closes
	if got := get(base + "/j/" + first); !strings.Contains(got, "close") { // which ends it
		t.Error(got)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		got := create(base, ws)
		if strings.Contains(got, `"ok":true`) {
			break
		}
		if time.Now().After(deadline) || !strings.Contains(got, `"code":"no_relay"`) {
			t.Fatal(got)
		}
	}
	if got := create(base, ws); !strings.Contains(got, `"code":"no_relay"`) {
		t.Errorf("once more a third socket: %s", got)
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]server.Options{
		"Wildcard":    {Wildcard: true},
		"origin":      {Origins: []string{"example.com"}},
		"Grace":       {Grace: -1},
		"BufferLimit": {BufferLimit: -1},
		"Capacity":    {Capacity: -1},
	} {
		if _, err := server.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

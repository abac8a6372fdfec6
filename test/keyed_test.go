package test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
	"github.com/polysocket/polysocket/token"
)

// keyed is a router and a relay that have keys, and meet in a Redis. It watches that
// they tell nobody what is secret.
type keyed struct {
	*testing.T
	env           []string
	base, file    string // what of the configuration is not its keys, and where it is
	router, relay *server
	target        string // echoes
	prefix        string // of its URL's patterns, as ws://127.0.0.1:1234

	mu      sync.Mutex
	secrets []string // tokens, and the ids of sockets
	refused []string // bodies of errors
}

// newKeyed starts both. In the keys TARGET stands for the target.
func newKeyed(t *testing.T, keys string, env ...string) *keyed {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{})
	k := &keyed{T: t, env: env, base: meeting(redis.URL()) + "log_level: debug\n", secrets: []string{secret}}
	for _, variable := range env {
		_, value, _ := strings.Cut(variable, "=")
		k.hide(value)
	}
	k.prefix = strings.TrimSuffix(echo(t), "/")
	k.target = k.prefix + "/room"
	k.file = configured(t, k.yaml(keys))
	k.router, k.relay = k.start("router"), k.start("relay")
	k.relay.becomes(http.StatusOK)
	k.router.becomes(http.StatusOK)
	// A router lists relays by the half second.
	process.Until(t, "a relay", func() bool {
		a := k.router.do("GET", "/relay?host="+strings.TrimPrefix(k.relay.base, "http://"), nil, nil)
		return strings.Contains(a.body, `"alive":true`)
	})
	t.Cleanup(k.hides)
	return k
}

func (k *keyed) yaml(keys string) string {
	return k.base + strings.ReplaceAll(keys, "TARGET", k.prefix)
}

func (k *keyed) start(command string) *server {
	k.Helper()
	return ready(k.T, command, with(k.T, k.env, command, "--config="+k.file, "--listen=127.0.0.1:0"))
}

// echo is a target on this machine.
func echo(t *testing.T) (url string) {
	t.Helper()
	return echoAt(t, "127.0.0.1:0")
}

// echoAt is a target at an address.
func echoAt(t *testing.T, address string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, data) != nil {
				return
			}
		}
	}))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/"
}

// hide is for what is to be told nobody.
func (k *keyed) hide(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if text != "" && !slices.Contains(k.secrets, text) {
		k.secrets = append(k.secrets, text)
	}
	return text
}

// hides looks at all that was logged, and at all errors that were answered. A few
// characters of a secret are not yet one.
func (k *keyed) hides() {
	said := map[string]string{
		"the router's log": k.router.Output(), "the relay's log": k.relay.Output(), "an error": strings.Join(k.refused, "\n"),
	}
	if len(k.secrets) < 3 || len(said["the router's log"]) < 100 {
		k.Errorf("there is nothing to look for: %d secrets, and %d bytes of log", len(k.secrets), len(said["the router's log"]))
	}
	for _, text := range k.secrets {
		for where, said := range said {
			for _, spelt := range []string{text, url.QueryEscape(text), base64.StdEncoding.EncodeToString([]byte(text)), text[:min(len(text), 20)]} {
				if strings.Contains(said, spelt) {
					k.Errorf("%s tells %.20s…", where, text)
				}
			}
		}
	}
}

// ask creates a socket as our client does: by a form, with the token in it.
func (k *keyed) ask(text string, header http.Header, params ...string) answer {
	k.Helper()
	return k.askAt(k.router, text, header, params...)
}

func (k *keyed) askAt(router *server, text string, header http.Header, params ...string) answer {
	k.Helper()
	form := url.Values{"from": {"test"}, "target": {k.target}}
	if text != "" {
		form.Set("token", k.hide(text))
	}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	if header = header.Clone(); header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	return k.note(router.do("POST", "/create", []byte(form.Encode()), header))
}

// note watches over an answer.
func (k *keyed) note(a answer) answer {
	k.hide(a.Socket)
	if !a.OK {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.refused = append(k.refused, a.body)
	}
	return a
}

// opened is the socket of an answer, at the relay.
func (k *keyed) opened(a answer) *socket {
	k.Helper()
	a.is(k.T, http.StatusOK, "")
	if "http://"+a.Polysocketd != k.relay.base {
		k.Errorf("the relay is handed out as %q", a.Polysocketd)
	}
	return &socket{server: k.relay, id: a.Socket}
}

// mint makes a token of a secret.
func mint(t *testing.T, id, secret string, c token.Claims) string {
	t.Helper()
	key, err := token.Secret(id, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Mint(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forge makes a token of whatever header and claims.
func forge(secret, header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// opaque makes an opaque token, and its hash.
func opaque() (text, hash string) {
	text = rand.Text()
	sum := sha256.Sum256([]byte(text))
	return text, hex.EncodeToString(sum[:])
}

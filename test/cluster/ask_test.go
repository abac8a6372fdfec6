package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// newHTTP is a client for which all names below localhost lead to this machine.
func newHTTP(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{
		MaxIdleConnsPerHost: 8,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if strings.HasSuffix(host, ".localhost") {
				addr = net.JoinHostPort(process.Alone, port)
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// An answer is a router's.
type answer struct {
	status int
	began  time.Time
	took   time.Duration

	OK          bool   `json:"ok"`
	Error       string `json:"error"`
	Code        string `json:"code"`
	Alive       bool   `json:"alive"`
	Polysocketd string `json:"polysocketd"`
	Socket      string `json:"socket"`
}

// ask asks a router. An error says that it did not answer.
func (n *node) ask(ctx context.Context, path string, query url.Values) (a answer, err error) {
	a.began = time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.cluster.scheme+"://"+n.host+path+"?"+query.Encode(), nil)
	if err != nil {
		return a, err
	}
	response, err := n.cluster.http.Do(r)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("%s: %s: %w", path, response.Status, err)
	}
	a.status, a.took = response.StatusCode, time.Since(a.began)
	return a, nil
}

// create has a router open a socket, and counts how it answers.
func (n *node) create(ctx context.Context, target string) (answer, error) {
	a, err := n.ask(ctx, "/create", url.Values{"from": {"cluster-v1"}, "target": {target}})
	if err == nil {
		n.cluster.created(a)
	}
	return a, err
}

// alive asks a router whether the relay of a polysocketd is there. known is false where it cannot tell, or does not answer.
func (n *node) alive(ctx context.Context, polysocketd string) (alive, known bool) {
	a, err := n.ask(ctx, "/relay", url.Values{"host": {polysocketd}})
	return a.Alive, err == nil && a.status == http.StatusOK
}

// closeSocket closes a socket that is of no use any more, and reads its close, without which the relay would keep it.
func (c *cluster) closeSocket(ctx context.Context, a answer) {
	for _, r := range []struct{ method, path string }{{"POST", "/s/" + a.Socket + "?t=c&code=1000"}, {"GET", "/j/" + a.Socket}} {
		request, err := http.NewRequestWithContext(ctx, r.method, c.scheme+"://"+a.Polysocketd+r.path, nil)
		if err != nil {
			return
		}
		if response, err := c.http.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body) // however it ends
			response.Body.Close()
		}
	}
}

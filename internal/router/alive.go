package router

import (
	"net/http"
	"strings"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// alive answers GET /relay: whether the relay of a host that /create handed out
// is there.
func (rt *Router) alive(w http.ResponseWriter, r *http.Request) {
	endpoint.AllowOrigin(w.Header(), "*")
	if !endpoint.Methods(w, r, http.MethodGet) {
		return
	}
	p := endpoint.NewParams("cb", "host")
	err := p.Parse(r.URL.RawQuery)
	answer, answerErr := endpoint.ReadAnswer(p)
	if answerErr != nil {
		err = answerErr
	}
	host, _ := p.Get("host")
	if err == nil && host == "" {
		err = wire.Errorf(wire.BadRequest, "host is missing: give it the polysocketd of a create")
	}
	if err != nil {
		answer.Error(w, err)
		return
	}
	nodes, err := rt.Bus.Nodes(r.Context())
	if err != nil {
		answer.Error(w, bus.Unavailable())
		return
	}
	for _, n := range nodes {
		if reachedBy(n, ownHost(r), strings.ToLower(host)) {
			answer.OK(w, http.StatusOK, []byte(`,"alive":true`))
			return
		}
	}
	answer.OK(w, http.StatusOK, []byte(`,"alive":false`))
}

// reachedBy tells whether /create on the router's own host hands out the host
// for the node.
func reachedBy(n bus.Node, own, host string) bool {
	name := strings.ToLower(n.Host)
	if name == "" {
		name = strings.ToLower(own)
	}
	return endpoint.Below(host, name, n.Wildcard)
}

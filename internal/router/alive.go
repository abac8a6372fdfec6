package router

import (
	"net/http"
	"strconv"
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
	alive, err := rt.bus.Alive(r.Context(), func(n bus.Node) bool { return reachedBy(n, ownHost(r), strings.ToLower(host)) })
	if err != nil {
		answer.Error(w, wire.Errorf(wire.NoRelay, "whether the relay is alive cannot be told now: ask again"))
		return
	}
	answer.OK(w, http.StatusOK, strconv.AppendBool([]byte(`,"alive":`), alive))
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

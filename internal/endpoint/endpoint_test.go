package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
)

func TestMethods(t *testing.T) {
	allowed := []string{http.MethodGet, http.MethodPost}
	for method, want := range map[string]int{
		"GET": 200, "POST": 200, "OPTIONS": 204, "HEAD": 405, "PUT": 405, "DELETE": 405, "PATCH": 405, "TRACE": 405, "CONNECT": 405, "get": 405, "GETTING": 405,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Method = method
		if on := endpoint.Methods(w, r, allowed...); on != (want == 200) || w.Code != want {
			t.Errorf("%s: %v, %d", method, on, w.Code)
		}
		allow := w.Header().Get("Allow")
		switch want {
		case 200:
			if len(w.Header()) > 0 || w.Body.Len() > 0 {
				t.Errorf("%s: there is an answer already: %v %s", method, w.Header(), w.Body)
			}
		case 204:
			if allow != "OPTIONS, GET, POST" || w.Header().Get("Access-Control-Allow-Methods") != allow || w.Body.Len() > 0 {
				t.Errorf("%s: %v %q", method, w.Header(), w.Body)
			}
		case 405:
			body := `{"ok":false,"error":"this is not a method of the endpoint, which takes OPTIONS, GET, POST","code":"method_not_allowed"}`
			if allow != "OPTIONS, GET, POST" || w.Body.String() != body {
				t.Errorf("%s: %v\n got %s\nwant %s", method, w.Header(), w.Body, body)
			}
		}
	}
}

func TestAllowOrigin(t *testing.T) {
	h := http.Header{}
	endpoint.AllowOrigin(h, "*")
	endpoint.AllowOrigin(h, "https://a.example") // which replaces the other
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://a.example", "Vary": "Origin", "Access-Control-Expose-Headers": "Polysocket-Seq",
	} {
		if got := h[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

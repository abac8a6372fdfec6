package endpoint

import "net/http"

// AllowOrigin lets pages of one origin, or of all with "*", read the answer
// (Fetch standard, CORS protocol).
func AllowOrigin(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "Polysocket-Seq")
}

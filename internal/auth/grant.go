package auth

import (
	"context"
	"net/url"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// A Request is what somebody wants to open.
type Request struct {
	Caller endpoint.Caller
	JSONP  bool     // a script element of a page asks
	Token  string   // empty for none
	Target *url.URL // from wire.ParseTarget
}

// A Grant is what a token allows. The zero value has no limits, and belongs to no
// key: the policy Open grants it.
type Grant struct {
	// Key is the id of the key that the token belongs to.
	Key string
	// Token is the token's TokenID, for counting and for revoking. It tells
	// nobody the token.
	Token string
	// Target is the URL to open instead of the one that was asked for: the same in
	// its normal form, which is what has been authorised. Nil: as it was asked for.
	Target *url.URL
	// Expires is when the token is no longer taken; zero: never. A socket that is
	// open then may stay.
	Expires time.Time
	// Limit is how many sockets may be open at once with the token, KeyLimit with
	// all of the key's tokens; 0: no limit.
	Limit, KeyLimit int
	// Rate is how often sockets may be created with the key.
	Rate Rate

	opaque bool // the token is one
}

// An Authorizer says whether a request may go on, and within which limits, which
// it does not count itself. It checks in this order: the token, the origin is
// valid for the token's key, the token authorises the target. A no is a
// *wire.Error with one of the codes token_invalid, token_expired, origin_denied
// and target_denied. It is safe for concurrent use.
type Authorizer interface {
	Authorize(ctx context.Context, r Request) (Grant, error)
}

// A Reviewer is an Authorizer that may think better of what it has granted.
type Reviewer interface {
	// Stands tells whether the grant's key is still there, and its token not revoked.
	Stands(g Grant) bool
}

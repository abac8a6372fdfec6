package auth

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestGrant(t *testing.T) {
	set := &fakeSet{keys: map[string][]crypto.PublicKey{"of the set": {testEC().Public(), testEd().Public()}}}
	ring := ringOf(t, set, nil)
	until := testTime.Add(time.Minute)
	for _, test := range []struct {
		name, key, token string
		limit            int
		expires          time.Time
	}{
		{"HS256", "secret", hs256(t, `{`+exp+`}`), 10, until},
		{"HS256 with all claims", "secret", hs256(t, `{`+exp+`,"iat":1,"nbf":1.5,"sub":"u","jti":"x","limit":3,"targets":["wss://ws.example/chat"],"other":{"a":[null]}}`), 3, until},
		{"a limit over the key's", "secret", hs256(t, `{`+exp+`,"limit":1000}`), 10, until},
		{"EdDSA", "ed", sign(t, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"ed","typ":"JWT"}`, `{`+exp+`}`), 10, until},
		{"ES256", "ec", sign(t, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"ec"}`, `{`+exp+`}`), 10, until},
		{"RS256", "rsa", sign(t, jwt.SigningMethodRS256, testRSA(), `{"alg":"RS256","kid":"rsa"}`, `{`+exp+`}`), 10, until},
		{"of a set", "set", sign(t, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"of the set"}`, `{`+exp+`}`), 10, until},
		{"opaque", "opaque", testOpaque, 2, time.Time{}},
		{"opaque without a limit", "opaque", testOpaque + " without limit", 10, time.Time{}},
	} {
		grant, err := ask(t, ring, test.token, "wss://WS.example:443/x/../chat?q")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if grant.Target == nil || grant.Target.String() != "wss://ws.example/chat?q" {
			t.Errorf("%s: opens %v", test.name, grant.Target)
		}
		want := Grant{
			Key: test.key, Token: TokenID(test.token), Target: grant.Target, Expires: test.expires, Limit: test.limit, KeyLimit: 100, Rate: Rate{50, time.Second},
			Opaque: test.key == "opaque",
		}
		if !grant.Expires.Equal(want.Expires) {
			t.Errorf("%s: expires %v", test.name, grant.Expires)
		}
		want.Expires = grant.Expires
		if grant != want {
			t.Errorf("%s: %+v, want %+v", test.name, grant, want)
		}
	}
}

func TestNoLimit(t *testing.T) {
	ring := ringOf(t, nil, func(k *Key) { k.Limit, k.KeyLimit, k.Rate = 0, 0, Rate{} })
	for token, limit := range map[string]int{hs256(t, `{`+exp+`}`): 0, hs256(t, `{`+exp+`,"limit":7}`): 7, testOpaque: 2} {
		grant, err := ask(t, ring, token, aTarget)
		if err != nil || grant.Limit != limit || grant.KeyLimit != 0 || grant.Rate != (Rate{}) {
			t.Errorf("%+v, %v", grant, err)
		}
	}
}

func TestTargetsOfToken(t *testing.T) {
	ring := ringOf(t, nil, nil)
	for _, test := range []struct {
		claim, target string
		want          bool
	}{
		{"", "wss://ws.example/a", true},
		{"", "wss://other.example/a", false},
		{`,"targets":["wss://ws.example/a"]`, "wss://ws.example/a?b", true},
		{`,"targets":["wss://ws.example/a"]`, "wss://ws.example/b", false},
		{`,"targets":["wss://ws.example/b","wss://ws.example/a"]`, "wss://ws.example/a", true},
		{`,"targets":["wss://other.example/*"]`, "wss://other.example/a", false},
		{`,"targets":["wss://other.example/*"]`, "wss://ws.example/a", false},
		{`,"targets":["ws://*/*","wss://*/*"]`, "wss://ws.example/a", true},
		{`,"targets":["ws://*/*","wss://*/*"]`, "wss://other.example/a", false},
		{`,"targets":[]`, "wss://ws.example/a", false},
		{"", "wss://ws.example/%2e%2e/a", false},
	} {
		_, err := ask(t, ring, hs256(t, `{`+exp+test.claim+`}`), test.target)
		if (err == nil) != test.want || err != nil && err.Code != wire.TargetDenied {
			t.Errorf("%s may open %s: %v", test.claim, test.target, err)
		}
	}
}

func TestCallers(t *testing.T) {
	page := endpoint.Caller{Browser: true, Origin: "https://app.example"}
	for _, test := range []struct {
		name    string
		origins []string
		noJSONP bool
		caller  endpoint.Caller
		jsonp   bool
		want    string // in the refusal; empty for none
	}{
		{"a program", nil, true, program, false, ""},
		{"a page, and the key has no origins", nil, false, page, false, "admits no pages"},
		{"a page of an unknown origin, and the key has no origins", nil, false, endpoint.Caller{Browser: true}, false, "admits no pages"},
		{"a page of the key's", []string{"https://app.example"}, false, page, false, ""},
		{"a page of the key's by a wildcard", []string{"https://other.example", "https://*.example"}, false, page, false, ""},
		{"another page", []string{"https://*.app.example"}, false, page, false, "this origin"},
		{"a page of an unknown origin", []string{"https://app.example"}, false, endpoint.Caller{Browser: true}, false, "unknown"},
		{"a page of an unknown origin where all may", []string{"*"}, false, endpoint.Caller{Browser: true}, false, ""},
		{"JSONP", []string{"https://app.example"}, false, page, true, ""},
		{"JSONP where there is none", []string{"*"}, true, page, true, "JSONP"},
		{"a page where there is no JSONP", []string{"*"}, true, page, false, ""},
	} {
		ring := ringOf(t, nil, func(k *Key) { k.Origins, k.NoJSONP = test.origins, test.noJSONP })
		_, err := askAs(t, ring, Request{Caller: test.caller, JSONP: test.jsonp, Token: testOpaque})
		if (err == nil) != (test.want == "") || err != nil && (err.Code != wire.OriginDenied || !strings.Contains(err.Message, test.want)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The token is looked at before the origin, and the origin before the target, so
// that nobody without a token learns anything of a key.
func TestOrder(t *testing.T) {
	ring := ringOf(t, nil, nil)
	page := endpoint.Caller{Browser: true, Origin: "https://app.example"}
	denied := mustTarget(t, "wss://other.example/")
	for _, test := range []struct {
		request Request
		want    wire.ErrorCode
	}{
		{Request{Token: "none", Caller: page, Target: denied}, wire.TokenInvalid},
		{Request{Token: hs256(t, `{"exp":1}`), Caller: page, Target: denied}, wire.TokenExpired},
		{Request{Token: testOpaque, Caller: page, Target: denied}, wire.OriginDenied},
		{Request{Token: testOpaque, Caller: program, Target: denied}, wire.TargetDenied},
	} {
		if _, err := askAs(t, ring, test.request); err == nil || err.Code != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

func TestRevoked(t *testing.T) {
	token, other := hs256(t, `{`+exp+`}`), hs256(t, `{`+exp+`,"sub":"other"}`)
	ring := ringOf(t, nil, func(k *Key) {
		if k.Secret != "" {
			k.Revoked = []string{TokenID(token)}
		}
	})
	if _, err := ask(t, ring, token, aTarget); err == nil || err.Code != wire.TokenInvalid || !strings.Contains(err.Message, "revoked") {
		t.Errorf("a revoked token: %v", err)
	}
	if _, err := ask(t, ring, other, aTarget); err != nil {
		t.Errorf("another token: %v", err)
	}
}

func TestAudience(t *testing.T) {
	for _, test := range []struct {
		audience, claim string
		want            bool
	}{
		{"", ``, true},
		{"", `,"aud":"us"`, false},
		{"", `,"aud":[]`, false},
		{"us", ``, false},
		{"us", `,"aud":"us"`, true},
		{"us", `,"aud":["them","us"]`, true},
		{"us", `,"aud":"them"`, false},
		{"us", `,"aud":["them"]`, false},
		{"us", `,"aud":[]`, false},
		{"us", `,"aud":null`, false},
		{"us", `,"aud":["us",7]`, false},
		{"us", `,"aud":"US"`, false},
	} {
		ring := ringOf(t, nil, func(k *Key) {
			if k.Secret != "" {
				k.Audience = test.audience
			}
		})
		_, err := ask(t, ring, hs256(t, `{`+exp+test.claim+`}`), aTarget)
		if (err == nil) != test.want || err != nil && (err.Code != wire.TokenInvalid || !strings.Contains(err.Message, "aud")) {
			t.Errorf("%q, and the key's audience is %q: %v", test.claim, test.audience, err)
		}
	}
}

func TestSetIsFetchedForNewKeys(t *testing.T) {
	token := sign(t, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"new"}`, `{`+exp+`}`)
	set := &fakeSet{next: map[string][]crypto.PublicKey{"new": {testEd().Public()}}}
	ring := ringOf(t, set, nil)
	for range 2 {
		if grant, err := ask(t, ring, token, aTarget); err != nil || grant.Key != "set" {
			t.Errorf("%v, %v", grant, err)
		}
	}
	if set.refetched != 1 {
		t.Errorf("fetched %d times", set.refetched)
	}
	// A set has no say in the tokens of other keys.
	if _, err := ask(t, ring, sign(t, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"secret"}`, `{`+exp+`}`), aTarget); err == nil || set.refetched != 1 {
		t.Errorf("%v, fetched %d times", err, set.refetched)
	}
}

// A set that cannot be fetched holds nobody up for long.
func TestSetStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := ringOf(t, &fakeSet{stalls: true}, nil)
		start := time.Now()
		_, err := ask(t, ring, sign(t, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"new"}`, `{`+exp+`}`), aTarget)
		if err == nil || err.Code != wire.TokenInvalid || time.Since(start) != refetchWait {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start = time.Now()
		_, gone := ring.Authorize(ctx, Request{Token: hs256(t, `{}`)[:10] + ".e30.", Target: mustTarget(t, aTarget)})
		if gone == nil || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), gone)
		}
	})
}

// Keys of a set that are too weak verify nothing.
func TestSetOfWeakKeys(t *testing.T) {
	set := &fakeSet{keys: map[string][]crypto.PublicKey{"secret of a set": {[]byte(testSecret)[:31]}, "nothing": {nil}}}
	ring := ringOf(t, set, nil)
	for kid := range set.keys {
		if _, err := ask(t, ring, sign(t, jwt.SigningMethodHS256, []byte(testSecret)[:31], `{"alg":"HS256","kid":"`+kid+`"}`, `{`+exp+`}`), aTarget); err == nil {
			t.Errorf("%s verifies", kid)
		}
	}
}

func TestRate(t *testing.T) {
	for text, want := range map[string]Rate{"50/s": {50, time.Second}, "1/m": {1, time.Minute}, "1000/h": {1000, time.Hour}, "0": {}} {
		rate, err := ParseRate(text)
		if err != nil || rate != want || rate.String() != text {
			t.Errorf("%s is %+v, as text %s; %v", text, rate, rate, err)
		}
		var again Rate
		if marshalled, err := rate.MarshalText(); err != nil || again.UnmarshalText(marshalled) != nil || again != want {
			t.Errorf("%s is %s, and that is %v", text, marshalled, again)
		}
	}
	for _, bad := range []string{"50", "50/", "/s", "0/s", "-1/s", "1.5/s", "50/d", "50/s/s", " 50/s", "99999999999/s", "s", "50 /s", "+5/s"} {
		if rate, err := ParseRate(bad); err == nil || !strings.Contains(err.Error(), "50/s") {
			t.Errorf("%q is taken as %v, %v", bad, rate, err)
		}
	}
}

// A grant stands as long as its key and its token are there, and not revoked.
func TestStands(t *testing.T) {
	jwt, opaque := hs256(t, `{`+exp+`}`), testOpaque
	granted := map[string]Grant{}
	for _, token := range []string{jwt, opaque} {
		ring := ringOf(t, nil, nil)
		grant, err := ring.Identify(t.Context(), token)
		if err != nil || grant.Target != nil || !ring.Stands(grant) {
			t.Fatalf("%+v %v", grant, err)
		}
		granted[token] = grant
	}
	if _, err := ringOf(t, nil, nil).Identify(t.Context(), "x"); err == nil {
		t.Error("no token is identified")
	}
	for name, test := range map[string]struct {
		ring   *Keys
		token  string
		stands bool
	}{
		"other limits":          {ringOf(t, nil, func(k *Key) { k.Limit, k.Rate = 5, Rate{} }), jwt, true},
		"revoked":               {ringOf(t, nil, func(k *Key) { revoke(k, TokenID(jwt)) }), jwt, false},
		"another revoked":       {ringOf(t, nil, func(k *Key) { revoke(k, TokenID("x")) }), jwt, true},
		"an opaque one is gone": {ringOf(t, nil, func(k *Key) { drop(k, TokenID(opaque)) }), opaque, false},
		"another one is gone":   {ringOf(t, nil, func(k *Key) { drop(k, TokenID(opaque+" without limit")) }), opaque, true},
		"no keys, a JWT":        {mustRing(t), jwt, false},
		"no keys, opaque":       {mustRing(t), opaque, false},
	} {
		if got := test.ring.Stands(granted[test.token]); got != test.stands {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func revoke(k *Key, id string) {
	if k.ID == "secret" {
		k.Revoked = append(k.Revoked, id)
	}
}

func drop(k *Key, id string) {
	k.Tokens = slices.DeleteFunc(slices.Clone(k.Tokens), func(t OpaqueToken) bool { return t.SHA256 == id })
}

func mustRing(t *testing.T) *Keys {
	t.Helper()
	ring, err := NewKeys(nil, KeysOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// Keys that others have written are left out where they are not good, or at odds with
// those before them; and nothing of them stays.
func TestMergeKeys(t *testing.T) {
	of := func(id, token string) Key {
		return Key{ID: id, Tokens: []OpaqueToken{{SHA256: TokenID(token)}}, Targets: []string{"ws://a/*"}}
	}
	twice := of("twice", "b")
	twice.Tokens = append(twice.Tokens, OpaqueToken{SHA256: TokenID("a")})
	ring, left, err := MergeKeys([]Key{of("a", "a")}, []Key{of("a", "x"), {ID: "bad"}, twice, of("good", "b")}, KeysOptions{})
	if err != nil || len(left) != 3 || left["a"] == nil || left["bad"] == nil || left["twice"] == nil {
		t.Fatalf("%v %v", left, err)
	}
	for token, key := range map[string]string{"a": "a", "b": "good"} {
		if g, err := ring.Identify(t.Context(), token); err != nil || g.Key != key {
			t.Errorf("%s: %+v %v", token, g, err)
		}
	}
	if _, err := ring.Identify(t.Context(), "x"); err == nil {
		t.Error("something of a key that was left out is there")
	}
	if _, _, err := MergeKeys([]Key{{ID: "bad"}}, nil, KeysOptions{}); err == nil {
		t.Error("a bad key is taken")
	}
}

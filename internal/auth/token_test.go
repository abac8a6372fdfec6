package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/polysocket/polysocket/internal/wire"
)

// Whatever is wrong with a token before its signature is verified, the answer is
// the same, to the letter.
func TestUnverified(t *testing.T) {
	set := &fakeSet{keys: map[string][]crypto.PublicKey{"of the set": {testEC().Public()}, "": {testEC().Public()}}}
	ring := ringOf(t, set, nil)
	good := hs256(t, `{`+exp+`}`)
	parts := strings.Split(good, ".")
	secret, claims := []byte(testSecret), `{`+exp+`}`
	hs := func(key []byte, header string) string { return sign(t, jwt.SigningMethodHS256, key, header, claims) }
	b64 := base64.RawURLEncoding.EncodeToString
	last := len(good) - 1
	otherEC, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	asn1Signed := sign(t, asn1ES256{}, testEC(), `{"alg":"ES256","kid":"ec"}`, claims)
	for name, token := range map[string]string{
		"no token at all":              "x",
		"dots":                         "..",
		"two parts":                    parts[0] + "." + parts[1],
		"four parts":                   good + ".",
		"JWE's five parts":             good + ".e30.e30",
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"another signature":            parts[0] + "." + parts[1] + "." + b64(make([]byte, 32)),
		"half a signature":             good[:last-20],
		"another claim":                parts[0] + "." + b64([]byte(`{`+exp+`,"limit":9}`)) + "." + parts[2],
		"another spelling of base64":   good[:last] + string(good[last]+1), // a bit that base64 leaves over
		"padding":                      good + "=",
		"a line break":                 good + "\n",
		"a line break inside":          parts[0] + "\r\n." + parts[1] + "." + parts[2],
		"a space":                      good + " ",
		"the standard alphabet":        strings.NewReplacer("-", "+", "_", "/").Replace(hs(secret, `{"alg":"HS256","kid":"secret","x":"???>>>"}`)),
		"alg none":                     b64([]byte(`{"alg":"none","kid":"secret"}`)) + "." + parts[1] + ".",
		"alg None, signed":             hs(secret, `{"alg":"None","kid":"secret"}`),
		"alg none of a public key":     b64([]byte(`{"alg":"none","kid":"ed"}`)) + "." + parts[1] + ".",
		"alg HS512":                    sign(t, jwt.SigningMethodHS512, secret, `{"alg":"HS512","kid":"secret"}`, claims),
		"alg HS256 and a longer hash":  sign(t, jwt.SigningMethodHS512, secret, `{"alg":"HS256","kid":"secret"}`, claims),
		"alg in lower case":            hs(secret, `{"alg":"hs256","kid":"secret"}`),
		"alg missing":                  hs(secret, `{"kid":"secret"}`),
		"alg no string":                hs(secret, `{"alg":["HS256"],"kid":"secret"}`),
		"alg null":                     hs(secret, `{"alg":null,"kid":"secret"}`),
		"ALG":                          hs(secret, `{"ALG":"HS256","kid":"secret"}`),
		"alg twice":                    hs(secret, `{"alg":"none","alg":"HS256","kid":"secret"}`),
		"RS256's PEM as the secret":    hs([]byte(publicPEM(t, testRSA())), `{"alg":"HS256","kid":"rsa"}`),
		"ES256's PEM as the secret":    hs([]byte(publicPEM(t, testEC())), `{"alg":"HS256","kid":"ec"}`),
		"EdDSA's PEM as the secret":    hs([]byte(publicPEM(t, testEd())), `{"alg":"HS256","kid":"ed"}`),
		"EdDSA's bytes as the secret":  hs([]byte(testEd()[32:]), `{"alg":"HS256","kid":"ed"}`),
		"PS256 of an RSA key":          sign(t, jwt.SigningMethodPS256, testRSA(), `{"alg":"PS256","kid":"rsa"}`, claims),
		"PS256 as RS256":               sign(t, jwt.SigningMethodPS256, testRSA(), `{"alg":"RS256","kid":"rsa"}`, claims),
		"RS512 of an RSA key":          sign(t, jwt.SigningMethodRS512, testRSA(), `{"alg":"RS512","kid":"rsa"}`, claims),
		"another type of key":          sign(t, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"rsa"}`, claims),
		"another key's kid":            hs(secret, `{"alg":"HS256","kid":"ed"}`),
		"a secret that is no key's":    hs([]byte(strings.Repeat("x", 32)), `{"alg":"HS256","kid":"secret"}`),
		"the empty secret":             hs(nil, `{"alg":"HS256","kid":"secret"}`),
		"the key in the header":        sign(t, jwt.SigningMethodES256, otherEC, `{"alg":"ES256","kid":"ec","jwk":{"kty":"EC"},"jku":"https://evil.example/","x5u":"https://evil.example/"}`, claims),
		"kid missing":                  hs(secret, `{"alg":"HS256"}`),
		"kid empty":                    hs(secret, `{"alg":"HS256","kid":""}`),
		"kid empty, as in a set":       sign(t, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":""}`, claims),
		"kid no string":                hs(secret, `{"alg":"HS256","kid":7}`),
		"kid null":                     hs(secret, `{"alg":"HS256","kid":null}`),
		"kid an array":                 hs(secret, `{"alg":"HS256","kid":["secret"]}`),
		"kid unknown":                  hs(secret, `{"alg":"HS256","kid":"nobody"}`),
		"kid in upper case":            hs(secret, `{"alg":"HS256","kid":"SECRET"}`),
		"kid twice":                    hs(secret, `{"alg":"HS256","kid":"nobody","kid":"secret"}`),
		"kid twice, once escaped":      hs(secret, `{"alg":"HS256","kid":"nobody","k\u0069d":"secret"}`),
		"kid a path":                   hs(nil, `{"alg":"HS256","kid":"../../dev/null"}`),
		"kid of opaque tokens":         hs(nil, `{"alg":"HS256","kid":"opaque"}`),
		"kid of a set's record":        sign(t, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"set"}`, claims),
		"another key than the set's":   sign(t, jwt.SigningMethodES256, otherEC, `{"alg":"ES256","kid":"of the set"}`, claims),
		"crit":                         hs(secret, `{"alg":"HS256","kid":"secret","crit":["exp"],"exp":1}`),
		"crit empty":                   hs(secret, `{"alg":"HS256","kid":"secret","crit":[]}`),
		"crit null":                    hs(secret, `{"alg":"HS256","kid":"secret","crit":null}`),
		"b64":                          hs(secret, `{"alg":"HS256","kid":"secret","b64":false,"crit":["b64"]}`),
		"a header that is an array":    hs(secret, `["alg","HS256"]`),
		"a header that is null":        hs(secret, `null`),
		"a header and more":            hs(secret, `{"alg":"HS256","kid":"secret"}{}`),
		"a header cut":                 hs(secret, `{"alg":"HS256","kid":"secret"`),
		"a header with a value cut":    hs(secret, `{"alg":"HS256","kid":`),
		"a header with a broken name":  hs(secret, `{"alg":"HS256",7:1,"kid":"secret"}`),
		"a header that is no UTF-8":    hs(secret, "{\"alg\":\"HS256\",\"kid\":\"secret\",\"x\":\"\xff\"}"),
		"a header that is empty":       hs(secret, ``),
		"ES256's signature as ASN.1":   asn1Signed,
		"the hash of an opaque token":  hashOf(testOpaque),
		"an opaque token and a space":  testOpaque + " ",
		"an opaque token in upper":     strings.ToUpper(testOpaque),
		"the longest token":            strings.Repeat("x", MaxToken),
		"the longest token, and a JWT": good + strings.Repeat("A", MaxToken-len(good)),
	} {
		_, err := ask(t, ring, token, aTarget)
		if err == nil || err.Code != wire.TokenInvalid || err.Message != "the token is not valid: it is malformed, or no key here verifies it" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ask(t, ring, good, aTarget); err != nil {
		t.Errorf("a good one: %v", err)
	}
	if _, err := ask(t, ring, "", aTarget); err == nil || err.Code != wire.TokenInvalid || !strings.Contains(err.Message, "required") {
		t.Errorf("none: %v", err)
	}
	if _, err := ask(t, ring, strings.Repeat("x", MaxToken+1), aTarget); err == nil || err.Code != wire.TokenInvalid || !strings.Contains(err.Message, "longer") {
		t.Errorf("one that is too long: %v", err)
	}
}

// asn1ES256 signs as openssl does, and not as RFC 7518 §3.4 has it.
type asn1ES256 struct{ jwt.SigningMethod }

func (asn1ES256) Sign(text string, key any) ([]byte, error) {
	hash := sha256.Sum256([]byte(text))
	return ecdsa.SignASN1(rand.Reader, key.(*ecdsa.PrivateKey), hash[:])
}

// Once the signature is verified the answer says what is wrong.
func TestClaims(t *testing.T) {
	ring := ringOf(t, nil, nil)
	now := testTime.Unix()
	for _, test := range []struct {
		claims string
		want   string // in the refusal; empty for none
	}{
		{fmt.Sprintf(`{"exp":%d}`, now+1), ""},
		{fmt.Sprintf(`{"exp":%d.5}`, now-10), ""},
		{fmt.Sprintf(`{"exp":%d}`, now-9), ""},
		{fmt.Sprintf(`{"exp":%d}`, now-10), "has expired"},
		{fmt.Sprintf(`{"exp":%de0}`, now+1), ""},
		{`{"exp":1}`, "has expired"},
		{`{"exp":253402300799}`, ""},
		{`{"exp":253402300800}`, "exp is not a time"},
		{`{"exp":1e300}`, "exp is not a time"},
		{`{"exp":1e999}`, "exp is not a time"},
		{`{"exp":0}`, "exp is not a time"},
		{`{"exp":-1}`, "exp is not a time"},
		{fmt.Sprintf(`{"exp":"%d"}`, now+60), "exp is not a time"},
		{`{"exp":null}`, "exp is not a time"},
		{`{"exp":true}`, "exp is not a time"},
		{`{"exp":[1]}`, "exp is not a time"},
		{`{}`, "no exp"},
		{`{"EXP":` + exp[6:] + `}`, "no exp"},
		{`{` + exp + `,"exp":1}`, "each name once"},
		{`{` + exp + `,"\u0065xp":1}`, "each name once"},
		{`{` + exp + `,"limit":1,"limit":2}`, "each name once"},
		{`{` + exp + `,"x":1,"x":1}`, "each name once"},
		{`{` + exp + `}{}`, "JSON object"},
		{`{` + exp + `} x`, "JSON object"},
		{`[]`, "JSON object"},
		{`null`, "JSON object"},
		{`"x"`, "JSON object"},
		{``, "JSON object"},
		{`{` + exp + `,}`, "JSON object"},
		{`{` + exp, "JSON object"},
		{"{" + exp + ",\"x\":\"\xff\"}", "JSON object"},
		{"\ufeff{" + exp + "}", "JSON object"},
		{`{"exp":1,"targets":7}`, "targets are not an array"},
		{fmt.Sprintf(`{%s,"nbf":%d}`, exp, now+10), ""},
		{fmt.Sprintf(`{%s,"nbf":%d}`, exp, now+11), "not valid yet"},
		{fmt.Sprintf(`{%s,"iat":%d}`, exp, now+10), ""},
		{fmt.Sprintf(`{%s,"iat":%d}`, exp, now+11), "not valid yet"},
		{`{` + exp + `,"nbf":"1"}`, "nbf is not a time"},
		{`{` + exp + `,"iat":null}`, "iat is not a time"},
		{`{` + exp + `,"iat":-1}`, "iat is not a time"},
		{`{` + exp + `,"limit":1}`, ""},
		{`{` + exp + `,"limit":9223372036854775807}`, ""},
		{`{` + exp + `,"limit":0}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":-1}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":1.5}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":1.0}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":1e3}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":"1"}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":null}`, "limit is not a whole number"},
		{`{` + exp + `,"limit":99999999999999999999}`, "limit is not a whole number"},
		{`{` + exp + `,"targets":null}`, "targets are not an array"},
		{`{` + exp + `,"targets":"wss://ws.example/*"}`, "targets are not an array"},
		{`{` + exp + `,"targets":["wss://ws.example/*",null]}`, "targets are not an array"},
		{`{` + exp + `,"targets":[["wss://ws.example/*"]]}`, "targets are not an array"},
		{`{` + exp + `,"targets":{"0":"wss://ws.example/*"}}`, "targets are not an array"},
		{`{` + exp + `,"targets":["wss://ws.example/*","*"]}`, "begin with a scheme"},
		{`{` + exp + `,"targets":["wss://ws.example/chat?room=1"]}`, "query"},
		{`{` + exp + `,"targets":[""]}`, "begin with a scheme"},
		{`{` + exp + `,"aud":7}`, "aud is not a string"},
	} {
		_, err := ask(t, ring, hs256(t, test.claims), aTarget)
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Message, test.want)):
			t.Errorf("%s: %v", test.claims, err)
		case err == nil:
		case err.Code == wire.TokenExpired != strings.Contains(err.Message, "has expired"), err.Code.Status() != 401:
			t.Errorf("%s: %s, %v", test.claims, err.Code, err)
		}
	}
}

// The clock is the system's unless there is another.
func TestClock(t *testing.T) {
	ring, err := NewKeys([]Key{{ID: "secret", Secret: testSecret, Targets: []string{"wss://*/*"}}}, KeysOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{time.Hour: true, -time.Hour: false} {
		if _, err := ask(t, ring, hs256(t, fmt.Sprintf(`{"exp":%d}`, time.Now().Add(after).Unix())), aTarget); (err == nil) != want {
			t.Errorf("a token that ends %v from now: %v", after, err)
		}
	}
}

// One token does not count as two by anything that who holds it can do to it.
func TestTwin(t *testing.T) {
	ring := ringOf(t, nil, nil)
	lower, upper := false, false
	for n := 0; n < 1000 && !(lower && upper); n++ {
		token := sign(t, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"ec"}`, fmt.Sprintf(`{%s,"n":%d}`, exp, n))
		at := strings.LastIndexByte(token, '.') + 1
		signature, _ := base64.RawURLEncoding.DecodeString(token[at:])
		s := new(big.Int).SetBytes(signature[32:])
		order := elliptic.P256().Params().N
		new(big.Int).Sub(order, s).FillBytes(signature[32:])
		twin := token[:at] + base64.RawURLEncoding.EncodeToString(signature)
		one, err := ask(t, ring, token, aTarget)
		other, errTwin := ask(t, ring, twin, aTarget)
		if err != nil || errTwin != nil || twin == token || one.Token != other.Token {
			t.Fatalf("%s and %s: %v and %v; %v, %v", token, twin, one.Token, other.Token, err, errTwin)
		}
		isLower := new(big.Int).Lsh(s, 1).Cmp(order) < 0
		if isLower != (one.Token == hashOf(token)) || isLower == (one.Token == hashOf(twin)) {
			t.Fatalf("the id is %s, not the hash of the text with the lower s", one.Token)
		}
		lower, upper = lower || isLower, upper || !isLower
	}
	if !lower || !upper {
		t.Error("a thousand signatures are all on one side")
	}
}

func TestTokenID(t *testing.T) {
	half := bytes.Repeat([]byte{0xff}, 32)
	for _, token := range []string{
		"", testOpaque, "a.b.c", hs256(t, `{`+exp+`}`),
		sign(t, jwt.SigningMethodRS256, testRSA(), `{"alg":"RS256","kid":"rsa"}`, `{}`),
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.e30.",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.e30.AAAA",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.e30." + base64.RawURLEncoding.EncodeToString(append(half, half...)), // s over n
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.e30." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
	} {
		if got := TokenID(token); got != hashOf(token) {
			t.Errorf("%q: %s", token, got)
		}
	}
}

func FuzzToken(f *testing.F) {
	set := &fakeSet{keys: map[string][]crypto.PublicKey{"of the set": {testEC().Public()}}}
	ring := ringOf(f, set, nil)
	signed := func(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }
	made := map[string]bool{}
	for _, token := range []string{
		hs256(f, `{`+exp+`}`), hs256(f, `{`+exp+`,"limit":3,"targets":["wss://ws.example/*"]}`),
		sign(f, jwt.SigningMethodEdDSA, testEd(), `{"alg":"EdDSA","kid":"ed"}`, `{`+exp+`}`),
		sign(f, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"ec"}`, `{`+exp+`}`),
		sign(f, jwt.SigningMethodES256, testEC(), `{"alg":"ES256","kid":"of the set"}`, `{`+exp+`}`),
	} {
		made[signed(token)] = true
		f.Add(token)
	}
	f.Add(testOpaque)
	f.Add(hs256(f, `{"exp":1}`))
	f.Fuzz(func(t *testing.T, token string) {
		_, err := ask(t, ring, token, aTarget)
		switch {
		case err == nil && token != testOpaque && !made[signed(token)]:
			t.Errorf("%q is taken, and nobody has made it", token)
		case err != nil && err.Code.Status() != 401:
			t.Errorf("%q: %s, %v", token, err.Code, err)
		}
	})
}

// FuzzClaims has any claims signed by the key.
func FuzzClaims(f *testing.F) {
	ring := ringOf(f, nil, nil)
	f.Add(`{"exp":1800000060,"limit":3,"targets":["wss://ws.example/*"],"aud":[],"nbf":1,"iat":1.5}`)
	f.Add(`{"exp":1,"exp":1800000060}`)
	f.Fuzz(func(t *testing.T, claims string) {
		token := hs256(t, claims)
		if len(token) > MaxToken {
			return
		}
		grant, err := ask(t, ring, token, aTarget)
		switch {
		case err == nil && (grant.Limit < 1 || grant.Limit > 10 || !testTime.Before(grant.Expires.Add(leeway)) || grant.Key != "secret"):
			t.Errorf("%s: %+v", claims, grant)
		case err == nil && !strings.Contains(claims, "exp") && !strings.Contains(claims, `\u`):
			t.Errorf("%s is taken without exp", claims)
		case err != nil && err.Code.Status() != 401 && err.Code != wire.TargetDenied:
			t.Errorf("%s: %s, %v", claims, err.Code, err)
		}
	})
}

package auth

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// leeway is by how much the clocks of those who make tokens may differ from ours.
const leeway = 10 * time.Second

// readClaims takes over the claims of a token whose signature is verified, so
// that errors may say what is wrong.
func (a *admission) readClaims(claims []byte, now time.Time) error {
	object, err := readObject(claims)
	if err != nil {
		return invalid("the token's claims are not a JSON object with each name once")
	}
	times := map[string]time.Time{}
	for _, name := range []string{"exp", "nbf", "iat"} {
		if object[name] == nil {
			continue
		}
		if times[name], err = readTime(object[name]); err != nil {
			return invalid("the token's %s is not a time in seconds since 1970", name)
		}
	}
	if err := a.readNarrowing(object); err != nil {
		return err
	}
	if err := checkAudience(object["aud"], a.key.Audience); err != nil {
		return err
	}
	a.expires = times["exp"]
	switch {
	case a.expires.IsZero():
		return invalid("the token has no exp: give it the time at which it ends, in seconds since 1970")
	case !now.Before(a.expires.Add(leeway)):
		return wire.Errorf(wire.TokenExpired, "the token has expired: get another")
	case now.Add(leeway).Before(times["nbf"]), now.Add(leeway).Before(times["iat"]):
		return invalid("the token is not valid yet, by its nbf or iat and the clock of this server")
	}
	return nil
}

// readNarrowing reads the claims that narrow what the key allows.
func (a *admission) readNarrowing(object map[string]json.RawMessage) (err error) {
	if raw := object["limit"]; raw != nil {
		if a.limit, err = strconv.Atoi(string(raw)); err != nil || a.limit < 1 {
			return invalid("the token's limit is not a whole number from 1 on: leave it out for the limit of the key")
		}
	}
	raw := object["targets"]
	if a.narrowed = raw != nil; !a.narrowed {
		return nil
	}
	patterns, err := readTexts(raw)
	if err != nil {
		return invalid("the token's targets are not an array of strings: leave them out for the targets of the key")
	}
	if a.targets, err = ParseTargets(patterns); err != nil {
		return invalid("the token's targets: %v", err)
	}
	return nil
}

// checkAudience checks aud (RFC 7519 §4.1.3): who does not find themselves in it
// must not take the token.
func checkAudience(raw json.RawMessage, audience string) error {
	var named []string
	if raw != nil {
		one, err := readText(raw)
		if named = []string{one}; err != nil {
			if named, err = readTexts(raw); err != nil {
				return invalid("the token's aud is not a string or an array of strings")
			}
		}
	}
	switch {
	case audience == "" && raw != nil:
		return invalid("the token has an aud, and its key has no audience: the token is meant for somebody else")
	case audience != "" && !slices.Contains(named, audience):
		return invalid("the token's aud does not name the audience of its key")
	}
	return nil
}

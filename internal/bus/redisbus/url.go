package redisbus

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/rueidis"
)

// CheckSecret tells whether a secret can sign. How good it is, its owner knows.
func CheckSecret(secret string) error {
	if secret == "" {
		return errors.New("the secret is empty: give one that nobody can guess, as openssl rand -hex 32 prints")
	}
	return nil
}

// CheckURL tells whether a URL says where Redis is. The forms are
//
//	redis://[[user]:password@]host[:port][/db]        one server
//	redis://sentinel:26379?addr=sentinel2:26379&master_set=name   Sentinel
//	redis://node:6379?addr=node2:6379                 a Cluster, by two or more of its nodes
//
// and rediss:// for TLS, which speaks to sentinels too; valkey:// and valkeys:// are
// the same. Parameters are addr, as often as needed, master_set, db, client_name, and
// skip_verify=true for a certificate that is not to be verified. The errors hold
// nothing of the URL, whose password may stand anywhere in it.
func CheckURL(s string) error {
	_, err := parseURL(s)
	return err
}

const urlForm = "redis://[[user]:password@]host[:port][/db]"

func parseURL(s string) (rueidis.ClientOption, error) {
	fail := func(format string, args ...any) (rueidis.ClientOption, error) {
		return rueidis.ClientOption{}, fmt.Errorf("the URL of Redis "+format, args...)
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return fail("is not of the form %s: what is special in the password must be percent-encoded", urlForm)
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys":
	default:
		return fail("has a scheme that is not redis, rediss, valkey or valkeys: it is to be of the form %s", urlForm)
	}
	if u.Fragment != "" {
		return fail("has a #: where that is in the password, it must be %%23")
	}
	if u.Hostname() == "" {
		return fail("has no host: it is to be of the form %s", urlForm)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fail("has parameters that cannot be read after its ?: where that is in the password, it must be %%3F")
	}
	if err := checkParams(q); err != nil {
		return fail("%w", err)
	}
	if u.Path == "/" { // what many write for database 0
		u.Path = ""
	}
	o, err := rueidis.ParseURL(u.String())
	switch {
	case err != nil:
		return fail("has a database that is not a number, or skip_verify that is not true or false")
	case o.SelectDB < 0:
		return fail("has a database below 0")
	case o.SelectDB != 0 && isCluster(o):
		return fail("has a database other than 0, and a Cluster has none: leave it out")
	}
	return choose(o), nil
}

// checkParams refuses what would have no effect, so that nobody relies on it.
func checkParams(q url.Values) error {
	for name, values := range q {
		switch name {
		case "addr":
			if slices.ContainsFunc(values, func(addr string) bool { return addr == "" || strings.HasPrefix(addr, ":") }) {
				return errors.New("has an addr without a host: it is to be host:port")
			}
			continue
		case "db", "client_name", "skip_verify", "master_set":
		case "protocol", "client_cache", "max_retries", "dial_timeout", "write_timeout":
			return fmt.Errorf("sets %s, which is chosen for you: leave it out", name)
		default:
			return errors.New("has a parameter that is not addr, master_set, db, client_name or skip_verify: where its ? is in the password, it must be %3F")
		}
		if len(values) > 1 || values[0] == "" && name != "skip_verify" {
			return fmt.Errorf("is to say %s once, with a value", name)
		}
	}
	return nil
}

func isCluster(o rueidis.ClientOption) bool {
	return o.Sentinel.MasterSet == "" && len(o.InitAddress) > 1
}

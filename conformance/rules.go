package conformance

import (
	"slices"
	"testing"
	"time"
)

// rule is one test of a rule of docs/protocol.md.
type rule struct {
	name  string // of the rule, as in the page
	what  string // of it the test is about
	test  func(*T)
	every bool // runs over HTTP/1.0 and 2 as well, with TLS and without
	needs []need
}

// need says why a test can not run against a server, "" where it can.
type need func(Server) string

// on is a test over HTTP/1.1.
func on(name, what string, test func(*T), needs ...need) rule {
	return rule{name: name, what: what, test: test, needs: append(needs, reachesLoopback)}
}

// every is a test over every version of HTTP.
func every(name, what string, test func(*T), needs ...need) rule {
	r := on(name, what, test, needs...)
	r.every = true
	return r
}

func rules() []rule {
	return slices.Concat(
		anyRules, paramRules, hostRules, headerRules,
		createRules, protocolRules, nonceRules, outcomeRules, codeRules, relayRules,
		sendRules, rawRules, frameRules, openBodyRules, openBodyEndRules, flowRules, busyRules,
		pollRules, readerRules, jsonpRules, nameRules,
		upRules, windowRules, upAnswerRules, continuedRules, utf8Rules, closeRules, closeCodeRules,
		downRules, endRules, boundRules, graceRules, streamGraceRules,
		streamRules, streamEndRules, streamAckRules, supersedeRules, frameStreamRules, eventRules,
		manyRules, manyPollRules, manyStreamRules, manyOriginRules,
		whoRules, bindRules, corsRules,
	)
}

func reachesLoopback(s Server) string {
	if s.DeniesLoopback {
		return "the server may not dial the suite's targets"
	}
	return ""
}

func deniesLoopback(s Server) string {
	if !s.DeniesLoopback {
		return "the server may dial loopback"
	}
	return ""
}

func wildcard(s Server) string {
	if !s.Wildcard {
		return "the server has no wildcard name"
	}
	return ""
}

func restricted(s Server) string {
	if s.AnyOrigin {
		return "the server admits every origin"
	}
	return ""
}

func anyOrigin(s Server) string {
	if !s.AnyOrigin {
		return "the server restricts origins"
	}
	return ""
}

// plain is for tests that write HTTP/1 by hand.
func plain(s Server) string {
	if s.CA != nil {
		return "the server speaks TLS"
	}
	return ""
}

// long is for tests of half a minute and more.
func long(Server) string {
	if testing.Short() {
		return "takes up to a minute"
	}
	return ""
}

// short is for tests that wait for a setting: it must be short.
func short(what string, of func(Server) time.Duration) need {
	return func(s Server) string {
		if d := of(s); d > 5*time.Second {
			return "the server's " + what + " is " + d.String() + ": the test wants 5s at most"
		}
		return ""
	}
}

// ample is for tests that must not be overtaken by a setting: it must be long.
func ample(what string, of func(Server) time.Duration) need {
	return func(s Server) string {
		if d := of(s); d < 3*time.Second {
			return "the server's " + what + " is " + d.String() + ": the test wants 3s at least"
		}
		return ""
	}
}

func grace(s Server) time.Duration         { return s.Grace }
func hold(s Server) time.Duration          { return s.Hold }
func targetTimeout(s Server) time.Duration { return s.TargetTimeout }
func closeTimeout(s Server) time.Duration  { return s.CloseTimeout }

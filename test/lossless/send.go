package lossless

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	form = "application/x-www-form-urlencoded"
	raw  = "application/octet-stream"
)

// request makes the request that sends units.
func (u Up) request(r *rand.Rand, query url.Values, run []*unit) request {
	first := run[0]
	if !u.parts() {
		query.Set("t", "f")
		var body []byte
		for _, u := range run {
			body = appendFrames(r, body, u.Message)
		}
		return request{"/s/", query, raw, bytes.NewReader(body)}
	}
	query.Set("t", string(rune(first.Kind)))
	if first.more {
		query.Set("m", "1")
	}
	if first.Kind == Close {
		if first.Code != 0 {
			query.Set("code", strconv.Itoa(first.Code))
			query.Set("reason", first.Reason)
		}
		return request{"/s/", query, raw, nil}
	}
	switch u {
	case Form:
		query.Set("d", encode(r, first.Message))
		body := query.Encode()
		if r.IntN(2) == 0 {
			return request{"/s/", nil, form, strings.NewReader(body)}
		}
		// Some in each.
		inBody := url.Values{"d": query["d"], "t": query["t"]}
		query.Del("d")
		query.Del("t")
		return request{"/s/", query, form, strings.NewReader(inBody.Encode())}
	case Script:
		query.Set("d", encode(r, first.Message))
		query.Set("cb", "up.cb")
		if r.IntN(2) == 0 {
			query.Set("status", "200")
		}
		return request{path: "/s/", query: query}
	default:
		return request{"/s/", query, raw, bytes.NewReader(first.Data)}
	}
}

// encode makes the d of a message: base64 in any of its forms for bytes.
func encode(r *rand.Rand, m Message) string {
	if m.Kind == Text {
		return string(m.Data)
	}
	forms := []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}
	return forms[r.IntN(len(forms))].EncodeToString(m.Data)
}

// stream sends by a body that is kept open: first the units that were taken, and then those that follow.
func (b *outbox) stream(ctx context.Context, r *rand.Rand, query url.Values, run []*unit) (request, []*unit, answer, error) {
	query.Set("t", "f")
	body, to := io.Pipe()
	written := make(chan []*unit)
	most, linger, again := 1+r.IntN(4*windowUnits), time.Duration(r.IntN(30))*time.Millisecond, r.IntN(8) == 0
	go func() {
		for i := 0; ; i++ {
			if _, err := to.Write(appendFrames(r, nil, run[i].Message)); err != nil {
				break
			}
			if i+1 < len(run) {
				continue
			}
			wait, stop := context.WithTimeout(ctx, linger)
			next := b.following(wait, run[i], Streamed, again)
			stop()
			if next == nil {
				break
			}
			run = append(run, next)
			if i >= most {
				_, _ = to.Write(appendFrames(r, nil, next.Message)) // the answer says what became of it
				break
			}
		}
		_ = to.Close() // never fails
		written <- run
	}()
	request := request{"/s/", query, raw, body}
	a, err := b.conn.ask(ctx, request)
	body.CloseWithError(io.ErrClosedPipe)
	return request, <-written, a, err
}

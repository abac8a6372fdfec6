package upstream

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/polysocket/polysocket/internal/wire"
)

const (
	// headerLimit is how long the answer's status line and headers may be.
	headerLimit = 64 << 10
	// headerBuffer is the buffer that they are read through.
	headerBuffer = 1 << 10
	// acceptGUID is RFC 6455 §1.3's.
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// agreed is what an opening handshake came to.
type agreed struct {
	protocol string
	deflate  bool
	early    []byte // what came behind the answer in the same packet
}

// shake does the opening handshake of RFC 6455 §4.1 on stream.
func shake(stream io.ReadWriter, r Request) (agreed, error) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	key := base64.StdEncoding.EncodeToString(nonce[:])
	if _, err := stream.Write(r.append(nil, key)); err != nil {
		return agreed{}, refused("closed the connection in the handshake")
	}
	limited := &io.LimitedReader{R: stream, N: headerLimit}
	br := bufio.NewReaderSize(limited, headerBuffer)
	answer, err := readAnswer(br)
	switch {
	case err != nil && limited.N <= 0:
		return agreed{}, refused("sent more than 64 KiB of headers in the handshake")
	case err != nil && !malformed(err):
		return agreed{}, refused("closed the connection in the handshake")
	case err != nil:
		return agreed{}, refused("did not answer the handshake in HTTP")
	}
	a, err := judge(answer, key, r.Protocols)
	if err != nil {
		return agreed{}, err
	}
	early, _ := br.Peek(br.Buffered())
	a.early = bytes.Clone(early)
	return a, nil
}

// malformed tells an answer that is not HTTP from a connection that ended.
func malformed(err error) bool {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return false
	}
	_, network := err.(net.Error)
	return !network
}

// readAnswer reads the answer, and what informs before it: a client must be
// able to read several 1xx (RFC 9110 §15.2), of which 101 is the last.
func readAnswer(br *bufio.Reader) (*http.Response, error) {
	for {
		answer, err := http.ReadResponse(br, nil)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode >= 200 || answer.StatusCode == http.StatusSwitchingProtocols {
			return answer, nil
		}
	}
}

// judge checks an answer by the steps of RFC 6455 §4.1, "the client MUST
// validate the server's response as follows".
func judge(answer *http.Response, key string, protocols []string) (a agreed, err error) {
	header := answer.Header
	// 1. The status code is 101. Redirects are not followed.
	if answer.StatusCode != http.StatusSwitchingProtocols {
		status := strings.TrimSpace(strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode))
		return a, refused("answered " + status)
	}
	// There is no upgrade in HTTP/1.0 (RFC 9110 §7.8).
	if answer.ProtoMajor != 1 || answer.ProtoMinor < 1 {
		return a, refused("answered 101 in another version of HTTP than 1.1")
	}
	// 2. Upgrade is "websocket", in any case.
	if upgrade := header["Upgrade"]; len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket") {
		return a, refused(`answered 101 without "Upgrade: websocket"`)
	}
	// 3. Connection holds the token "upgrade", in any case.
	if !httpguts.HeaderValuesContainsToken(header["Connection"], "upgrade") {
		return a, refused(`answered 101 without "Connection: Upgrade"`)
	}
	// 4. Sec-WebSocket-Accept is made from our key, so what answers did mean us.
	if accept := header["Sec-Websocket-Accept"]; len(accept) != 1 || accept[0] != acceptFor(key) {
		return a, refused("answered 101 without the right Sec-WebSocket-Accept")
	}
	// 5. Sec-WebSocket-Extensions names no extension that we did not offer.
	if a.deflate, err = agreeExtensions(header["Sec-Websocket-Extensions"]); err != nil {
		return a, err
	}
	// 6. Sec-WebSocket-Protocol names one that we offered. It stands there at
	// most once (§11.3.4), and not choosing is allowed.
	a.protocol, err = agreeProtocol(header["Sec-Websocket-Protocol"], protocols)
	return a, err
}

func agreeProtocol(chosen, offered []string) (string, error) {
	switch len(chosen) {
	case 0:
		return "", nil
	case 1:
		for _, protocol := range offered { // of which the Conn keeps one, and not all of the answer
			if protocol == chosen[0] {
				return protocol, nil
			}
		}
		return "", refused("chose a subprotocol that was not offered")
	}
	return "", refused("answered with more than one Sec-WebSocket-Protocol")
}

// acceptFor is RFC 6455 §4.2.2, step 5.4.
func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func refused(what string) error {
	return wire.Errorf(wire.TargetRefused, "the target %s", what)
}

// check finds what would break out of its line, and what ParseTarget would not
// take. The caller has judged the request by the protocol's rules already.
func (r Request) check() error {
	again, err := wire.ParseTarget(r.Target.String())
	switch {
	case err != nil:
		return wire.Errorf(wire.BadRequest, "target: %v", err)
	case again.Host != r.Target.Host || again.RequestURI() != r.Target.RequestURI():
		return wire.Errorf(wire.BadRequest, "target: the URL is not in the form in which it is dialled")
	case control(r.Origin):
		return wire.Errorf(wire.BadRequest, "the origin holds a control character")
	case control(r.UserAgent):
		return wire.Errorf(wire.BadRequest, "the user agent holds a control character")
	}
	for _, protocol := range r.Protocols {
		if !httpguts.ValidHeaderFieldName(protocol) { // that is, a token
			return wire.Errorf(wire.BadRequest, "a subprotocol is no token")
		}
	}
	return nil
}

func control(value string) bool {
	return strings.Contains(value, "\t") || !httpguts.ValidHeaderFieldValue(value)
}

// append appends the opening request, RFC 6455 §4.1.
func (r Request) append(dst []byte, key string) []byte {
	field := func(name, value string) {
		if value != "" {
			dst = append(append(append(append(dst, name...), ": "...), value...), "\r\n"...)
		}
	}
	dst = append(append(append(dst, "GET "...), r.Target.RequestURI()...), " HTTP/1.1\r\n"...)
	field("Host", hostHeader(r.Target))
	field("Upgrade", "websocket")
	field("Connection", "Upgrade")
	field("Sec-WebSocket-Key", key)
	field("Sec-WebSocket-Version", "13")
	field("Origin", r.Origin)
	field("User-Agent", r.UserAgent)
	field("Sec-WebSocket-Protocol", strings.Join(r.Protocols, ", "))
	field("Sec-WebSocket-Extensions", deflateOffer)
	field(wire.HopHeader, "1")
	return append(dst, "\r\n"...)
}

// hostHeader is the host, with the port where it is not the scheme's own.
func hostHeader(target *url.URL) string {
	if n := port(target); n != defaultPort(target.Scheme) {
		return net.JoinHostPort(target.Hostname(), strconv.Itoa(n))
	}
	host := target.Hostname()
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

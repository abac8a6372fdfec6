package transport_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/internal/transport/transporttest"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoll(t *testing.T) {
	t.Run("json", func(t *testing.T) {
		transporttest.Run(t, transporttest.Carrier{
			Name: "poll", Path: pollPath(""), ContentType: "application/json",
			Parse: func(_ http.Header, body io.Reader, message func(wire.Frame)) (uint64, error) {
				return parsePoll(body, message, "", "")
			},
		})
	})
	t.Run("jsonp", func(t *testing.T) {
		transporttest.Run(t, transporttest.Carrier{
			Name: "jsonp", Path: pollPath("cb=page.got"), ContentType: "application/javascript; charset=utf-8",
			Parse: func(_ http.Header, body io.Reader, message func(wire.Frame)) (uint64, error) {
				return parsePoll(body, message, "/**/page.got(", ");")
			},
		})
	})
}

func TestStreams(t *testing.T) {
	t.Run("frames", func(t *testing.T) {
		transporttest.Run(t, transporttest.Carrier{
			Name: "frames", Path: streamPath("/x/"), ContentType: "application/octet-stream", Endless: true, Parse: parseFrames,
		})
	})
	t.Run("events", func(t *testing.T) {
		transporttest.Run(t, transporttest.Carrier{
			Name: "events", Path: streamPath("/e/"), ContentType: "text/event-stream", Endless: true, Parse: parseEvents,
		})
	})
}

func streamPath(path string) func(id string, ack int) string {
	return func(id string, ack int) string {
		path := path + id + "?"
		if ack >= 0 {
			path += fmt.Sprintf("a=%d", ack)
		}
		return path
	}
}

func parseFrames(header http.Header, body io.Reader, message func(wire.Frame)) (uint64, error) {
	seq, err := strconv.ParseUint(header.Get("Polysocket-Seq"), 10, 64)
	if err != nil {
		return 0, err
	}
	for in := bufio.NewReader(body); ; {
		h, err := ws.ReadHeader(in)
		if errors.Is(err, io.EOF) {
			return seq, nil
		}
		payload := make([]byte, h.Length)
		if err == nil {
			_, err = io.ReadFull(in, payload)
		}
		if err != nil {
			return seq, err
		}
		switch {
		case !h.Fin || h.Masked || h.Rsv != 0:
			return seq, fmt.Errorf("a frame with the header %+v", h)
		case h.OpCode == ws.OpText:
			message(wire.Frame{Kind: wire.Text, Data: payload})
		case h.OpCode == ws.OpBinary:
			message(wire.Frame{Kind: wire.Binary, Data: payload})
		case h.OpCode == ws.OpClose:
			code, reason, err := wire.ParseClosePayload(payload)
			if err != nil {
				return seq, err
			}
			message(wire.Frame{Kind: wire.Close, Code: code, Data: reason})
		case h.OpCode != ws.OpPing || h.Length != 4:
			return seq, fmt.Errorf("a frame with the header %+v", h)
		}
	}
}

func parseEvents(_ http.Header, body io.Reader, message func(wire.Frame)) (first uint64, err error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	var id uint64
	for lines.Scan() {
		line := lines.Text()
		switch data, isData := strings.CutPrefix(line, "data: "); {
		case line == ":" || line == "":
		case isData:
			if _, err := parsePoll(strings.NewReader(`{"ok":true,"messages":[`+data+`]}`), message, "", ""); err != nil {
				return 0, err
			}
		default:
			if _, err := fmt.Sscanf(line, "id: %d", &id); err != nil {
				return 0, fmt.Errorf("%q: %w", line, err)
			}
			if first == 0 {
				first = id
			}
		}
	}
	return first, lines.Err()
}

func pollPath(extra string) func(id string, ack int) string {
	return func(id string, ack int) string {
		path := "/j/" + id + "?" + extra
		if ack >= 0 {
			path += fmt.Sprintf("&a=%d", ack)
		}
		return path
	}
}

func parsePoll(body io.Reader, message func(wire.Frame), prefix, suffix string) (uint64, error) {
	script, err := io.ReadAll(body)
	if err != nil {
		return 0, err
	}
	object, begins := strings.CutPrefix(string(script), prefix)
	object, ends := strings.CutSuffix(object, suffix)
	if !begins || !ends {
		return 0, fmt.Errorf("not %s…%s: %.60s", prefix, suffix, script)
	}
	if strings.ContainsAny(object, "<\u2028\u2029") {
		return 0, fmt.Errorf("not escaped: %.60s", object)
	}
	var answer struct {
		OK       bool
		Seq      uint64
		Messages []struct {
			Type, Data, Reason string
			Code               wire.CloseCode
			WasClean           bool
		}
	}
	if err := json.Unmarshal([]byte(object), &answer); err != nil || !answer.OK {
		return 0, fmt.Errorf("%.60s: %w", object, err)
	}
	for _, m := range answer.Messages {
		switch m.Type {
		case "text":
			message(wire.Frame{Kind: wire.Text, Data: []byte(m.Data)})
		case "binary":
			data, err := base64.StdEncoding.DecodeString(m.Data)
			if err != nil {
				return 0, err
			}
			message(wire.Frame{Kind: wire.Binary, Data: data})
		case "close":
			if m.WasClean == (m.Code == wire.CloseAbnormal) {
				return 0, fmt.Errorf("code %d with wasClean %v", m.Code, m.WasClean)
			}
			message(wire.Frame{Kind: wire.Close, Code: m.Code, Data: []byte(m.Reason)})
		}
	}
	return answer.Seq, nil
}

package transport_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

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

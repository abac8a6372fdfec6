package lossless

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An endless response is one that is read as it comes.
type endless struct {
	*bufio.Reader
	header http.Header
}

// stream reads an endless response. each reads one thing of it; io.EOF is an end where it may be.
func (in *inbox) stream(ctx context.Context, r request, each func(e *endless) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(in.conn.o.Patience, func() { cancel(fmt.Errorf("%s?%s is silent", r.path, r.query.Encode())) })
	defer silent.Stop()
	response, err := in.conn.open(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		a, err := in.conn.read(ctx, r, response)
		if err != nil {
			return err
		}
		return in.refused(r, a)
	}
	e := &endless{bufio.NewReader(response.Body), response.Header}
	for {
		silent.Reset(in.conn.o.Patience)
		switch err := each(e); {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errWrong):
			return err
		case errors.Is(err, errInside):
			return in.conn.broken(ctx, r.path, err)
		default:
			return in.conn.lost(ctx, err)
		}
	}
}

var (
	errWrong  = errors.New("against the protocol")
	errInside = errors.New("it ends inside a message")
)

// frames reads by /x.
func (in *inbox) frames(ctx context.Context, query url.Values) error {
	seq := uint64(0)
	return in.stream(ctx, request{path: "/x/", query: query}, func(e *endless) error {
		if seq == 0 {
			var err error
			if seq, err = strconv.ParseUint(e.header.Get("Polysocket-Seq"), 10, 64); err != nil {
				return fmt.Errorf("%w: /x: Polysocket-Seq: %w", errWrong, err)
			}
		}
		m, beat, err := readFrame(e.Reader)
		switch {
		case errors.Is(err, errFrame):
			return fmt.Errorf("%w: /x: %w", errWrong, err)
		case err != nil || beat:
			return err
		}
		if err := in.take(seq, m); err != nil {
			return fmt.Errorf("%w: /x: %w", errWrong, err)
		}
		seq++
		return nil
	})
}

// events reads by /e.
func (in *inbox) events(ctx context.Context, query url.Values) error {
	return in.stream(ctx, request{path: "/e/", query: query}, func(e *endless) error {
		var id uint64
		var data []byte
		for begun := false; ; begun = true {
			line, err := e.line(begun)
			if err != nil {
				return err
			}
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case line == "":
				return in.event(id, data)
			case name == "": // a comment
			case name == "id":
				if id, err = strconv.ParseUint(value, 10, 64); err != nil {
					return fmt.Errorf("%w: /e: %q", errWrong, line)
				}
			case name == "data" && data == nil:
				data = []byte(value)
			default:
				return fmt.Errorf("%w: /e: %.100q", errWrong, line)
			}
		}
	})
}

func (in *inbox) event(id uint64, data []byte) error {
	if data == nil && id == 0 {
		return nil // what stood there was a comment
	}
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("%w: /e: %.100q: %w", errWrong, data, err)
	}
	if (e.Type == heartbeat) != (id == 0) {
		return fmt.Errorf("%w: /e: event %d is a %s", errWrong, id, e.Type)
	}
	if err := in.takeAll(id, []encoded{e}); err != nil {
		return fmt.Errorf("%w: /e: %w", errWrong, err)
	}
	return nil
}

// line reads a line. Its end is missing only where the response was cut.
func (e *endless) line(inside bool) (string, error) {
	line, err := e.ReadString('\n')
	switch {
	case err == nil:
		return strings.TrimSuffix(line, "\n"), nil
	case errors.Is(err, io.EOF) && (inside || line != ""):
		return "", errInside
	default:
		return "", err
	}
}

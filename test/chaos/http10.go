package chaos

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// HTTP10 speaks HTTP/1.0 to the server, with a connection for each request, as nginx does where nobody told it better:
// a request is read to its end before it is passed on, Upgrade is dropped, and a response of unknown length ends with
// the server's connection, so that one that was cut looks complete. The client is answered in HTTP/1.1, as it comes.
type HTTP10 struct{}

// Serve implements Fault.
func (HTTP10) Serve(ctx context.Context, client Conn, dial Dial) {
	for from := bufio.NewReader(client); ; {
		request, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		if request.Header.Get("Expect") == "100-continue" {
			if as(client, []byte("HTTP/1.1 100 Continue\r\n\r\n")) != nil {
				return
			}
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		server, err := dial(ctx)
		if err != nil {
			client.Abort()
			return
		}
		// Whether another request follows, or the client has hung up.
		next := make(chan bool, 1)
		go func() {
			_, err := from.Peek(1)
			if err != nil {
				server.Close()
			}
			next <- err == nil
		}()
		if err := downgraded(client, server, request, body); err != nil {
			client.Abort()
		} else if request.Close {
			client.Close()
		}
		server.Close()
		if !<-next {
			return
		}
	}
}

// downgraded passes on one request and its response.
func downgraded(client, server Conn, request *http.Request, body []byte) error {
	var sent bytes.Buffer
	fmt.Fprintf(&sent, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n", request.Method, request.RequestURI, request.Host)
	if len(body) > 0 || request.ContentLength > 0 || request.Method == http.MethodPost {
		fmt.Fprintf(&sent, "Content-Length: %d\r\n", len(body))
	}
	for _, hop := range []string{"Connection", "Keep-Alive", "Upgrade", "Expect", "Te", "Content-Length"} {
		request.Header.Del(hop)
	}
	if err := request.Header.Write(&sent); err != nil {
		return err
	}
	sent.WriteString("\r\n")
	sent.Write(body)
	if err := as(server, sent.Bytes()); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(server), request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	response.Proto, response.ProtoMajor, response.ProtoMinor = "HTTP/1.1", 1, 1
	response.Close = request.Close
	if response.ContentLength < 0 && request.Close {
		return response.Write(client)
	}
	if response.ContentLength < 0 {
		response.TransferEncoding = []string{"chunked"}
	}
	return response.Write(client)
}

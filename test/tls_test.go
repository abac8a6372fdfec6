package test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/ca"
)

// A target with a certificate of a private CA opens where --target-ca names that
// CA, and nowhere else; neither does one with another's name.
func TestTargetCA(t *testing.T) {
	t.Parallel()
	private := ca.New(t)
	cert, key := private.Issue(t, "localhost")
	_, url := ws(t, "--cert", cert, "--key", key)
	url = strings.Replace(url, "ws://127.0.0.1", "wss://localhost", 1)

	s := dev(t, "--target-ca="+private.File).open(url)
	data := noise(1 << 20)
	s.send("b", data)
	if got := s.bytes(); string(got) != string(data) {
		t.Error("other bytes came back")
	}
	s.close(1000, "")
	s.ends(1000, "", true)

	for name, server := range map[string]*server{"no CA": dev(t), "another CA": dev(t, "--target-ca="+ca.New(t).File)} {
		if a := server.create(url, nil); a.status != http.StatusBadGateway || a.OK {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	byAddress := strings.Replace(url, "localhost", "127.0.0.1", 1)
	if a := dev(t, "--target-ca="+private.File).create(byAddress, nil); a.status != http.StatusBadGateway || a.OK {
		t.Errorf("another name: got %d %s", a.status, a.body)
	}
}

// With a certificate of its own dev serves https, and HTTP/2.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	private := ca.New(t)
	cert, key := private.Issue(t, "localhost", "127.0.0.1")
	_, target := ws(t)
	server := dev(t, "--tls-cert="+cert, "--tls-key="+key)
	if !strings.HasPrefix(server.base, "https://") {
		t.Fatalf("the base is %s", server.base)
	}
	roots := x509.NewCertPool()
	roots.AddCert(private.Cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	server.http.Transport = transport

	response, err := server.http.Get(server.base + "/relay?host=x")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Errorf("it speaks %s", response.Proto)
	}
	// And what is older, which offers nothing newer in its handshake.
	for _, version := range []string{"--http1.0", "--http1.1"} {
		if out := shell(t, "curl -s --fail "+version+" --cacert "+private.File+" '"+server.base+"/relay?host=x'"); !strings.Contains(out, "alive") {
			t.Errorf("curl %s got %q", version, out)
		}
	}
	created := server.create(target, nil)
	created.is(t, http.StatusOK, "")
	s := &socket{server: server, id: created.Socket}
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
}

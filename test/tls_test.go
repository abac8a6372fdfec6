package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A target with a certificate of a private CA opens where --target-ca names that
// CA, and nowhere else; neither does one with another's name.
func TestTargetCA(t *testing.T) {
	t.Parallel()
	private := newCA(t)
	cert, key := private.issue(t, "localhost")
	_, url := ws(t, "--cert", cert, "--key", key)
	url = strings.Replace(url, "ws://127.0.0.1", "wss://localhost", 1)

	s := dev(t, "--target-ca="+private.file).open(url)
	data := noise(1 << 20)
	s.send("b", data)
	if got := s.bytes(); string(got) != string(data) {
		t.Error("other bytes came back")
	}
	s.close(1000, "")
	s.ends(1000, "", true)

	for name, server := range map[string]*server{"no CA": dev(t), "another CA": dev(t, "--target-ca="+newCA(t).file)} {
		if a := server.create(url, nil); a.status != http.StatusBadGateway || a.OK {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	byAddress := strings.Replace(url, "localhost", "127.0.0.1", 1)
	if a := dev(t, "--target-ca="+private.file).create(byAddress, nil); a.status != http.StatusBadGateway || a.OK {
		t.Errorf("another name: got %d %s", a.status, a.body)
	}
}

// With a certificate of its own dev serves https, and HTTP/2.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	private := newCA(t)
	cert, key := private.issue(t, "localhost", "127.0.0.1")
	_, target := ws(t)
	server := dev(t, "--tls-cert="+cert, "--tls-key="+key)
	if !strings.HasPrefix(server.base, "https://") {
		t.Fatalf("the base is %s", server.base)
	}
	roots := x509.NewCertPool()
	roots.AddCert(private.cert)
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
		if out := shell(t, "curl -s --fail "+version+" --cacert "+private.file+" '"+server.base+"/relay?host=x'"); !strings.Contains(out, "alive") {
			t.Errorf("curl %s got %q", version, out)
		}
	}
	created := server.create(target, nil)
	created.is(t, http.StatusOK, "")
	s := &socket{server: server, id: created.Socket}
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
}

// A ca is a certificate authority of a test.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate
}

func newCA(t *testing.T) ca {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a CA of a test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca{cert, key, writePEM(t, "CERTIFICATE", der)}
}

// issue makes a certificate for names and addresses, and returns the files of it
// and its key.
func (c ca) issue(t *testing.T, names ...string) (cert, key string) {
	t.Helper()
	own := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour)}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, own.Public(), c.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", private)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/ca"
	"github.com/polysocket/polysocket/test/process"
)

// A front is one of the reverse proxies that deploy/ has a file for, with routers and relays behind it. Clients reach all
// by their names.
type front struct {
	*cluster
	redis         *redistest.Server
	plain, secure string // the addresses of http and https
	roots         *x509.CertPool
	hosts         sync.Map // the host by a socket
}

// A box starts the program, with the file for it, to listen on two addresses.
type box func(t *testing.T, dir, file, plain, secure string)

// startFront starts a front, and what stands behind it: all of it, or one host.
func startFront(t *testing.T, path string, start box, one bool) *front {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{})
	o := setup{
		redis: redis.URL(), names: []string{"ws.example.com"}, one: one,
		hosts: []string{"tom.example.com", "dick.example.com", "harry.example.com"}, flags: []string{"--grace=5s"},
	}
	if one {
		o.hosts = o.names
	}
	c := startCluster(t, o)
	private := ca.New(t)
	cert, key := private.Issue(t, "ws.example.com", "tom.example.com", "*.tom.example.com", "dick.example.com", "*.dick.example.com",
		"harry.example.com", "*.harry.example.com")
	f := &front{cluster: c, redis: redis, plain: process.FreeAddr(t), secure: process.FreeAddr(t), roots: x509.NewCertPool()}
	f.roots.AddCert(private.Cert)
	file, err := os.ReadFile(filepath.Join("../../deploy", path))
	if err != nil {
		t.Fatal(err)
	}
	// What the file says, but for where things are.
	places := []string{
		"/etc/polysocket/tls/cert.pem", cert, "/etc/polysocket/tls/key.pem", key,
		"listen 80;", "listen " + f.plain + ";", "listen 443 ", "listen " + f.secure + " ",
	}
	for i, n := range c.routers {
		places = append(places, fmt.Sprintf("192.0.2.%d:8080", 1+i), n.addr, "127.0.0.1:8080", n.addr)
	}
	for i, n := range c.relays {
		places = append(places, fmt.Sprintf("192.0.2.%d:9001", 11+i), n.addr, "127.0.0.1:9001", n.addr)
	}
	filled := strings.NewReplacer(places...).Replace(string(file))
	start(t, t.TempDir(), filled, f.plain, f.secure)
	for _, n := range c.routers {
		n.host = "ws.example.com"
	}
	return f
}

// nginx starts nginx, with the file where /etc/nginx/conf.d would be.
func nginx(t *testing.T, dir, file, plain, secure string) {
	t.Helper()
	write(t, filepath.Join(dir, "polysocket.conf"), file)
	config := filepath.Join(dir, "nginx.conf")
	write(t, config, strings.ReplaceAll(`
daemon off;
master_process off;
pid @/nginx.pid;
events {}
http {
	access_log off;
	client_body_temp_path @/body;
	proxy_temp_path @/proxy;
	fastcgi_temp_path @/fastcgi;
	uwsgi_temp_path @/uwsgi;
	scgi_temp_path @/scgi;
	include @/polysocket.conf;
}
`, "@", dir))
	p := process.Start(t, "nginx", "-e", "stderr", "-c", config)
	p.Listens(plain)
	p.Listens(secure)
}

// caddy starts Caddy.
func caddy(t *testing.T, dir, file, plain, secure string) {
	t.Helper()
	host, plainPort, _ := strings.Cut(plain, ":")
	_, securePort, _ := strings.Cut(secure, ":")
	config := filepath.Join(dir, "Caddyfile")
	write(t, config, "{\n\tadmin off\n\tdefault_bind "+host+"\n\thttp_port "+plainPort+"\n\thttps_port "+securePort+
		"\n\tstorage file_system "+dir+"\n}\n"+file)
	p := process.Start(t, "env", "XDG_CONFIG_HOME="+dir, "caddy", "run", "--config", config, "--adapter", "caddyfile")
	p.Listens(secure)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// by has clients use a scheme, and a version of HTTP where it is https.
func (f *front) by(t *testing.T, scheme string, two bool) {
	t.Helper()
	transport := &http.Transport{
		MaxIdleConnsPerHost: 8, TLSClientConfig: &tls.Config{RootCAs: f.roots}, ForceAttemptHTTP2: two,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to := f.plain
			if strings.HasSuffix(addr, ":443") {
				to = f.secure
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	f.scheme, f.http = scheme, &http.Client{Transport: transport}
}

package main

import (
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// While answers are under way, and until they are out, others are answered too: who
// looks whether the process lives sees it live until its end.
func TestShutdown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := newWeb(l, nil)
	begun, let := make(chan struct{}), make(chan struct{})
	w.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-let
		}
	}), slog.New(slog.DiscardHandler))
	silent, err := net.Dial("tcp", l.Addr().String()) // as browsers have them in store
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	get := func(path string) error {
		c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
		r, err := c.Get(w.base() + path)
		if err == nil {
			r.Body.Close()
		}
		return err
	}
	slow, ended := make(chan error, 1), make(chan error, 1)
	go func() { slow <- get("/slow") }()
	<-begun
	go func() { ended <- w.shutdown() }()
	for start := time.Now(); time.Since(start) < shutdownTime/6; {
		if err := get("/healthz"); err != nil {
			t.Fatalf("before it has ended: %v", err)
		}
	}
	close(let)
	if err := <-slow; err != nil {
		t.Errorf("under way when it was to end: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := get("/healthz"); err == nil {
		t.Error("it has ended, and answers")
	}
}

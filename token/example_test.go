package token_test

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/polysocket/polysocket/token"
)

// secret stands for what the server's configuration has for the key acme.
var secret = []byte("0123456789abcdef0123456789abcdef")

func Example() {
	key, err := token.Secret("acme", secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The page asks its own server, which knows who is logged in, for a token.
	http.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		text, err := key.Mint(token.Claims{
			Subject: "user 42",
			Targets: []string{"wss://ws.example.com/users/42/*"},
			Limit:   3,
		})
		if err != nil {
			http.Error(w, "no token", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, text)
	})
}

func ExampleSecret() {
	key, err := token.Secret("acme", secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := key.Mint(token.Claims{Targets: []string{"wss://ws.example.com/*"}, TTL: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Count(text, "."))
	// Output: 2
}

func ExamplePrivate() {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := token.Private("acme", private)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := key.Mint(token.Claims{AllTargets: true})
	fmt.Println(text != "", err)
	// Output: true <nil>
}

func ExampleKey_Mint_refused() {
	key, err := token.Secret("acme", secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = key.Mint(token.Claims{Targets: []string{"wss://ws.example.com/chat?room=7"}})
	fmt.Println(err)
	_, err = key.Mint(token.Claims{})
	fmt.Println(err)
	// Output:
	// token: target pattern "wss://ws.example.com/chat?room=7": it has a query or a fragment: leave it out, a target's query is free
	// token: there are no targets, so that nothing could be opened: list some, or say AllTargets
}

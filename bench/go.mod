module github.com/polysocket/polysocket/bench

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/igm/sockjs-go/v3 v3.0.3
	github.com/polysocket/polysocket v0.0.0
)

require (
	code.dny.dev/ssrf v0.3.0 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/gorilla/websocket v1.4.2 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/polysocket/polysocket => ../

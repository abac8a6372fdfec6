package arch

const module = "github.com/polysocket/polysocket"

// A room is a package of ours: what it may import besides the standard library,
// and why that is so. A name stands for a package of ours by its path in the
// module, and for a foreign package by its import path.
type room struct {
	imports []string
	tests   []string // what its tests may import besides
	why     string
}

// rooms has a row for every package. To add a package is to add a row.
var rooms = map[string]room{
	"internal/wire": {
		imports: []string{"github.com/gobwas/ws", "golang.org/x/net/idna"},
		why:     "wire is what all the others speak: pure, fuzzed, and at the bottom, so it imports nothing of ours",
	},
	"internal/endpoint": {
		imports: []string{"internal/wire"},
		why:     "endpoint is what router and transport have in common: the manners of an endpoint, and no knowledge of sockets",
	},
	"internal/budget": {
		why: "budget counts what is held in memory, whatever it is and whoever holds it",
	},
	"internal/session": {
		imports: []string{"internal/budget", "internal/wire"},
		why:     "session is the heart and knows no HTTP, no bus and no WebSocket library: carriers and upstreams come to it by its own interfaces",
	},
	"internal/outbox": {
		imports: []string{"internal/budget"},
		why:     "outbox writes without blocking, whatever is written and to whom",
	},
	"internal/poller": {
		imports: []string{"golang.org/x/sys/unix"},
		why:     "poller is the only one that knows epoll, and nothing else",
	},
	"internal/parking": {
		imports: []string{"internal/budget", "internal/outbox", "internal/poller", "golang.org/x/sys/unix"},
		why:     "parking keeps connections of HTTP/1.x, and knows no more of what is said on them than where an answer ends",
	},
	"internal/upstream": {
		imports: []string{"internal/budget", "internal/outbox", "internal/wire", "github.com/gobwas/ws", "code.dny.dev/ssrf", "golang.org/x/net/http/httpguts"},
		tests:   []string{"test/nameserver"}, // one that lies
		why:     "upstream is the only one that dials targets, with the guard and the WebSocket library, and knows nobody who uses it",
	},
	"internal/transport": {
		imports: []string{"internal/budget", "internal/endpoint", "internal/parking", "internal/session", "internal/wire"},
		tests:   []string{"internal/transport/transporttest", "github.com/gobwas/ws"},
		why:     "transport carries a session's messages over HTTP; where the session comes from, and what its upstream is, it does not know",
	},
	"internal/transport/transporttest": {
		imports: []string{
			"internal/endpoint", "internal/session", "internal/transport", "internal/wire", "github.com/google/go-cmp/cmp",
		},
		why: "transporttest is the suite that every carrier passes, by a session and HTTP alone",
	},
	"internal/relay": {
		imports: []string{"internal/budget", "internal/bus", "internal/session", "internal/transport", "internal/upstream", "internal/wire"},
		tests:   []string{"internal/bus/membus"},
		why:     "relay holds sockets; it meets the router on the bus alone, whichever bus that is, and leaves who may call to auth",
	},
	"internal/bus": {
		imports: []string{"internal/wire"},
		why:     "bus is what router and relay say to each other, so it knows neither",
	},
	"internal/bus/membus": {
		imports: []string{"internal/bus"},
		tests:   []string{"internal/bus/bustest"},
		why:     "membus is one way to be a bus, and nothing else",
	},
	"internal/bus/redisbus": {
		imports: []string{"internal/bus", "internal/wire", "github.com/redis/rueidis"},
		tests:   []string{"internal/bus/bustest", "internal/bus/redisbus/redistest", "github.com/alicebob/miniredis/v2"},
		why:     "redisbus is one way to be a bus, and the only one that knows Redis: rueidis pipelines by itself and knows Sentinel and Cluster",
	},
	"internal/bus/redisbus/redistest": {
		why: "redistest starts real redis-servers for any test, so it knows nothing of ours",
	},
	"internal/bus/bustest": {
		imports: []string{"internal/bus", "internal/wire", "github.com/google/go-cmp/cmp", "github.com/google/go-cmp/cmp/cmpopts"},
		why:     "bustest is the suite that every bus passes, so it knows the interface alone",
	},
	"internal/router": {
		imports: []string{"internal/auth", "internal/bus", "internal/endpoint", "internal/wire", "golang.org/x/net/http/httpguts"},
		tests:   []string{"internal/bus/membus"},
		why:     "router admits and holds no socket; it meets the relay on the bus alone, so that the two may be on two machines",
	},
	"internal/auth": {
		imports: []string{"internal/endpoint", "internal/wire", "github.com/golang-jwt/jwt/v5"},
		why:     "auth decides from who calls and what they want, and opens and fetches nothing itself",
	},
	"internal/keyring": {
		imports: []string{"internal/auth", "internal/bus", "internal/wire"},
		tests:   []string{"internal/bus/membus", "token"},
		why:     "keyring is which keys hold now, of the configuration and of the bus: auth has none that change, and the router is not to know where they come from",
	},
	"internal/auth/jwks": {
		imports: []string{"internal/auth", "github.com/MicahParks/jwkset"},
		tests:   []string{"internal/wire", "token"},
		why:     "jwks fetches the key sets of others, so that auth need not know what HTTP is; it dials what an operator wrote, and never a target",
	},
	"token": {
		imports: []string{"internal/auth", "github.com/golang-jwt/jwt/v5"},
		tests:   []string{"internal/wire"},
		why:     "token is for the servers of others: it makes what auth takes, and has auth say what that is",
	},
	"internal/config": {
		imports: []string{
			"internal/auth",      // customers' keys are its records, and it says what is wrong with them
			"go.yaml.in/yaml/v4", // YAML's own organisation keeps it; a node, and an error, has its line, which koanf's maps have lost
			"github.com/agnivade/levenshtein",
		},
		why: "config turns what was read elsewhere into settings or into faults with their lines; it reads nothing itself, and no room is given all of it",
	},
	"internal/arch": {
		why: "arch reads sources and is no part of the program",
	},
	"server": {
		imports: []string{
			"internal/auth", "internal/bus/membus", "internal/endpoint", "internal/relay",
			"internal/router", "internal/session", "internal/upstream", "js",
		},
		tests: []string{"conformance"},
		why:   "server is where the rooms are joined for one process; it does nothing else",
	},
	"js": {
		imports: []string{"internal/endpoint"},
		why:     "js is the browser client as files to serve, with the manners of an endpoint; what they do is for browsers to know",
	},
	"cmd/polysocket": {
		imports: []string{
			"internal/auth", "internal/auth/jwks", "internal/bus", "internal/bus/redisbus", "internal/config", "internal/endpoint", "internal/keyring", "internal/relay", "internal/router",
			"internal/session", "internal/upstream", "internal/wire", "token", "js", "server", "github.com/alecthomas/kong", "github.com/coder/websocket",
			"github.com/KimMachineGun/automemlimit/memlimit", // the memory that a container or a service has
		},
		tests: []string{"conformance"},
		why:   "cmd reads flags, environment and files, which nobody else does, and leaves the work to server, or for one role to router or relay on redisbus; coder/websocket is for the targets of dev",
	},
	"conformance": {
		imports: []string{"conformance/target", "github.com/google/go-cmp/cmp"},
		tests:   []string{"server", "internal/endpoint"},
		why:     "conformance is black-box: it knows docs/protocol.md and no insides, so that anyone can hold a server to it",
	},
	"conformance/target": {
		imports: []string{"github.com/coder/websocket"},
		why:     "the suite's target is rude on purpose, and nothing that the suite tests has a part in it",
	},
	"test": {
		tests: []string{
			"internal/bus/redisbus/redistest", "test/chaos", "test/history", "test/lossless", "test/nameserver", "test/process", "test/ca", "token",
			"golang.org/x/net/http2", "golang.org/x/net/http2/hpack", // frames that no client sends
		},
		why: "test starts the real binary, so it needs none of its insides; token is for whoever makes tokens, and redistest starts the real Redis that goes with it",
	},
	"test/nameserver": {
		imports: []string{"github.com/miekg/dns"},
		why:     "nameserver lies about names, to whoever tests what then happens",
	},
	"test/cluster": {
		tests: []string{
			"internal/bus", "internal/bus/redisbus", "internal/bus/redisbus/redistest", "test/chaos", "test/ca", "test/history", "test/lossless", "test/process",
			"golang.org/x/sys/unix",
		},
		why: "cluster breaks real processes and watches the others; it needs the bus alone, for leases, of which nothing can be seen from outside, " +
			"and unix to confine processes as systemd does",
	},
	"test/ca": {
		why: "ca makes certificates for those tests that need some, and knows nobody who uses them",
	},
	"test/process": {
		why: "process runs programs for those tests that start the real binary, and what it has to do with, without a word on what they are",
	},
	"test/chaos": {
		why: "chaos puts faults between any client and any server, and knows TCP and HTTP/1.1 alone",
	},
	"test/lossless": {
		why: "lossless is a client written from docs/protocol.md alone: it is to misunderstand nothing in the way that the server does",
	},
	"test/history": {
		imports: []string{"test/lossless", "github.com/coder/websocket"},
		why:     "history holds what arrives to what was sent, at lossless and at a WebSocket server of others",
	},
	"test/chaos/proxy": {
		imports: []string{"test/chaos"},
		why:     "proxy is chaos as a command, for tests that are not written in Go",
	},
}

// testTools may be imported by every test.
var testTools = []string{
	"github.com/coder/websocket", // the second opinion on RFC 6455
	"conformance/target",         // a target that does as it is told
	"github.com/google/go-cmp/cmp",
	"github.com/google/go-cmp/cmp/cmpopts",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

// A use is something of the standard library that not all may use. Names are
// those of the package that matter, with * at the end for all that begin so;
// without names it is the import itself.
type use struct {
	of       string // the package's import path
	names    []string
	in       []string // the rooms that may
	inTests  bool     // every test may
	testMain bool     // a TestMain may
	why      string
}

var uses = []use{
	{
		of: "os", names: []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Args"}, in: []string{"cmd/polysocket", "test/chaos/proxy"}, testMain: true,
		why: "the environment and the command line are read in cmd alone: everybody else is told what they need",
	},
	{
		of: "flag", in: []string{"cmd/polysocket", "conformance", "test", "test/chaos/proxy"}, testMain: true,
		why: "flags are read in cmd alone: everybody else is told what they need; conformance asks where the server is, test for the seed of its chaos, and proxy is a command too",
	},
	{
		of: "os", names: []string{"Exit"}, in: []string{"cmd/polysocket", "test/chaos/proxy"}, testMain: true,
		why: "nobody but cmd ends the process, and a test's own command: return the error",
	},
	{
		of: "log", names: []string{"Fatal*", "Panic*"}, in: nil, testMain: true,
		why: "nobody but cmd ends the process, and it says why by itself: return the error",
	},
	{
		of: "log/slog", names: []string{"Default", "SetDefault", "Debug*", "Info*", "Warn*", "Error*"}, in: nil,
		why: "there is no global state: log to the *slog.Logger that you were given",
	},
	{
		of: "net", names: []string{"Dial*"}, in: []string{"internal/upstream", "internal/bus/redisbus", "internal/transport/transporttest", "conformance", "test/chaos", "test/nameserver", "test/process"}, inTests: true,
		why: "upstream is the only one that dials what others name, with the guard; redisbus dials Redis, the suites dial the server they test, chaos stands before it, process waits for it, and nameserver's resolver asks it",
	},
	{
		of: "crypto/tls", names: []string{"Dial*", "Client"}, in: []string{"internal/upstream", "internal/bus/redisbus", "conformance"}, inTests: true,
		why: "upstream is the only one that dials what others name, with the guard; redisbus dials Redis, and the suites dial the server they test",
	},
	{
		of: "net/http", names: []string{"Client", "DefaultClient", "DefaultTransport", "Transport", "Get", "Head", "Post", "PostForm"},
		in: []string{"conformance", "internal/auth/jwks", "internal/transport/transporttest", "test/lossless"}, inTests: true,
		why: "nobody here is a client of HTTP but the suites, lossless, and jwks, for URLs that an operator wrote: upstream alone dials targets, with the guard",
	},
	{
		of: "net/http",
		in: []string{
			"internal/wire", // for the names of the statuses
			"internal/endpoint", "internal/parking", "internal/transport", "internal/transport/transporttest", "internal/relay", "internal/router",
			"internal/upstream",  // for the handshake's answer
			"internal/auth/jwks", // for key sets
			"server", "js", "cmd/polysocket", "conformance", "conformance/target",
			"test/chaos", // for the faults of middleboxes
			"test/lossless", "test/history",
		},
		inTests: true,
		why:     "a session, a bus and a policy do not know what HTTP is",
	},
	{
		of: "testing", in: []string{
			"internal/bus/bustest", "internal/bus/redisbus/redistest", "internal/transport/transporttest", "conformance", "conformance/target", "test/ca", "test/nameserver", "test/process",
		}, inTests: true,
		why: "only the suites, and what runs programs for tests, are made of tests outside of test files",
	},
}

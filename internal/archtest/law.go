// The law: every package pattern of the module with its floor, what it may import, and why not the
// rest. Arrows run down; whatever a clause does not name is forbidden.

package archtest

// Module is the module that the law is about.
const Module = "github.com/vechehq/veche"

// clause is the law for the packages that match a pattern.
type clause struct {
	pkg   string   // path below the module, "." for the root; a last * stands for one path element
	floor int      // 1 is the ground
	may   []string // patterns of the module's packages that it may import; a last = stands for its own last element
	takes []string // modules and packages of others that it may import, with what is below them
	never []edge   // edges worth a reason of their own; those of the standard library count here only
	rest  string   // why anything else of the module or of others is forbidden
}

// edge is a forbidden import and its reason.
type edge struct {
	to  string // a pattern like clause.pkg, or the path of a standard package with what is below it
	why string
}

// law is read from the ground up. The first clause that matches a package is its law.
var law = []clause{
	{
		pkg: "ws/internal/flate", floor: 1,
		rest: "a codec is pure: bytes in, bytes out, the standard library beneath it",
	},
	{
		pkg: "ws/internal/simd", floor: 1,
		takes: []string{"golang.org/x/sys/cpu"}, // which instructions there are
		rest:  "what is done to every byte knows nothing but bytes",
	},
	{
		pkg: "ws", floor: 2,
		may:   []string{"internal/tidy"}, // one count for the whole process; it stands on nothing
		takes: []string{"golang.org/x/sys"},
		never: []edge{
			{"hub", "the engine carries bytes for any Go program; rooms are one use of it"},
			{"transport", "the pipe is built on the engine, not the other way round"},
		},
		rest: "whoever takes the WebSocket engine takes nothing else with it",
	},
	{
		pkg: "wire/*", floor: 1,
		never: []edge{
			{"wire/*", "each protocol is one idea; what two share belongs to neither"},
			{"hub", "a codec turns bytes into values of its own; what they mean to a room is the gateway's"},
			{"net", "a codec never touches a socket"},
			{"os", "a codec never touches a file"},
		},
		rest: "a codec is pure: bytes in, values out, the standard library beneath it",
	},
	{
		pkg: "hub", floor: 1,
		never: []edge{
			{"ws", "the domain does not know how a message travels"},
			{"transport", "the domain does not know how a message travels"},
			{"wire/*", "the domain does not know how a message is spelled"},
			{"gateway/*", "gateways call the hub; the hub only wakes a Sink"},
			{"store/*", "the domain states what it needs as hub.Store; drivers come to it"},
			{"bus/*", "the domain states what it needs as hub.Bus; drivers come to it"},
			{"auth", "the domain asks an Authorizer; who that is it does not know"},
			{"net", "the domain has no sockets"},
			{"database/sql", "the domain has no database"},
			{"os", "the domain has no files"},
		},
		rest: "everything stands on the domain, so it stands on the standard library alone",
	},
	{
		pkg: "web", floor: 1,
		never: []edge{
			{"hub", "the page is files; it reaches rooms through the same doors as everybody"},
		},
		rest: "the page is embedded files and their headers",
	},
	{
		pkg: "client", floor: 3,
		may: []string{"ws", "wire/native"},
		never: []edge{
			{"hub", "a client knows the server by its protocol only"},
			{"gateway/*", "a client knows the server by its protocol only"},
			{"transport", "the server's pipes are not the client's"},
		},
		rest: "a program that talks to a server takes the engine and the codec with it, and nothing of the server",
	},
	{
		pkg: "transport/engineio", floor: 4,
		may: []string{"transport", "wire/engineio"},
		never: []edge{
			{"ws", "its WebSockets are transport's"},
			{"hub", "a pipe carries messages without knowing rooms"},
			{"wire/socketio", "what the messages mean is for who is on the pipe's other end"},
		},
		rest: "Engine.IO is a pipe: polling, WebSocket, and the change from the one to the other",
	},
	{
		pkg: "transport", floor: 3,
		may: []string{"ws", "internal/tidy"},
		never: []edge{
			{"hub", "a pipe carries messages without knowing rooms; so it can carry any gateway"},
			{"wire/*", "a pipe does not read what it carries"},
			{"gateway/*", "a gateway is handed to a pipe as a Handler"},
		},
		rest: "a transport is a pipe over the engine or over net/http",
	},
	{
		pkg: "socketio", floor: 5,
		may: []string{"transport", "transport/engineio", "wire/socketio"},
		never: []edge{
			{"hub", "whoever wants a Socket.IO server takes no rooms that last with it; gateway/socketio is the bridge"},
			{"ws", "it speaks through a pipe"},
		},
		rest: "the library is namespaces and sockets over Engine.IO",
	},
	{
		pkg: "store/storetest", floor: 2,
		may:   []string{"hub"},
		takes: testTools,
		never: []edge{
			{"store/*", "the suite judges every driver alike, so it knows none"},
		},
		rest: "the suite stands on hub.Store and on test tools",
	},
	{
		pkg: "store/sqlite/faultdisk", floor: 2,
		takes: []string{"modernc.org/sqlite/lib", "modernc.org/libc"},
		never: []edge{
			{"store/sqlite", "the disk lies beneath the driver, which only knows its name"},
		},
		rest: "a disk knows bytes, not what is written with them",
	},
	{
		pkg: "store/sqlite", floor: 2,
		may:   []string{"hub"},
		takes: []string{"modernc.org/sqlite", "github.com/pressly/goose/v3"},
		never: []edge{
			{"store/*", "a driver never leans on another driver"},
			{"gateway/*", "a store keeps messages; who sent them over what is lost on it"},
		},
		rest: "a driver implements hub.Store over one database",
	},
	{
		pkg: "store/*", floor: 2,
		may: []string{"hub"},
		never: []edge{
			{"store/*", "a driver never leans on another driver"},
		},
		rest: "a driver implements hub.Store and knows the domain only",
	},
	{
		pkg: "bus/bustest", floor: 2,
		may:   []string{"hub"},
		takes: testTools,
		never: []edge{
			{"bus/*", "the suite judges every driver alike, so it knows none"},
		},
		rest: "the suite stands on hub.Bus and on test tools",
	},
	{
		pkg: "bus/*", floor: 2,
		may: []string{"hub"},
		never: []edge{
			{"bus/*", "a driver never leans on another driver"},
			{"store/*", "the bus only wakes; the log is the store's"},
		},
		rest: "a driver implements hub.Bus and knows the domain only",
	},
	{
		pkg: "auth", floor: 2,
		may:   []string{"hub"},
		takes: []string{"github.com/golang-jwt/jwt/v5"},
		never: []edge{
			{"store/*", "tokens prove themselves; whoever keeps accounts states an interface"},
			{"gateway/*", "gateways are handed users; they do not make them"},
		},
		rest: "auth says who comes and what they may do, in the domain's words",
	},
	{
		pkg: "gateway/line", floor: 4,
		may:   []string{"hub", "transport"},
		never: gatewayNever,
		rest:  "the line between a pipe and a session knows neither a protocol nor who is who",
	},
	{
		pkg: "gateway/objects", floor: 4,
		may:   []string{"hub", "wire/native"},
		never: gatewayNever,
		rest:  "values into values: what is sent, and how, is the gateways'",
	},
	{
		pkg: "gateway/raw", floor: 5,
		may: []string{
			"hub", "transport", "gateway/line",
			"wire/native", // without a protocol of its own: its welcome, its query and its close codes are native's
		},
		never: gatewayNever,
		rest:  gatewayRest,
	},
	{
		pkg: "gateway/socketio", floor: 6,
		may: []string{
			"hub", "transport", "gateway/line", "gateway/objects",
			"socketio",    // the bridge is a namespace of the library's
			"wire/native", // events have the native protocol's objects as arguments
		},
		never: gatewayNever,
		rest:  gatewayRest,
	},
	{
		pkg: "gateway/*", floor: 5,
		may:   []string{"hub", "transport", "gateway/line", "gateway/objects", "wire/="},
		never: gatewayNever,
		rest:  gatewayRest,
	},
	{
		pkg: ".", floor: 7,
		may: []string{
			"hub", "transport", "gateway/*", "web",
			"socketio", // its program may have namespaces of its own
			"store/sqlite", "store/memory", "bus/local",
			"auth", // the zero Config greets guests, so the front door knows how
		},
		never: []edge{
			{"store/storetest", "a suite does not ship"},
			{"bus/bustest", "a suite does not ship"},
			{"wire/*", "the front door routes; gateways spell"},
			{"cmd/*", "no arrow runs up"},
			{"modernc.org/sqlite", "the driver is behind store/sqlite"},
			{"golang.org/x/net", "HTTP/2 is behind internal/h2"},
			{"github.com/golang-jwt/jwt/v5", "tokens are behind auth"},
		},
		rest: "the root is the front door: it wires gateways to pipes and brings the embedded drivers",
	},
	{
		pkg: "internal/doors", floor: 3,
		may: []string{"ws", "wire/native", "wire/engineio", "wire/socketio"},
		never: []edge{
			{"client", "a client that mends what the network does would hide what the server did"},
			{"transport", "the server's pipes are not the client's"},
		},
		rest: "a client's half of a door stands on what strangers have: protocols and sockets",
	},
	{
		pkg: "load", floor: 4,
		may: []string{"ws", "wire/native", "internal/doors"},
		never: []edge{
			{"hub", "a load knows the server by its protocol only"},
			{"client", "ten thousand clients of one process share what they hear; a program's client has goroutines and queues of its own"},
			{"prove/*", "a load breaks nothing, and judges only what is cheap to judge"},
		},
		rest: "a crowd is clients and clocks: it talks to a server like everybody else",
	},
	{
		pkg: "cmd/*", floor: 8,
		may: []string{
			".", "hub", "auth", "store/*", "bus/*",
			"prove", "store/sqlite/faultdisk", // the command that proves, and the disk that it breaks
			"load", // a command of its own
		},
		takes: []string{"github.com/alecthomas/kong", "github.com/BurntSushi/toml"},
		never: []edge{
			{"gateway/*", "the binary is nothing more than a program that uses the library"},
			{"transport", "the binary is nothing more than a program that uses the library"},
			{"store/storetest", "a suite does not ship"},
			{"bus/bustest", "a suite does not ship"},
		},
		rest: "the command reads flags, picks drivers and starts a Server",
	},
	{
		pkg: "prove", floor: 4,
		may:   []string{"wire/native", "internal/doors"},
		takes: []string{"github.com/anishathalye/porcupine", "golang.org/x/sys"},
		never: []edge{
			{".", "it proves a server that is another process"},
			{"hub", "it knows the server by its doors only"},
			{"client", "a client that mends what the network does would hide what the server did"},
			{"store/sqlite", "it commands the disk by the server's standard input"},
		},
		rest: "a proof stands on what strangers have: protocols, sockets and what the system tells of a process",
	},
	{
		pkg: "prove/history", floor: 1,
		rest: "a judge of histories knows what clients saw, and no protocol by which they saw it",
	},
	{
		pkg: "prove/hostile", floor: 1,
		never: []edge{
			{"hub", "a network carries bytes without knowing what they mean"},
			{"wire/*", "a network carries bytes without knowing what they mean"},
		},
		rest: "a bad network is net/http and chance",
	},
	{
		pkg: "internal/h2", floor: 1,
		takes: []string{"golang.org/x/net/http2"},
		never: []edge{
			{"cmd/*", "no arrow runs up"},
		},
		rest: "it prepares an http.Server and knows nothing of what that serves",
	},
	{
		pkg: "internal/*", floor: 1,
		never: []edge{
			{"cmd/*", "no arrow runs up"},
		},
		rest: "what everybody may use leans on nobody",
	},
}

// gatewayNever and gatewayRest are the same for every gateway.
var gatewayNever = []edge{
	{"gateway/*", "every protocol reaches a room by itself; two gateways share the hub and the line to it, nothing else"},
	{"store/*", "a gateway reads the log through its session, where the Authorizer stands"},
	{"bus/*", "other nodes are the hub's business"},
	{"ws", "a gateway speaks through a pipe, so that it runs over any transport"},
	{"auth", "a gateway is handed a function that knows users, so that a program may bring its own"},
	{"net/http", "a gateway speaks through a pipe; requests are the root's"},
}

const gatewayRest = "a gateway translates between its own wire and the hub"

// testTools is what tests may import beyond what their package may.
var testTools = []string{
	"github.com/google/go-cmp",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

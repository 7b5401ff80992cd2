package ws

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Accept answers the opening handshake of RFC 6455, section 4.2, and takes the connection over from
// net/http or a [Door], or the stream if the request came over HTTP/2 as an extended CONNECT (RFC 8441). A nil o
// means the zero AcceptOptions. Headers that were already set on w, such as cookies, go out with the
// answer.
//
// Over HTTP/2 the connection ends when the handler returns; so Start, called in it, returns at the
// connection's end. The pull form, which reads in the handler, has nothing to mind but that no other
// goroutine uses the connection after Close or CloseNow there.
//
// net/http takes such requests only if the process was started with http2xconnect=1 in the
// environment's GODEBUG.
//
// If the request is refused, Accept writes the refusal and returns a *HandshakeError with its status;
// the handler has nothing left to do:
//
//	400  a header is missing, doubled or malformed, or the request has a body
//	403  the Origin is not allowed
//	405  the method is not GET
//	426  not an upgrade to WebSocket, or not its version 13 (over HTTP/2, which has no upgrades: 400)
//	431  the header is above MaxHandshake
//	500  the server cannot hand over the connection, or an option is wrong
//	501  an extended CONNECT for another protocol
//	505  neither HTTP/1.1 nor an extended CONNECT of HTTP/2
func Accept(w http.ResponseWriter, r *http.Request, o *AcceptOptions) (*Conn, error) {
	if o == nil {
		o = &AcceptOptions{}
	}
	a, refusal := negotiate(r, o)
	if refusal != nil {
		refuse(w, refusal)
		return nil, refusal
	}
	if extendedConnect(r) {
		return a.open(w, r, o)
	}
	nc, early, err := takeOver(w)
	if err != nil {
		return nil, refuseToHandOver(w, err)
	}
	if err := a.write(nc, w.Header(), o); err != nil {
		_ = nc.Close()
		return nil, &HandshakeError{By: Client, Text: "connection lost", wrapped: err}
	}
	return newServed(nc, a.protocol, o.Options, a.deflate, early), nil
}

// answer is what a server says to a good request.
type answer struct {
	key        string // none over HTTP/2
	protocol   string
	deflate    *deflateParams
	extensions string
}

// negotiate checks the request and chooses. It writes nothing.
func negotiate(r *http.Request, o *AcceptOptions) (*answer, *HandshakeError) {
	if refusal := checkRequest(r, o); refusal != nil {
		return nil, refusal
	}
	a := &answer{}
	var refusal *HandshakeError
	if !extendedConnect(r) {
		if a.key, refusal = requestKey(r); refusal != nil {
			return nil, refusal
		}
	}
	if a.protocol, refusal = chooseProtocol(r, o); refusal != nil {
		return nil, refusal
	}
	offers, ok := parseExtensions(r.Header[headerExtensions])
	if !ok {
		return nil, refused(http.StatusBadRequest, "Sec-WebSocket-Extensions is malformed")
	}
	a.deflate, a.extensions = acceptDeflate(offers, &o.Options)
	return a, nil
}

func checkRequest(r *http.Request, o *AcceptOptions) *HandshakeError {
	check := checkUpgrade
	if extendedConnect(r) {
		check = checkConnect
	}
	if refusal := check(r); refusal != nil {
		return refusal
	}
	maxHeader := o.MaxHandshake
	orDefault(&maxHeader, defaultMaxHandshake)
	if headerBytes(r.Header)+len(r.RequestURI) > maxHeader {
		return refused(http.StatusRequestHeaderFieldsTooLarge,
			fmt.Sprintf("the request header is above %d bytes", maxHeader))
	}
	return checkOrigin(r, o)
}

// checkUpgrade is for HTTP/1.1.
func checkUpgrade(r *http.Request) *HandshakeError {
	switch {
	case r.Method != http.MethodGet:
		return refused(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET request")
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return refused(http.StatusHTTPVersionNotSupported, "a WebSocket handshake needs HTTP/1.1 or an extended CONNECT, this is "+r.Method+" of "+r.Proto)
	case !hasToken(r.Header, "Upgrade", "websocket"):
		return refused(http.StatusUpgradeRequired, "this is a WebSocket endpoint: the Upgrade header must be websocket")
	case !hasToken(r.Header, "Connection", "upgrade"):
		return refused(http.StatusUpgradeRequired, "the Connection header must contain Upgrade")
	case !slices.Equal(r.Header[headerVersion], []string{version}):
		return refused(http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13")
	case r.Host == "":
		return refused(http.StatusBadRequest, "the Host header is missing")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return refused(http.StatusBadRequest, "a WebSocket handshake has no body")
	}
	return nil
}

func checkOrigin(r *http.Request, o *AcceptOptions) *HandshakeError {
	switch ok, err := OriginAllowed(r, o.OriginPatterns); {
	case err != nil:
		e := refused(http.StatusInternalServerError, "a pattern of allowed origins is malformed")
		e.By, e.wrapped = Server, err
		return e
	case !ok:
		return refused(http.StatusForbidden,
			fmt.Sprintf("the origin %s may not connect to %s", strconv.Quote(r.Header.Get("Origin")), r.Host))
	}
	return nil
}

func requestKey(r *http.Request) (string, *HandshakeError) {
	switch keys := r.Header[headerKey]; {
	case len(keys) == 0:
		return "", refused(http.StatusBadRequest, "Sec-WebSocket-Key is missing")
	case len(keys) > 1:
		return "", refused(http.StatusBadRequest, "Sec-WebSocket-Key must come once")
	case !validKey(keys[0]):
		return "", refused(http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
	default:
		return keys[0], nil
	}
}

func chooseProtocol(r *http.Request, o *AcceptOptions) (string, *HandshakeError) {
	offered, ok := parseProtocols(r.Header[headerProtocol])
	if !ok {
		return "", refused(http.StatusBadRequest, "Sec-WebSocket-Protocol must be a list of different tokens")
	}
	if o.SelectSubprotocol == nil {
		for _, p := range o.Subprotocols {
			if slices.Contains(offered, p) {
				return p, nil
			}
		}
		return "", nil
	}
	p := o.SelectSubprotocol(slices.Clone(offered))
	if p != "" && !slices.Contains(offered, p) {
		e := refused(http.StatusInternalServerError, "the server chose a subprotocol that was not offered")
		e.By = Server
		return "", e
	}
	return p, nil
}

func refused(status int, text string) *HandshakeError {
	return &HandshakeError{By: Client, Status: status, Text: text}
}

// refuse writes the refusal as plain text, with the headers that its status asks for.
func refuse(w http.ResponseWriter, e *HandshakeError) {
	switch e.Status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set(headerVersion, version)
	}
	maps.Copy(w.Header(), e.Header)
	http.Error(w, e.Text, e.Status)
}

// refuseToHandOver is for a server, or what is around it, that has no way to give the connection away.
func refuseToHandOver(w http.ResponseWriter, err error) *HandshakeError {
	refusal := &HandshakeError{By: Server, Status: http.StatusInternalServerError,
		Text: "the server cannot hand over the connection", wrapped: err}
	refuse(w, refusal)
	return refusal
}

// write sends the answer: RFC 6455, section 4.2.2.
func (a *answer) write(nc net.Conn, fromHandler http.Header, o *AcceptOptions) error {
	b := newBuffer()
	defer b.free()
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b.WriteString(acceptKey(a.key))
	b.WriteString("\r\n")
	if a.protocol != "" {
		b.WriteString("Sec-WebSocket-Protocol: " + a.protocol + "\r\n")
	}
	if a.extensions != "" {
		b.WriteString("Sec-WebSocket-Extensions: " + a.extensions + "\r\n")
	}
	for _, h := range []http.Header{fromHandler, o.Header} {
		if len(h) > 0 {
			_ = h.WriteSubset(b, ownHeaders) // writes to memory do not fail
		}
	}
	b.WriteString("\r\n")

	timeout := o.HandshakeTimeout
	orDefault(&timeout, 10*time.Second)
	_ = nc.SetDeadline(time.Now().Add(timeout))
	if _, err := nc.Write(b.b); err != nil {
		return err
	}
	return nc.SetDeadline(time.Time{})
}

// ownHeaders are for Accept alone to say.
var ownHeaders = map[string]bool{
	"Upgrade": true, "Connection": true, "Content-Length": true, "Transfer-Encoding": true,
	headerAccept: true, headerProtocol: true, headerExtensions: true,
}

package ws

import (
	"net/http"
	"slices"
	"time"
)

// headerConnect is where net/http keeps the pseudo-header of an extended CONNECT.
const headerConnect = ":protocol"

// extendedConnect reports whether r asks for a protocol inside of a stream: RFC 8441, section 4.
func extendedConnect(r *http.Request) bool {
	return r.ProtoMajor == 2 && r.Method == http.MethodConnect && len(r.Header[headerConnect]) > 0
}

// checkConnect is for HTTP/2: RFC 8441, section 5. "The Upgrade and Connection header fields" are not
// used, nor are the key and its answer.
func checkConnect(r *http.Request) *HandshakeError {
	switch {
	case !slices.Equal(r.Header[headerConnect], []string{"websocket"}):
		return refused(http.StatusNotImplemented, "the only :protocol here is websocket") // RFC 9220, section 3
	case !slices.Equal(r.Header[headerVersion], []string{version}):
		e := refused(http.StatusBadRequest, "Sec-WebSocket-Version must be 13")
		e.Header = http.Header{headerVersion: {version}} // RFC 6455, section 4.4
		return e
	case r.Host == "":
		return refused(http.StatusBadRequest, "the :authority is missing")
	case r.ContentLength >= 0:
		return refused(http.StatusBadRequest, "a WebSocket handshake leaves the stream open and has no body of its own")
	}
	return nil
}

// open sends the answer, "a 2xx series status code", and makes the stream a connection. The server's
// timeouts, which are meant for requests, end here.
func (a *answer) open(w http.ResponseWriter, r *http.Request, o *AcceptOptions) (*Conn, error) {
	control := http.NewResponseController(w)
	for _, forget := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
		if err := forget(time.Time{}); err != nil {
			return nil, refuseToHandOver(w, err)
		}
	}
	a.fill(w.Header(), o)
	w.WriteHeader(http.StatusOK)
	if err := control.Flush(); err != nil {
		return nil, &HandshakeError{By: Client, Text: "connection lost", wrapped: err}
	}
	return newConn(newServerStream(w, r), Server, a.protocol, o.Options, a.deflate, nil), nil
}

// fill completes the answer's header.
func (a *answer) fill(h http.Header, o *AcceptOptions) {
	for name, values := range o.Header {
		h[name] = append(h[name], values...)
	}
	for name := range ownHeaders {
		h.Del(name)
	}
	if a.protocol != "" {
		h.Set(headerProtocol, a.protocol)
	}
	if a.extensions != "" {
		h.Set(headerExtensions, a.extensions)
	}
}

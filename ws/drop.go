package ws

import "crypto/tls"

// drop closes the connection beneath. For TLS, and TLS within TLS as through an https proxy, it does
// not say goodbye when the peer does not listen: that could wait.
func (w *stream) drop() {
	nc := w.net
	for tc, ok := nc.(*tls.Conn); ok; tc, ok = nc.(*tls.Conn) {
		nc = tc.NetConn()
	}
	_ = nc.Close()
}

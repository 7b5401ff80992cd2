package ws

import "crypto/tls"

// drop closes the connection beneath. For TLS it does not say goodbye when the peer does not listen:
// that could wait.
func (c *Conn) drop() {
	if tc, ok := c.net.(*tls.Conn); ok {
		_ = tc.NetConn().Close()
		return
	}
	_ = c.net.Close()
}

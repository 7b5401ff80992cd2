package auth

import (
	"crypto/x509"
	"net/http"

	"github.com/vechehq/veche/hub"
)

// certificate returns whom the request's verified client certificate names; ok is false if it has
// none. An unverified one is none: it is the TLS configuration that demands them.
func certificate(r *http.Request) (u hub.User, ok bool, err error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return hub.User{}, false, nil
	}
	leaf := r.TLS.VerifiedChains[0][0]
	name := certName(leaf)
	if name == "" {
		return hub.User{}, true, unauthorized("the client certificate has no name")
	}
	id := certPrefix + name
	if why := badID(id); why != "" {
		return hub.User{}, true, unauthorized("the client certificate's name " + why)
	}
	return hub.User{ID: id, Name: shown(name), Expires: leaf.NotAfter}, true, nil
}

// certName is the first DNS, email or URI name of the certificate, else its common name.
func certName(c *x509.Certificate) string {
	switch {
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	}
	return c.Subject.CommonName
}

// Package auth says who a client is and what it may do. It implements [hub.Authorizer], and what
// gateways ask about the credentials that came with a request, a hello or a resumption.
//
// Enter by [New], with a key from [LoadKey].
//
// # Who
//
// A request may carry several credentials. The first one present, in this order, is the identity:
//
//  1. a token in the header "Authorization: Bearer …";
//  2. a token in the subprotocol list, as the entry "veche.token.…", for browsers, which cannot set
//     headers on a WebSocket (another entry must name the protocol that is to be spoken);
//  3. a token in the cookie "veche_token", for applications that serve their own pages;
//  4. the client certificate of a TLS connection, if the server asked for one and verified it;
//  5. the signed cookie "veche_guest";
//  6. nothing: a new guest, with a cookie to come back with.
//
// A token in the protocol itself (hello) comes after all of these and replaces them. So a token wins
// over a certificate: the certificate often belongs to a device or a proxy, the token says who acts.
//
// A credential that is present and not good is refused; nobody becomes a guest by a bad token. The
// one exception is the guest's cookie, which grants nothing but the same guest again: one that does
// not verify is replaced by a new guest's.
//
// Guests have identities "g-…", certificates "cert:NAME", and the program that embeds the server
// speaks as "server"; a token can claim none of these.
//
// # Tokens
//
// A token is a JWT (RFC 7519) signed with HS256 and nothing else, at most [MaxToken] bytes, with
//
//	sub    the user's id, required
//	name   shown to people, at most 64 bytes; the id if absent
//	exp    when the session ends; a token without one does not expire
//	nbf    not good before then
//	iss    must be as configured, if an issuer is configured
//	aud    must contain what is configured, if an audience is configured
//	rooms  an array of at most 256 room patterns ("general", "dev-*"): the only rooms allowed
//
// Other claims are kept in [hub.User].Claims. Clocks may differ by [Leeway].
//
// # What
//
// Anyone may do anything in a public room. A room "~USER" is that user's inbox: its user may join and
// read it, only the server writes to it, and to everyone else it is forbidden.
//
// # What it refuses to do
//
// It takes no token from a URL's query, where logs and referrers would keep it; but for an EventSource,
// which cannot set headers, a resume token, which is one client's, and good for a day or, a guest's, as long as
// the guest's cookie ([Auth.Visit]).
// It keeps no accounts, no passwords and no list of revoked tokens: a token is good until it expires, so let it be soon.
package auth

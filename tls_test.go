package veche

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority issues certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	a.pool.AddCert(a.cert)
	return a
}

// sign makes a certificate valid for a day; the first signs itself.
func (a *authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, parentKey := a.cert, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) server() (*x509.Certificate, *ecdsa.PrivateKey) {
	return a.sign(&x509.Certificate{
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// client returns an HTTP client that trusts the authority and shows a certificate of that name; none
// if it is empty.
func (a *authority) client(name string) *http.Client {
	config := &tls.Config{RootCAs: a.pool}
	if name != "" {
		cert, key := a.sign(&x509.Certificate{
			Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		config.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
}

func writeCert(t *testing.T, path string, cert *x509.Certificate) {
	t.Helper()
	writeFile(t, path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func writeKey(t *testing.T, path string, key *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// files writes a server's certificate and the authority's own into a directory.
func (a *authority) files(dir string) TLSFiles {
	f := TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), ClientCA: filepath.Join(dir, "ca.pem")}
	cert, key := a.server()
	writeCert(a.t, f.Cert, cert)
	writeKey(a.t, f.Key, key)
	writeCert(a.t, f.ClientCA, a.cert)
	return f
}

func loadTLS(t *testing.T, f TLSFiles) *tls.Config {
	t.Helper()
	config, err := LoadTLS(f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestTLS(t *testing.T) {
	a := newAuthority(t)
	f := a.files(t.TempDir())
	f.ClientCA = ""
	addr := serve(t, newServer(t, func(c *Config) { c.TLS = loadTLS(t, f) }))
	res, body := get(t, a.client(""), "https://"+addr+"/healthz")
	if res.StatusCode != 200 || !strings.Contains(body, `"alive":true`) || res.ProtoMajor != 2 {
		t.Errorf("%s %s: %s", res.Proto, res.Status, body)
	}
	if res, err := http.Get("http://" + addr + "/healthz"); err == nil {
		res.Body.Close()
		if res.StatusCode != 400 {
			t.Errorf("plain HTTP on TLS: %s", res.Status)
		}
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool, MaxVersion: tls.VersionTLS11}}}
	if _, err := old.Get("https://" + addr); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestTLSClientCertificates(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	for _, optional := range []bool{false, true} {
		f := a.files(t.TempDir())
		f.ClientOptional = optional
		addr := serve(t, newServer(t, func(c *Config) { c.TLS = loadTLS(t, f) }))
		ask := func(c *http.Client) bool {
			res, err := c.Get("https://" + addr + "/healthz")
			if err != nil {
				return false
			}
			res.Body.Close()
			return res.StatusCode == 200
		}
		if !ask(a.client("device-7")) {
			t.Error("a good certificate is refused")
		}
		if got := ask(a.client("")); got != optional {
			t.Errorf("optional %v: without a certificate: %v", optional, got)
		}
		bad := stranger.client("device-7").Transport.(*http.Transport)
		bad.TLSClientConfig.RootCAs = a.pool
		if ask(&http.Client{Transport: bad}) {
			t.Error("a stranger's certificate is good")
		}
	}
}

func TestTLSFollowsFiles(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	f := a.files(dir)
	follower, err := follow(f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	current := func() *tls.Config {
		follower.checked = time.Time{} // long ago
		return follower.current()
	}
	issuer := func(c *tls.Config) string {
		cert, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(cert.AuthorityKeyId)
	}
	first := current()
	if current() != first {
		t.Error("another configuration for the same files")
	}
	writeFile(t, f.Cert, []byte("half a file"))
	if current() != first {
		t.Error("a broken file was taken")
	}
	b.files(dir)
	if follower.current() != first {
		t.Error("the files are looked at for each handshake")
	}
	if second := current(); issuer(second) == issuer(first) || second.ClientCAs.Equal(first.ClientCAs) {
		t.Error("the new files were not taken")
	}
}

func TestTLSFilesRefused(t *testing.T) {
	a := newAuthority(t)
	good := a.files(t.TempDir())
	other := a.files(t.TempDir())
	for words, f := range map[string]TLSFiles{
		"no such file":           {Cert: good.Cert, Key: good.Key + "x"},
		"does not match":         {Cert: good.Cert, Key: other.Key},
		"client authorities":     {Cert: good.Cert, Key: good.Key, ClientCA: good.ClientCA + "x"},
		"no certificate in":      {Cert: good.Cert, Key: good.Key, ClientCA: good.Key},
		"failed to find any PEM": {Cert: os.DevNull, Key: good.Key},
	} {
		if _, err := LoadTLS(f, nil); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
}

package veche

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// TLSFiles names the PEM files of a TLS configuration.
type TLSFiles struct {
	Cert string // certificate chain, the server's own first
	Key  string // its private key

	// ClientCA holds the authorities whose client certificates are good. The certificate's name is
	// the client's identity. Empty: clients are asked for none.
	ClientCA string

	// ClientOptional also lets in clients without a certificate; one that is shown must still be good.
	ClientOptional bool
}

// recheck is how often, at most, the files are looked at for a change.
const recheck = time.Second

// LoadTLS reads the files, and returns a configuration that follows them: when one has changed, the
// next handshakes use what is in them then. While they cannot be read or do not fit together, the last
// good ones stay in use, and log says so; nil means slog.Default.
func LoadTLS(files TLSFiles, log *slog.Logger) (*tls.Config, error) {
	if log == nil {
		log = slog.Default()
	}
	f, err := follow(files, log)
	if err != nil {
		return nil, err
	}
	config := f.config.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current(), nil }
	return config, nil
}

// tlsFollower keeps the configuration of files that may change.
type tlsFollower struct {
	files TLSFiles
	log   *slog.Logger

	mu      sync.Mutex // guards what follows
	config  *tls.Config
	checked time.Time // when the files were last looked at
	seen    string    // their stamps then
}

func follow(files TLSFiles, log *slog.Logger) (*tlsFollower, error) {
	f := &tlsFollower{files: files, log: log, checked: time.Now(), seen: files.stamps()}
	var err error
	f.config, err = files.read()
	return f, err
}

func (f *tlsFollower) current() *tls.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.checked) < recheck {
		return f.config
	}
	f.checked = time.Now()
	if stamps := f.files.stamps(); stamps != f.seen {
		f.seen = stamps
		f.reload()
	}
	return f.config
}

func (f *tlsFollower) reload() {
	config, err := f.files.read()
	if err != nil {
		f.log.Error("TLS files changed and are not good; the old ones stay in use", "err", err)
		return
	}
	f.config = config
	f.log.Info("TLS files changed; new connections use them")
}

// stamps says when the files were changed; another text means another state.
func (t TLSFiles) stamps() string {
	var all string
	for _, path := range []string{t.Cert, t.Key, t.ClientCA} {
		if info, err := os.Stat(path); err == nil {
			all += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), ";")
		} else {
			all += "none;"
		}
	}
	return all
}

func (t TLSFiles) read() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("veche: the TLS certificate: %w", err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if t.ClientCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("veche: the client authorities: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("veche: the client authorities: no certificate in " + t.ClientCA)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	if t.ClientOptional {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return config, nil
}

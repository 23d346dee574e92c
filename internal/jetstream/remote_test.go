package jetstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

func TestCredentials(t *testing.T) {
	kp, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, seed := keys(t, kp)
	seedFile := write(t, "seed", seed)

	for name, tt := range map[string]struct {
		server  server.Options
		good    Config
		bad     Config
		badHint string
	}{
		"user and password": {
			server: server.Options{Username: "fk", Password: "pw"},
			good:   Config{User: "fk", Password: "pw"},
			bad:    Config{User: "fk", Password: "wrong"}, badHint: "password",
		},
		"token": {
			server: server.Options{Authorization: "tok"},
			good:   Config{Token: "tok"},
			bad:    Config{}, badHint: "token",
		},
		"nkey": {
			server: server.Options{Nkeys: []*server.NkeyUser{{Nkey: public}}},
			good:   Config{NKeySeedFile: seedFile},
			bad:    Config{NKeySeedFile: write(t, "other", []byte("nonsense"))}, badHint: "seed",
		},
		"credentials file that isn't there": {
			server: server.Options{},
			good:   Config{},
			bad:    Config{CredsFile: "/nowhere.creds"}, badHint: "path",
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := tt.server
			opts.JetStream = true
			s := runServer(t, &opts)
			roundTrip(t, at(tt.good, s.ClientURL()))
			_, err := Open(t.Context(), at(tt.bad, s.ClientURL()))
			wantError(t, err, ErrUnauthorized, tt.badHint)
		})
	}
}

func at(cfg Config, url string) Config {
	cfg.URL = url
	return cfg
}

// roundTrip shows that a configuration works.
func roundTrip(t *testing.T, cfg Config) {
	t.Helper()
	c := ready(t, cfg)
	if s := c.Status(); s.Embedded || !s.Connected || strings.Contains(s.Server, "pw") {
		t.Errorf("status %+v", s)
	}
	mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "deliveries.test"})
	if err := receive(t, subscribe(t, c, StreamDeliveries, ConsumerDecode)).AckSync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCredentialsFile(t *testing.T) {
	operator, _ := nkeys.CreateOperator()
	account, _ := nkeys.CreateAccount()
	user, _ := nkeys.CreateUser()
	operatorPublic, _ := keys(t, operator)
	accountPublic, _ := keys(t, account)
	userPublic, userSeed := keys(t, user)

	oc := jwt.NewOperatorClaims(operatorPublic)
	ac := jwt.NewAccountClaims(accountPublic)
	ac.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: 1 << 30, Streams: -1, Consumer: -1}
	ojwt, err := oc.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	ajwt, err := ac.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	ujwt, err := jwt.NewUserClaims(userPublic).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(ujwt, userSeed)
	if err != nil {
		t.Fatal(err)
	}
	oclaims, err := jwt.DecodeOperatorClaims(ojwt)
	if err != nil {
		t.Fatal(err)
	}
	system, _ := nkeys.CreateAccount()
	systemPublic, _ := keys(t, system)
	sjwt, err := jwt.NewAccountClaims(systemPublic).Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	resolver := &server.MemAccResolver{}
	if err := resolver.Store(accountPublic, ajwt); err != nil {
		t.Fatal(err)
	}
	if err := resolver.Store(systemPublic, sjwt); err != nil {
		t.Fatal(err)
	}
	s := runServer(t, &server.Options{
		JetStream: true, TrustedOperators: []*jwt.OperatorClaims{oclaims}, AccountResolver: resolver, SystemAccount: systemPublic,
	})
	// The account may store 1 GiB: the default size has to stay within.
	cfg := Config{URL: s.ClientURL(), CredsFile: write(t, "user.creds", creds), Topology: Topology{Partitions: 2}, Logger: testLogger(t)}
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	states, err := c.StreamStates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, st := range states {
		total += st.MaxBytes
	}
	if total <= 0 || total > 1<<30 {
		t.Errorf("the streams may take %d bytes", total)
	}
}

func TestUnreachableServers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := ln.Addr().String()
	_ = ln.Close()
	_, err = Open(t.Context(), Config{URL: "nats://fk:secret@" + gone})
	wantError(t, err, ErrUnavailable, "reach")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is in %q", err)
	}

	plain := runServer(t, &server.Options{})
	_, err = Open(t.Context(), Config{URL: plain.ClientURL()})
	wantError(t, err, ErrNoJetStream, "--jetstream")

	// One server of a cluster is enough to start.
	js := runServer(t, &server.Options{JetStream: true})
	roundTrip(t, Config{URL: "nats://" + gone + "," + js.ClientURL()})
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	serverCert, clientCert := ca.issue(t, "nats.test"), ca.issue(t, "client")
	pair, err := tls.LoadX509KeyPair(serverCert.cert, serverCert.key)
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	s := runServer(t, &server.Options{JetStream: true, TLSConfig: conf, TLS: true, TLSTimeout: 5})

	mutual := conf.Clone()
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool
	ms := runServer(t, &server.Options{JetStream: true, TLSConfig: mutual, TLS: true, TLSVerify: true, TLSTimeout: 5})

	roundTrip(t, Config{URL: s.ClientURL(), TLS: TLS{CAFile: ca.file, ServerName: "nats.test"}})
	roundTrip(t, Config{URL: ms.ClientURL(), TLS: TLS{CAFile: ca.file, ServerName: "nats.test", CertFile: clientCert.cert, KeyFile: clientCert.key}})

	for name, tt := range map[string]TLS{
		"an unknown authority": {ServerName: "nats.test"},
		"another server name":  {CAFile: ca.file, ServerName: "other.test"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Config{URL: s.ClientURL(), TLS: tt})
			wantError(t, err, ErrUnavailable, "TLS")
		})
	}
	t.Run("TLS to a server without", func(t *testing.T) {
		plain := runServer(t, &server.Options{JetStream: true})
		_, err := Open(t.Context(), Config{URL: plain.ClientURL(), TLS: TLS{CAFile: ca.file}})
		wantError(t, err, ErrUnavailable, "TLS")
	})
	t.Run("files that aren't there", func(t *testing.T) {
		for _, tt := range []TLS{{CAFile: "/nowhere"}, {CAFile: serverCert.key}, {CertFile: "/nowhere", KeyFile: "/nowhere"}} {
			if _, err := Open(t.Context(), Config{URL: s.ClientURL(), TLS: tt}); err == nil {
				t.Errorf("%+v accepted", tt)
			}
		}
	})
}

func keys(t *testing.T, kp nkeys.KeyPair) (public string, seed []byte) {
	t.Helper()
	public, err := kp.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if seed, err = kp.Seed(); err != nil {
		t.Fatal(err)
	}
	return public, seed
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := template(1, "ca")
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{cert: cert, key: key, pool: x509.NewCertPool()}
	a.pool.AddCert(cert)
	a.file = write(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

type certFiles struct{ cert, key string }

func (a *authority) issue(t *testing.T, name string) certFiles {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template(2, name), a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return certFiles{
		cert: write(t, name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:  write(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kder})),
	}
}

func template(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

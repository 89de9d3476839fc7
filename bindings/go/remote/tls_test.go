package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"stele.dev/stele/tensor"
)

// certificate is of localhost, signed by itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestTLSIsSpokenToServersThatTheRootsKnow(t *testing.T) {
	own, roots := certificate(t)
	_, others := certificate(t)
	secret := credentials.NewServerTLSFromCert(&own)
	server := serve(t, map[string]answer{
		getModelMetadata: told(t), modelInfer: always(inference()),
	}, grpc.Creds(secret))
	model, err := Connect(background, "https://"+server.address, "m", WithTLS(roots))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if _, err := model.Run(background, inputs(t)); err != nil {
		t.Error(err)
	}
	for _, options := range [][]Option{{WithTLS(others)}, {}} {
		ctx, cancel := context.WithTimeout(background, 10*time.Second)
		_, err := Connect(ctx, server.address, "m", append(options, WithRetries(0))...)
		cancel()
		var failure *tensor.Error
		if !errors.As(err, &failure) || failure.Code != tensor.Unavailable {
			t.Errorf("got %v", err)
		}
	}
}

package remote

import (
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"stele.dev/stele/tensor"
)

// An address is host:port, alone or as a URL, of which the path is empty.
var addressForm = regexp.MustCompile(
	`^(?:((?i)https?)://)?((?:[A-Za-z0-9._-]+|\[([0-9A-Fa-f:.]+)\]):([1-9][0-9]{0,4}))/?$`)

const lastPort = 65535

// target reads the address of a server, and returns the host:port in it.
func target(address string, tls bool) (string, error) {
	none := tensor.Errorf(tensor.InvalidArgument, `address "%s" is not host:port`, address)
	parts := addressForm.FindStringSubmatch(address)
	if parts == nil {
		return "", none
	}
	scheme, hostPort, inBrackets := strings.ToLower(parts[1]), parts[2], parts[3]
	if port, err := strconv.Atoi(parts[4]); err != nil || port > lastPort {
		return "", none
	}
	if inBrackets != "" {
		if ip, err := netip.ParseAddr(inBrackets); err != nil || !ip.Is6() {
			return "", none
		}
	}
	if scheme == "https" && !tls {
		return "", tensor.Errorf(tensor.InvalidArgument,
			`address "%s" is of a server that speaks TLS, which takes root certificates`, address)
	}
	if scheme == "http" && tls {
		return "", tensor.Errorf(tensor.InvalidArgument,
			`address "%s" is of a server without TLS, which takes no certificates`, address)
	}
	return hostPort, nil
}

// proxy returns the variable that names the proxy to a server; empty when there
// is none, as to this machine itself.
func proxy(hostPort string) string {
	request := &http.Request{URL: &url.URL{Scheme: "https", Host: hostPort}}
	if through, err := http.ProxyFromEnvironment(request); through == nil && err == nil {
		return ""
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

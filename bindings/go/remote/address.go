package remote

import (
	"regexp"
	"strconv"
	"strings"

	"stele.dev/stele/tensor"
)

// An address is host:port, alone or as a URL, of which the path is empty.
var addressForm = regexp.MustCompile(
	`^(?:((?i)https?)://)?((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([1-9][0-9]{0,4}))/?$`)

const mostPorts = 65535

// target reads the address of a server, and returns the host:port in it.
func target(address string, tls bool) (string, error) {
	none := tensor.Errorf(tensor.InvalidArgument, `address "%s" is not host:port`, address)
	parts := addressForm.FindStringSubmatch(address)
	if parts == nil {
		return "", none
	}
	scheme, hostPort := strings.ToLower(parts[1]), parts[2]
	if port, err := strconv.Atoi(parts[3]); err != nil || port > mostPorts {
		return "", none
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

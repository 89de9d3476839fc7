//! Where a server is, and what to say to it.

use tonic::transport::Endpoint;

use crate::error::{Error, Result};

/// Root certificates in PEM, if the server is to speak TLS.
pub(super) type RootCertificates = Option<Vec<u8>>;

/// Reads `host:port`, alone or as a URL of `http` or `https`.
///
/// # Errors
/// [`Error::Config`] if it is none of them, or if it and the certificates do not
/// agree.
pub(super) fn endpoint(address: &str, certificates: &RootCertificates) -> Result<Endpoint> {
    let none = || Error::Config(format!("address \"{address}\" is not host:port"));
    let url = match (address.split_once("://"), certificates) {
        (Some(_), _) => address.to_string(),
        (None, None) => format!("http://{address}"),
        (None, Some(_)) => format!("https://{address}"),
    };
    let endpoint = Endpoint::from_shared(url).map_err(|_| none())?;
    let uri = endpoint.uri();
    if uri.host().is_none_or(str::is_empty) || uri.port().is_none() {
        return Err(none());
    }
    match (uri.scheme_str(), certificates) {
        (Some("http"), None) => Ok(endpoint),
        (Some("https"), Some(pem)) => tls(endpoint, pem),
        (Some("https"), None) => Err(Error::Config(format!(
            "address \"{address}\" is of a server that speaks TLS: that takes root certificates, \
             and the feature \"tls\" of this crate"
        ))),
        (Some("http"), Some(_)) => Err(Error::Config(format!(
            "address \"{address}\" is of a server without TLS: it has no use for certificates"
        ))),
        _ => Err(none()),
    }
}

#[cfg(feature = "tls")]
fn tls(endpoint: Endpoint, pem: &[u8]) -> Result<Endpoint> {
    use tonic::transport::{Certificate, ClientTlsConfig};

    // What is none is passed over, and then no server is known.
    let mark = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(mark.len()).any(|window| window == mark) {
        return Err(Error::Config("the root certificates have none in PEM".to_string()));
    }
    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    let endpoint = endpoint.tls_config(config);
    endpoint.map_err(|error| {
        Error::Config(format!("root certificates: {}", super::status::cause(&error)))
    })
}

/// Nobody can have given certificates.
#[cfg(not(feature = "tls"))]
fn tls(endpoint: Endpoint, _: &[u8]) -> Result<Endpoint> {
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_with_ports() {
        for address in ["localhost:8500", "http://127.0.0.1:8500", "[::1]:8500", "a.b:1"] {
            assert!(endpoint(address, &None).is_ok(), "{address}");
        }
        for address in
            ["", "localhost", "http://localhost", ":8500", "unix:/x", "ftp://a:1", "a b:1"]
        {
            let error = endpoint(address, &None).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("INVALID_ARGUMENT: address \"{address}\" is not host:port")
            );
        }
    }

    #[test]
    fn certificates_are_for_tls() {
        let some = Some(b"no certificate".to_vec());
        for (address, certificates) in [("https://a:1", &None), ("http://a:1", &some)] {
            let error = endpoint(address, certificates).unwrap_err();
            assert!(error.message().contains("certificates"), "{error}");
        }
    }
}

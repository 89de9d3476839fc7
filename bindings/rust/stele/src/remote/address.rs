//! Where a server is, and what to say to it.

use std::net::Ipv6Addr;

use tonic::transport::Endpoint;

use crate::error::{Error, Result};

/// Root certificates in PEM, if the server is to speak TLS.
pub(super) type RootCertificates = Option<Vec<u8>>;

/// A server's address, as `bindings/contract/addresses.tsv` has it for every
/// language.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    host_port: &'a str,
}

impl<'a> Address<'a> {
    /// Reads `host:port`, alone or as a URL of `http` or `https`; `tls` is whether
    /// there are certificates.
    ///
    /// # Errors
    /// [`Error::Config`] if it is none of them, or if it and the certificates do not
    /// agree.
    pub(super) fn parse(address: &'a str, tls: bool) -> Result<Address<'a>> {
        let refuse = |what: &str| Err(Error::Config(format!("address \"{address}\" {what}")));
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, address),
        };
        let host_port = rest.strip_suffix('/').unwrap_or(rest);
        match (scheme.as_deref(), tls) {
            _ if !is_host_port(host_port) => refuse("is not host:port"),
            (None, _) | (Some("http"), false) | (Some("https"), true) => Ok(Address { host_port }),
            (Some("https"), false) => {
                refuse("is of a server that speaks TLS, which takes root certificates")
            }
            (Some("http"), true) => {
                refuse("is of a server without TLS, which takes no certificates")
            }
            _ => refuse("is not host:port"),
        }
    }

    /// The `host:port` alone.
    pub(super) fn host_port(&self) -> &'a str {
        self.host_port
    }

    /// What connects to it.
    ///
    /// # Errors
    /// [`Error::Config`] for certificates that are none.
    pub(super) fn endpoint(&self, certificates: &RootCertificates) -> Result<Endpoint> {
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.host_port));
        let endpoint = endpoint.map_err(|error| Error::Config(error.to_string()))?;
        match certificates {
            Some(pem) => tls(endpoint, pem),
            None => Ok(endpoint),
        }
    }
}

fn is_host_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port))
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => {
            let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !text.is_empty() && text.bytes().all(named)
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0')
        && text.parse::<u16>().is_ok()
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
    use crate::contract::table;

    #[test]
    fn addresses_are_those_of_the_contract() {
        let columns = ["address", "tls", "connects_to", "code", "message"];
        for [address, tls, connects_to, code, message] in table("addresses.tsv", &columns) {
            let tls = match &*tls {
                "yes" => true,
                "no" => false,
                _ => panic!("{address}: {tls}"),
            };
            match Address::parse(&address, tls) {
                Ok(parsed) => {
                    assert_eq!((parsed.host_port(), "OK", ""), (&*connects_to, &*code, &*message));
                    let endpoint = parsed.endpoint(&None).unwrap();
                    let authority = endpoint.uri().authority().map(|authority| authority.as_str());
                    assert_eq!(authority, Some(&*connects_to), "{address}");
                }
                Err(error) => {
                    let expected = message.replace("{address}", &address);
                    assert_eq!((error.code().name(), error.message()), (&*code, &*expected));
                    assert_eq!(connects_to, "", "{address}");
                }
            }
        }
    }
}

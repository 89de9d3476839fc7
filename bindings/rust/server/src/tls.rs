//! TLS: the server's certificate and key.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use stele::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::refusal::{Refusal, Result};

/// Reads a server's credentials from two PEM files, to speak a protocol by its name in
/// ALPN: `h2`, `http/1.1`.
///
/// # Errors
/// A file cannot be read; INVALID_ARGUMENT when they are no PEM, or not of each other.
pub(crate) fn acceptor(certificate: &Path, key: &Path, protocol: &str) -> Result<TlsAcceptor> {
    let read = |path: &Path| fs::read(path).map_err(|error| Error::file(path, &error));
    let (chain, private) = (read(certificate)?, read(key)?);
    let mut config = config(&chain, &private).map_err(|reason| {
        Refusal::invalid(format!(
            "\"{}\" and \"{}\" are no certificate with its key: {reason}",
            certificate.display(),
            key.display()
        ))
    })?;
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn config(chain: &[u8], private: &[u8]) -> std::result::Result<ServerConfig, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("there is no certificate".to_string());
    }
    let key = PrivateKeyDer::from_pem_slice(private).map_err(|error| error.to_string())?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())
}

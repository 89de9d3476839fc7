//! Where clients connect.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stele::Code;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, Connection};
use crate::refusal::{Refusal, Result};
use crate::rest;
use crate::services::{Peer, Services};
use crate::standard::Standard;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait when the system has no more connections to give.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Listens, and says where: `host` as it was given, and the port.
///
/// # Errors
/// UNAVAILABLE when the port is taken, or there is no such host.
pub(crate) async fn listen(host: &str, port: u16) -> Result<(TcpListener, String)> {
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    let wanted = format!("{bracketed}:{port}");
    let cannot = |reason: String| {
        Refusal::new(Code::Unavailable, format!("cannot listen on {wanted}: {reason}"))
    };
    let listener = TcpListener::bind((host, port)).await.map_err(|error| {
        use std::io::ErrorKind::{AddrInUse, PermissionDenied};
        match error.kind() {
            AddrInUse | PermissionDenied => cannot("the port is taken or not ours".to_string()),
            _ => cannot(error.to_string()),
        }
    })?;
    let own = listener.local_addr().map_err(|error| cannot(error.to_string()))?;
    Ok((listener, format!("{bracketed}:{}", own.port())))
}

/// What a port's clients speak.
#[derive(Clone)]
pub(crate) enum Transport {
    Grpc(Standard),
    Rest,
}

impl Transport {
    /// Its name in TLS's protocol negotiation.
    pub(crate) fn protocol(&self) -> &'static str {
        match self {
            Transport::Grpc(_) => "h2",
            Transport::Rest => "http/1.1",
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) services: Arc<Services>,
    pub(crate) transport: Transport,
    pub(crate) tls: Option<TlsAcceptor>,
    /// True when connections should come to their ends.
    pub(crate) ending: watch::Receiver<bool>,
    /// Dropped by the last connection.
    pub(crate) open: mpsc::Sender<()>,
}

/// Lets clients in until `ending`.
pub(crate) async fn accept(listener: TcpListener, door: Door) {
    let mut ending = door.ending.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.wait_for(|ending| *ending) => return,
        };
        match accepted {
            Ok((stream, address)) => {
                tokio::spawn(door.clone().welcome(stream, address));
            }
            Err(error) => {
                door.services.log.warning(&format!("a client was not let in: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl Door {
    async fn welcome(self, stream: TcpStream, address: SocketAddr) {
        static CLIENTS: AtomicU64 = AtomicU64::new(0);
        // Answers are small, and wait for nothing.
        drop(stream.set_nodelay(true));
        let kind = if address.is_ipv6() { "ipv6" } else { "ipv4" };
        let peer = Peer {
            client: CLIENTS.fetch_add(1, Ordering::Relaxed),
            address: format!("{kind}:{address}").into(),
            memory: self.services.memory.of_client(),
        };
        match self.tls.clone() {
            None => self.serve(stream, peer).await,
            Some(tls) => {
                let agreed = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = agreed {
                    self.serve(stream, peer).await;
                }
            }
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(self, stream: S, peer: Peer) {
        let Door { services, transport, ending, open, .. } = self;
        let connection = Connection::new(peer);
        match transport {
            Transport::Grpc(standard) => {
                connection::serve(stream, connection, services, standard, ending).await;
            }
            Transport::Rest => rest::serve(stream, connection, services, ending).await,
        }
        drop(open);
    }
}

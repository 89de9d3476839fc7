//! One client's connection: what it is owed, and when it is given up.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use stele::Code;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tonic::body::Body;

use crate::grpc;
use crate::memory::Held;
use crate::method::Method;
use crate::refusal::{Refusal, Result};
use crate::services::{Peer, Services};
use crate::standard::Standard;

/// Calls that a client may have open at once.
const STREAMS: u32 = 512;

/// Bytes of answers that a client may leave unread before its calls are refused: a large
/// answer that it is reading takes its time, but moves.
const OWED: usize = 64 << 20;
const REST: Duration = Duration::from_secs(1);

/// How long a client may leave all of its answers unread before it is given up.
const UNREAD: Duration = Duration::from_secs(30);

/// How often a client that says nothing is asked whether it is there.
const PING: Duration = Duration::from_secs(60);

const HEADERS: u32 = 32 << 10;

/// A client's connection.
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    began: Instant,
    /// When an answer went on last, in ms since it began.
    moved: AtomicU64,
}

impl Connection {
    pub(crate) fn new(peer: Peer) -> Connection {
        Connection { peer, began: Instant::now(), moved: AtomicU64::new(0) }
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED for a client that does not read its answers.
    pub(crate) fn check(&self) -> Result<()> {
        let owed = self.peer.memory.owed();
        if owed <= OWED || !self.rests_for(REST) {
            return Ok(());
        }
        let message = format!("{owed} bytes of answers wait until this client reads them");
        Err(Refusal::new(Code::ResourceExhausted, message))
    }

    /// Bytes of an answer, until what is returned is dropped.
    pub(crate) fn owe(&self, bytes: usize) -> Held {
        if self.peer.memory.owed() == 0 {
            self.moved();
        }
        self.peer.memory.owe(bytes)
    }

    /// An answer went on.
    pub(crate) fn moved(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    fn is_stuck(&self) -> bool {
        self.peer.memory.owed() > 0 && self.rests_for(UNREAD)
    }

    /// Whether no answer went on for so long.
    fn rests_for(&self, time: Duration) -> bool {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.began.elapsed() > moved + time
    }
}

/// Serves a connection until its end, or until `ending` says that it should come to one.
pub(crate) async fn serve<S>(
    stream: S,
    connection: Connection,
    services: Arc<Services>,
    standard: Standard,
    ending: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = Arc::new(connection);
    let own = Arc::clone(&connection);
    let service = service_fn(move |request| {
        let (services, connection) = (Arc::clone(&services), Arc::clone(&connection));
        let standard = standard.clone();
        async move { Ok::<_, Infallible>(route(&services, &connection, &standard, request).await) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(STREAMS as usize)
        .max_header_list_size(HEADERS)
        .max_send_buf_size(1 << 20)
        .keep_alive_interval(Some(PING));
    let serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    drive(serving, http2::Connection::graceful_shutdown, &own, ending).await;
}

/// Lets a connection go on until its end, which `shut` brings near when `ending` says
/// so, or until its client is given up.
pub(crate) async fn drive<C: Future>(
    mut serving: Pin<&mut C>,
    shut: impl FnOnce(Pin<&mut C>),
    own: &Connection,
    mut ending: watch::Receiver<bool>,
) {
    let mut shut = Some(shut);
    let mut look = tokio::time::interval(UNREAD / 6);
    loop {
        tokio::select! {
            // Whatever a client does wrong on its connection, it hears of it there.
            _ = serving.as_mut() => return,
            _ = look.tick() => if own.is_stuck() { return },
            changed = ending.wait_for(|ending| *ending), if shut.is_some() => {
                drop(changed);
                shut.take().into_iter().for_each(|shut| shut(serving.as_mut()));
            }
        }
    }
}

async fn route(
    services: &Arc<Services>,
    connection: &Arc<Connection>,
    standard: &Standard,
    request: Request<Incoming>,
) -> Response<Body> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let path = request.uri().path();
    if let Some(method) = Method::of(path) {
        return grpc::call(services, connection, method, request).await;
    }
    if let Some(handler) = standard.handler(path) {
        return handler(request).await;
    }
    grpc::refused(&Refusal::no_method(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn only_who_does_not_read_is_refused() {
        let peer = Peer { client: 0, address: "ipv4:127.0.0.1:1".into(), memory: Memory::new(0) };
        let mut connection = Connection::new(peer);
        let answer = connection.owe(OWED + 1);
        assert_eq!(connection.check(), Ok(()));
        connection.began -= REST * 2;
        assert_eq!(connection.check().unwrap_err().code, Code::ResourceExhausted);
        assert!(!connection.is_stuck());
        connection.began -= UNREAD;
        assert!(connection.is_stuck());
        connection.moved();
        assert!(connection.check().is_ok() && !connection.is_stuck());
        connection.began -= UNREAD * 2;
        drop(answer);
        assert!(connection.check().is_ok() && !connection.is_stuck());
    }
}

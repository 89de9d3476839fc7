//! The body of an answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame};

use crate::connection::Connection;
use crate::memory::Held;

/// HTTP/2 keeps a piece until its client has room for it: so much of an answer, and the
/// rest stays here, where it is counted.
const PIECE: usize = 256 << 10;

/// An answer, in pieces.
pub(crate) struct Reply {
    rest: Bytes,
    /// What stands behind it.
    trailers: Option<HeaderMap>,
    connection: Arc<Connection>,
    _held: Held,
}

impl Reply {
    /// A message with its prefix, and the status OK behind it.
    pub(crate) fn message(message: Bytes, connection: &Arc<Connection>) -> Reply {
        let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
        let mut reply = Reply::plain(message, connection);
        reply.trailers = Some(HeaderMap::from_iter([status]));
        reply
    }

    /// These bytes and nothing else.
    pub(crate) fn plain(bytes: Bytes, connection: &Arc<Connection>) -> Reply {
        let held = connection.owe(bytes.len());
        Reply { rest: bytes, trailers: None, connection: Arc::clone(connection), _held: held }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.connection.moved();
        if !self.rest.is_empty() {
            let piece = self.rest.len().min(PIECE);
            return Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.trailers.is_none()
    }
}

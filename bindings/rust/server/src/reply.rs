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

/// A message, in pieces, and the status OK behind it.
pub(crate) struct Reply {
    rest: Bytes,
    bytes: usize,
    done: bool,
    connection: Arc<Connection>,
    _held: Held,
}

impl Reply {
    /// A message with its prefix.
    pub(crate) fn new(message: Bytes, held: Held, connection: &Arc<Connection>) -> Reply {
        let bytes = message.len();
        connection.owe(bytes);
        let connection = Arc::clone(connection);
        Reply { rest: message, bytes, done: false, connection, _held: held }
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
        if std::mem::replace(&mut self.done, true) {
            return Poll::Ready(None);
        }
        let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
        Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([status])))))
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.connection.paid(self.bytes);
    }
}

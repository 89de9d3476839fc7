//! One unary call over HTTP/2: a message comes in, a message or a status goes out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use stele::Code;
use tonic::Status;
use tonic::body::Body;

use crate::connection::Connection;
use crate::memory::Held;
use crate::method::Method;
use crate::refusal::{Refusal, Result};
use crate::reply::Reply;
use crate::services::{PREFIX, Services};
use crate::wire;

/// How long a request may stop arriving.
const PAUSE: Duration = Duration::from_secs(30);

/// Answers a call.
pub(crate) async fn call(
    services: &Arc<Services>,
    connection: &Arc<Connection>,
    method: Method,
    request: Request<Incoming>,
) -> Response<Body> {
    let mut telling = Telling::begin(services, connection, method);
    let limit = deadline(request.headers());
    let answered = answer(services, connection, &mut telling, request.into_body());
    let answer = match limit {
        Some(limit) => tokio::time::timeout(limit, answered)
            .await
            .unwrap_or_else(|_| Err(Refusal::new(Code::DeadlineExceeded, "the deadline passed"))),
        None => answered.await,
    };
    telling.end(&answer);
    match answer {
        Ok(message) => {
            let held = services.memory.count(message.len());
            replied(Body::new(Reply::new(message, held, connection)))
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn answer(
    services: &Arc<Services>,
    connection: &Arc<Connection>,
    telling: &mut Telling,
    body: Incoming,
) -> Result<Bytes> {
    connection.check()?;
    let (message, _held) = read(services, body).await?;
    telling.hear(&message);
    services.answer(telling.method, message, connection.peer.client).await
}

/// Reads the message. Room is taken for it before it is.
///
/// # Errors
/// RESOURCE_EXHAUSTED if it is too large, or there is no room; DEADLINE_EXCEEDED if it
/// does not arrive; INVALID_ARGUMENT and UNIMPLEMENTED for what is no message.
async fn read(services: &Services, mut body: Incoming) -> Result<(Bytes, Held)> {
    let mut start = Bytes::new();
    while start.len() < PREFIX {
        let more = more(&mut body).await?;
        start = if start.is_empty() { more } else { [start, more].concat().into() };
    }
    if start.get_u8() != 0 {
        let message = "the request is compressed, which this server does not understand";
        return Err(Refusal::new(Code::Unimplemented, message));
    }
    let length = start.get_u32() as usize;
    let limit = services.options.max_message;
    if length > limit {
        let message = format!("the request has {length} bytes; this server takes {limit}");
        return Err(Refusal::new(Code::ResourceExhausted, message));
    }
    let held = services.memory.hold(length)?;
    if start.len() >= length {
        return Ok((start.split_to(length), held));
    }
    let mut message = BytesMut::with_capacity(length);
    message.extend_from_slice(&start);
    while message.len() < length {
        let more = more(&mut body).await?;
        message.extend_from_slice(more.get(..length - message.len()).unwrap_or(&more));
    }
    Ok((message.freeze(), held))
}

/// The next bytes of a body.
async fn more(body: &mut Incoming) -> Result<Bytes> {
    let early = || Refusal::invalid("the request ends before its message does");
    loop {
        let frame = tokio::time::timeout(PAUSE, body.frame()).await.map_err(|_| {
            let message = format!("no byte of the request arrived for {} s", PAUSE.as_secs());
            Refusal::new(Code::DeadlineExceeded, message)
        })?;
        let frame = frame.ok_or_else(early)?.map_err(|_| early())?;
        match frame.into_data() {
            Ok(data) if !data.is_empty() => return Ok(data),
            _ => {}
        }
    }
}

/// How long the client waits; a header that is none is no deadline.
fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

fn replied(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// An answer that is a code and a message alone.
pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
    Status::new(tonic::Code::from_i32(refusal.code.number()), refusal.short()).into_http()
}

/// Tells of a call at its end, also when that is that its client left.
struct Telling {
    services: Arc<Services>,
    connection: Arc<Connection>,
    method: Method,
    started: Instant,
    model: String,
    received: usize,
    told: bool,
}

impl Telling {
    fn begin(services: &Arc<Services>, connection: &Arc<Connection>, method: Method) -> Telling {
        Telling {
            services: Arc::clone(services),
            connection: Arc::clone(connection),
            method,
            started: Instant::now(),
            model: String::new(),
            received: 0,
            told: !services.is_watched(),
        }
    }

    fn hear(&mut self, message: &Bytes) {
        if !self.told {
            self.model = wire::text(message, self.method.model_field());
            self.received = message.len();
        }
    }

    fn end(&mut self, answer: &Result<Bytes>) {
        self.tell(answer.as_ref().map(|message| message.len() - PREFIX));
    }

    fn tell(&mut self, outcome: std::result::Result<usize, &Refusal>) {
        if !std::mem::replace(&mut self.told, true) {
            let peer = &self.connection.peer;
            self.services.tell(
                self.method,
                &self.model,
                peer,
                self.started,
                self.received,
                outcome,
            );
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.tell(Err(&Refusal::new(Code::Cancelled, "the client left")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_as_grpc_writes_them() {
        for (text, expected) in [
            ("20S", Some(Duration::from_secs(20))),
            ("1m", Some(Duration::from_millis(1))),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("2H", Some(Duration::from_secs(7200))),
            ("999999999S", None),
            ("S", None),
            ("", None),
            ("5é", None),
            ("-1S", None),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-timeout"),
                HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            )]);
            assert_eq!(deadline(&headers), expected, "{text}");
        }
    }
}

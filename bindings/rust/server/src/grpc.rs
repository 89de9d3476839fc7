//! One unary call over HTTP/2: a message comes in, a message or a status goes out.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use stele::Code;
use tonic::Status;
use tonic::body::Body;

use crate::arrival::{check_length, more};
use crate::connection::Connection;
use crate::memory::{Held, Memory};
use crate::method::Method;
use crate::refusal::{Refusal, Result};
use crate::reply::Reply;
use crate::services::{PREFIX, Services};
use crate::telling::Telling;
use crate::wire;

/// Bytes of a question that has an answer also when there is no room: whether the server
/// lives must not depend on what others leave unread.
const SMALL: usize = 4 << 10;

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
    telling.tell(answer.as_ref().map(|message| message.len() - PREFIX));
    match answer {
        Ok(message) => replied(Body::new(Reply::message(message, connection))),
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
    let method = telling.method;
    let (message, _held) = read(services, &connection.peer.memory, method, body).await?;
    telling.hear(message.len(), || wire::name(&message, method.model_field()));
    services.answer(method, message, &connection.peer).await
}

/// Reads the message. Room is taken for it before it is.
///
/// # Errors
/// RESOURCE_EXHAUSTED if it is too large, or there is no room; DEADLINE_EXCEEDED if it
/// does not arrive; INVALID_ARGUMENT and UNIMPLEMENTED for what is no message.
async fn read(
    services: &Services,
    memory: &Memory,
    method: Method,
    mut body: Incoming,
) -> Result<(Bytes, Held)> {
    let early = || Refusal::invalid("the request ends before its message does");
    let mut start = Bytes::new();
    while start.len() < PREFIX {
        let more = more(&mut body).await?.ok_or_else(early)?;
        start = if start.is_empty() { more } else { [start, more].concat().into() };
    }
    if start.get_u8() != 0 {
        return Err(Refusal::compressed());
    }
    let length = start.get_u32() as usize;
    check_length(services, length)?;
    let held = if length <= SMALL && !method.runs_a_model() {
        memory.count(length)
    } else {
        memory.admit(length)?
    };
    if start.len() >= length {
        return Ok((start.split_to(length), held));
    }
    let mut message = BytesMut::with_capacity(length);
    message.extend_from_slice(&start);
    while message.len() < length {
        let more = more(&mut body).await?.ok_or_else(early)?;
        message.extend_from_slice(more.get(..length - message.len()).unwrap_or(&more));
    }
    Ok((message.freeze(), held))
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

//! REST: TensorFlow Serving's, over HTTP/1.1.
//!
//! `route` says which method of the services a request stands for; `predict` and
//! `described` have its answers as JSON, by `json` (reading), `values` (tensors out of
//! it) and `text` (tensors into it). Checks, places, turns and runs are the services'.

mod described;
mod dtypes;
mod json;
mod predict;
mod route;
mod status;
mod text;
mod values;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tonic::body::Body;

use self::route::Route;
use crate::arrival::{check_length, more};
use crate::connection::{Connection, drive};
use crate::memory::Held;
use crate::refusal::{Refusal, Result};
use crate::reply::Reply;
use crate::services::Services;
use crate::telling::Telling;

/// Bytes of a request's headers, or of an answer, that are buffered.
const BUFFER: usize = 64 << 10;

/// How long a client may go on to send what has been refused.
const LINGER: Duration = Duration::from_secs(5);

/// Serves a connection until its end, or until `ending` says that it should come to one.
pub(crate) async fn serve<S>(
    stream: S,
    connection: Connection,
    services: Arc<Services>,
    ending: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = Arc::new(connection);
    let own = Arc::clone(&connection);
    let service = service_fn(move |request| {
        let (services, connection) = (Arc::clone(&services), Arc::clone(&connection));
        async move { Ok::<_, Infallible>(call(&services, &connection, request).await) }
    });
    let mut builder = http1::Builder::new();
    // Its default time limit for headers needs a timer.
    builder.timer(TokioTimer::new()).max_buf_size(BUFFER);
    let serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    drive(serving, http1::Connection::graceful_shutdown, &own, ending).await;
}

async fn call(
    services: &Arc<Services>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let route = match Route::of(request.method(), request.uri().path()) {
        Ok(route) => route,
        Err(refusal) => return respond(services, connection, Err(refusal)),
    };
    let mut telling = Telling::begin(services, connection, route.method());
    telling.hear(0, || route.model().to_string());
    let answer = answer(services, connection, &mut telling, route, request).await;
    telling.tell(answer.as_ref().map(Bytes::len));
    respond(services, connection, answer)
}

async fn answer(
    services: &Services,
    connection: &Connection,
    telling: &mut Telling,
    route: Route,
    request: Request<Incoming>,
) -> Result<Bytes> {
    connection.check()?;
    Ok(match route {
        Route::Status(spec) => described::status(&services.status_of(&spec)?),
        Route::Metadata(spec) => services.described(&spec)?,
        Route::Predict(spec) => {
            let (body, _held) = read(services, request).await?;
            telling.hear(body.len(), || spec.name.clone());
            // Its place before it is parsed: a call that is refused costs nothing.
            let caller = services.caller(&spec.name, connection.peer.client)?;
            services.predict_json(spec, body, caller).await?
        }
    })
}

/// Reads a body, or refuses it.
async fn read(services: &Services, request: Request<Incoming>) -> Result<(Bytes, Held)> {
    let coding = request.headers().get(header::CONTENT_ENCODING).cloned();
    let mut body = request.into_body();
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        linger(body);
        return Err(Refusal::compressed());
    }
    let read = collect(services, &mut body).await;
    if read.is_err() {
        linger(body);
    }
    read
}

/// Reads a body. Room is taken for it before it is.
///
/// # Errors
/// RESOURCE_EXHAUSTED if it is too large, or there is no room; DEADLINE_EXCEEDED if it
/// does not arrive.
async fn collect(services: &Services, body: &mut Incoming) -> Result<(Bytes, Held)> {
    // A chunked one does not say how long it is.
    let length = body.size_hint().exact().unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    check_length(services, length)?;
    let mut held = services.memory.hold(length)?;
    let mut bytes = BytesMut::with_capacity(length);
    while let Some(more) = more(body).await? {
        let whole = bytes.len() + more.len();
        if whole > length {
            check_length(services, whole)?;
            held.grow(more.len())?;
        }
        bytes.extend_from_slice(&more);
    }
    Ok((bytes.freeze(), held))
}

/// Lets a body that was refused go on for a while: a client that is cut off while it
/// sends does not read why.
fn linger(mut body: Incoming) {
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        while let Ok(Some(_)) = more(&mut body).await {}
    }));
}

fn respond(
    services: &Services,
    connection: &Arc<Connection>,
    answer: Result<Bytes>,
) -> Response<Body> {
    let (status, bytes) = match answer {
        Ok(bytes) => (StatusCode::OK, bytes),
        Err(refusal) => (status::of(refusal.code), status::error(&refusal)),
    };
    let (length, held) = (bytes.len(), services.memory.count(bytes.len()));
    let mut response = Response::new(Body::new(Reply::plain(bytes, held, connection)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

//! REST: TensorFlow Serving's and the Open Inference Protocol's, over HTTP/1.1.
//!
//! `route` says which method of the services a request stands for; `predict`, `infer` and
//! `described` have its answers as JSON, by `json` (reading), `values` (tensors out of
//! it) and `text` (tensors into it). Checks, places, turns and runs are the services'.

mod described;
mod dtypes;
mod infer;
mod json;
mod predict;
mod repository;
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
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tonic::body::Body;

use self::route::{Named, Route};
use crate::arrival::{check_length, more};
use crate::connection::{Connection, drive};
use crate::memory::{Held, Memory};
use crate::proto::inference::{
    ModelMetadataRequest, ModelReadyRequest, RepositoryModelUnloadRequest,
};
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

/// What is answered.
pub(crate) struct Answer {
    pub(crate) bytes: Bytes,
    /// How many of them are JSON, if tensors stand behind it as they are.
    pub(crate) json: Option<usize>,
}

impl From<serde_json::Value> for Answer {
    fn from(value: serde_json::Value) -> Answer {
        Bytes::from(value.to_string()).into()
    }
}

impl From<Bytes> for Answer {
    fn from(bytes: Bytes) -> Answer {
        Answer { bytes, json: None }
    }
}

async fn call(
    services: &Arc<Services>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let route = match Route::of(request.method(), request.uri().path()) {
        Ok(route) => route,
        Err(refusal) => return respond(connection, Err(refusal)),
    };
    let mut telling = Telling::begin(services, connection, route.method());
    telling.hear(0, || route.model().to_string());
    let answer = answer(services, connection, &mut telling, route, request).await;
    telling.tell(answer.as_ref().map(|answer| answer.bytes.len()));
    respond(connection, answer)
}

async fn answer(
    services: &Services,
    connection: &Connection,
    telling: &mut Telling,
    route: Route,
    request: Request<Incoming>,
) -> Result<Answer> {
    connection.check()?;
    let peer = &connection.peer;
    Ok(match route {
        Route::Status(spec) => described::status(&services.status_of(&spec)?).into(),
        Route::Metadata(spec) => services.described(&spec)?.into(),
        Route::Predict(spec) => {
            let (body, _held) = read(services, &peer.memory, request).await?;
            telling.hear(body.len(), || spec.name.clone());
            // Its place before it is parsed: a call that is refused costs nothing.
            let caller = services.caller(&spec.name, peer)?;
            services.predict_json(spec, body, caller).await?.into()
        }
        Route::Infer(named) => {
            let header = infer::header_length(request.headers())?;
            let (body, _held) = read(services, &peer.memory, request).await?;
            telling.hear(body.len(), || named.model.clone());
            let caller = services.caller(&named.model, peer)?;
            services.infer_json(named, body, header, caller).await?
        }
        Route::Index => {
            let (_, _held) = read(services, &peer.memory, request).await?;
            repository::index(&services.repository_index()).into()
        }
        Route::Load(name) => {
            let (body, _held) = read(services, &peer.memory, request).await?;
            telling.hear(body.len(), || name.clone());
            services.model_load(repository::load(name, &body)?).await?;
            json!({}).into()
        }
        Route::Unload(model_name) => {
            let (_, _held) = read(services, &peer.memory, request).await?;
            let request = RepositoryModelUnloadRequest { model_name, ..Default::default() };
            services.model_unload(&request)?;
            json!({}).into()
        }
        Route::Live => json!({"live": services.server_live().live}).into(),
        Route::Ready => {
            let ready = services.server_ready().ready;
            ready.then(|| json!({"ready": ready})).ok_or_else(Refusal::stopping)?.into()
        }
        Route::Server => described::server(&services.server_metadata()).into(),
        Route::ModelReady(Named { model, version }) => {
            let request = ModelReadyRequest { name: model.clone(), version };
            let ready = services.model_ready(&request)?.ready;
            let answer = ready.then(|| json!({"name": model, "ready": ready}));
            answer.ok_or_else(Refusal::stopping)?.into()
        }
        Route::ModelMetadata(Named { model, version }) => {
            let request = ModelMetadataRequest { name: model, version };
            described::model(&services.model_metadata(&request)?).into()
        }
    })
}

/// Reads a body, or refuses it.
async fn read(
    services: &Services,
    memory: &Memory,
    request: Request<Incoming>,
) -> Result<(Bytes, Held)> {
    let coding = request.headers().get(header::CONTENT_ENCODING).cloned();
    let mut body = request.into_body();
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        linger(body);
        return Err(Refusal::compressed());
    }
    let read = collect(services, memory, &mut body).await;
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
async fn collect(
    services: &Services,
    memory: &Memory,
    body: &mut Incoming,
) -> Result<(Bytes, Held)> {
    // A chunked one does not say how long it is.
    let length = body.size_hint().exact().unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    check_length(services, length)?;
    let mut held = memory.admit(length)?;
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

fn respond(connection: &Arc<Connection>, answer: Result<Answer>) -> Response<Body> {
    let (status, Answer { bytes, json }) = match answer {
        Ok(answer) => (StatusCode::OK, answer),
        Err(refusal) => (status::of(refusal.code), status::error(&refusal).into()),
    };
    let length = bytes.len();
    let mut response = Response::new(Body::new(Reply::plain(bytes, connection)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let kind = match json {
        None => "application/json",
        Some(length) => {
            headers.insert(infer::HEADER_LENGTH, HeaderValue::from(length));
            "application/octet-stream"
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

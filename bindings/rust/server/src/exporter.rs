//! Metrics over HTTP, on a port of their own, for this machine.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use stele::Code;
use tokio::net::TcpListener;

use crate::listener::PAUSE;
use crate::metrics::Metrics;
use crate::refusal::{Refusal, Result};

const HOST: &str = "127.0.0.1";

/// Serves metrics as long as the runtime lives; returns their URL.
///
/// # Errors
/// UNAVAILABLE when the port is taken.
pub(crate) async fn export(metrics: Arc<Metrics>, port: u16) -> Result<String> {
    let cannot = |error: std::io::Error| {
        let message = format!("cannot listen on {HOST}:{port} for metrics: {error}");
        Refusal::new(Code::Unavailable, message)
    };
    let listener = TcpListener::bind((HOST, port)).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let metrics = Arc::clone(&metrics);
            let service = service_fn(move |request| {
                let answer = answer(&metrics, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // Its default time limit for headers needs a timer.
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new());
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(format!("http://{address}/metrics"))
}

fn answer(metrics: &Metrics, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let mut response = Response::new(Full::from(metrics.text()));
    let kind = http::HeaderValue::from_static(prometheus::TEXT_FORMAT);
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

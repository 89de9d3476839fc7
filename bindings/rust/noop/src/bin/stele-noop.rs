//! A server of tonic's own that answers every call with so many bytes, and ends with its
//! stdin: what a call costs before any work.
//!
//!     stele-noop BYTES

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, Ready, ready};
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use serde_json::json;
use stele_noop::Raw;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tower_service::Service;

#[derive(Clone)]
struct Noop(Bytes);

impl NamedService for Noop {
    const NAME: &'static str = "inference.GRPCInferenceService";
}

impl UnaryService<Bytes> for Noop {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _request: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

impl Service<http::Request<Body>> for Noop {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(Grpc::new(Raw).unary(service, request).await) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let size = std::env::args().nth(1).ok_or("usage: stele-noop BYTES")?.parse()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({"address": listener.local_addr()?.to_string()}));
    let stdin_ends = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    Server::builder()
        .tcp_nodelay(true)
        .add_service(Noop(vec![0; size].into()))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
            drop(stdin_ends.await);
        })
        .await?;
    Ok(())
}

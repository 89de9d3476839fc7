//! A server that answers as a test says. HTTP/2 and no tonic, so that it can also
//! do what no server should.

use std::net::{Shutdown, TcpStream as Socket};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Response};
use prost::Message;
use prost::bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// What the server does with a request.
pub(super) enum Answer {
    /// OK, with a serialized message.
    Message(Vec<u8>),
    /// A status by its number, with its message as it is on the wire.
    Status(i32, &'static str),
    /// It closes the connection.
    Close,
    /// Nothing, for ever.
    Silence,
}

impl Answer {
    pub(super) fn message(message: &impl Message) -> Answer {
        Answer::Message(message.encode_to_vec())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) message: Bytes,
}

type Rule = dyn Fn(usize, &Call) -> Answer + Send + Sync;

struct Shared {
    calls: Mutex<Vec<Call>>,
    rule: Box<Rule>,
}

pub(super) struct Mock {
    address: String,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

impl Mock {
    /// Starts a server; `rule` gets the number of each request and the request.
    pub(super) fn start(rule: impl Fn(usize, &Call) -> Answer + Send + Sync + 'static) -> Mock {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared { calls: Mutex::default(), rule: Box::new(rule) });
        let serving = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&serving)));
            }
        });
        Mock { address, shared, _runtime: runtime }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The requests to a method, by its name.
    pub(super) fn calls(&self, method: &str) -> Vec<Call> {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|call| call.path.ends_with(&format!("/{method}"))).cloned().collect()
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    let socket = socket.into_std().unwrap();
    let closer = socket.try_clone().unwrap();
    let socket = TcpStream::from_std(socket).unwrap();
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, Arc::clone(&shared), closer.try_clone().unwrap()));
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    shared: Arc<Shared>,
    socket: Socket,
) {
    let (head, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).unwrap();
        bytes.extend(piece);
    }
    let message = Bytes::from(bytes).slice(5..);
    let call = Call { path: head.uri.path().to_string(), headers: head.headers, message };
    let number = {
        let mut calls = shared.calls.lock().unwrap();
        calls.push(call.clone());
        calls.len() - 1
    };
    let response = Response::builder().header("content-type", "application/grpc");
    match (shared.rule)(number, &call) {
        Answer::Message(message) => {
            let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            stream.send_data([&[0], &length[..], &message].concat().into(), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", 0.into());
            stream.send_trailers(trailers).unwrap();
        }
        Answer::Status(code, message) => {
            let response = response.header("grpc-status", code).header("grpc-message", message);
            respond.send_response(response.body(()).unwrap(), true).unwrap();
        }
        Answer::Close => socket.shutdown(Shutdown::Both).unwrap(),
        Answer::Silence => std::future::pending().await,
    }
}

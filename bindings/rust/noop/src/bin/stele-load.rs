//! Clients that each send the next call when they have the answer to the last one: cheap
//! ones, so that what is measured is the server.
//!
//!     stele-load ADDRESS CLIENTS SECONDS < REQUEST
//!
//! Reads the bytes of one ModelInfer from stdin; prints, as JSON, how many calls were
//! answered and in how many seconds. All clients share one connection, as the threads of
//! one program do.

use std::error::Error;
use std::io::Read;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::PathAndQuery;
use serde_json::json;
use stele_noop::Raw;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

const METHOD: &str = "/inference.GRPCInferenceService/ModelInfer";

async fn ask(channel: Channel, request: Bytes, until: Instant) -> Result<u64, Status> {
    let mut client = Grpc::new(channel);
    let mut answered = 0;
    while Instant::now() < until {
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(METHOD);
        client.unary(Request::new(request.clone()), path, Raw).await?;
        answered += 1;
    }
    Ok(answered)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, clients, seconds] = &*arguments else {
        return Err("usage: stele-load ADDRESS CLIENTS SECONDS < REQUEST".into());
    };
    let (clients, seconds): (usize, f64) = (clients.parse()?, seconds.parse()?);
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request)?;
    let request = Bytes::from(request);
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let start = Instant::now();
    let until = start + Duration::from_secs_f64(seconds);
    let all: Vec<_> =
        (0..clients).map(|_| tokio::spawn(ask(channel.clone(), request.clone(), until))).collect();
    let mut calls = 0;
    for one in all {
        calls += one.await??;
    }
    println!("{}", json!({"calls": calls, "seconds": start.elapsed().as_secs_f64()}));
    Ok(())
}

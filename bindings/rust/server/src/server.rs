//! A server: its start and its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stele::Code;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::exporter::export;
use crate::health::Health;
use crate::listener::{Door, Transport, accept, listen};
use crate::log::Log;
use crate::options::Options;
use crate::refusal::{Refusal, Result};
use crate::services::Services;
use crate::standard::Standard;
use crate::{threads, tls};

/// For answers that are on their way to their clients.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// A server that runs until it is drained.
pub struct Server {
    runtime: Runtime,
    services: Arc<Services>,
    address: String,
    rest: Option<String>,
    draining: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    /// Ends when no connection is open.
    open: mpsc::Receiver<()>,
}

impl Server {
    /// Loads the models, listens, and serves.
    ///
    /// # Errors
    /// A model cannot be loaded; what is wrong with the certificate; UNAVAILABLE when a
    /// port is taken.
    pub fn start(options: Options, log: Log) -> Result<Server> {
        let (draining, is_draining) = watch::channel(false);
        let grpc = Transport::Grpc(Standard::new(Health::new(is_draining))?);
        // A certificate that is none is told of before the models are loaded.
        let (grpc_tls, rest_tls) =
            (acceptor(&options, &grpc)?, acceptor(&options, &Transport::Rest)?);
        let services = Arc::new(Services::new(options, log.clone())?);
        let options = &services.options;
        let runtime = runtime(options)?;
        let (ending, is_ending) = watch::channel(false);
        let (hold_open, open) = mpsc::channel(1);
        let door = |transport, tls| Door {
            services: Arc::clone(&services),
            transport,
            tls,
            ending: is_ending.clone(),
            open: hold_open.clone(),
        };
        let (listener, address) = runtime.block_on(listen(&options.host, options.port))?;
        let also = options.rest_port.map(|port| runtime.block_on(listen(&options.host, port)));
        let (rest_listener, rest) = also.transpose()?.unzip();
        if let (Some(metrics), Some(port)) = (&services.metrics, options.metrics_port) {
            let url = runtime.block_on(export(Arc::clone(metrics), port))?;
            log.info(&format!("metrics on {url}"));
        }
        runtime.spawn(accept(listener, door(grpc, grpc_tls)));
        if let (Some(listener), Some(address)) = (rest_listener, &rest) {
            let scheme = if options.tls.is_some() { "https" } else { "http" };
            log.info(&format!("REST on {scheme}://{address}"));
            runtime.spawn(accept(listener, door(Transport::Rest, rest_tls)));
        }
        services.poll(&runtime);
        let version = env!("CARGO_PKG_VERSION");
        log.info(&format!("stele {version} serves on {address}"));
        // Who is told that it is ready may read above where its metrics are.
        log.flush();
        Ok(Server { runtime, services, address, rest, draining, ending, open })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Host and port of REST, if that is answered.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// The names of the models, sorted.
    pub fn models(&self) -> Vec<String> {
        self.services.repository.names()
    }

    /// Takes no more calls, and waits for those inside as long as the grace lasts.
    ///
    /// Returns whether all were done by then; else the process should end without
    /// waiting for the models that run.
    pub fn drain(self) -> bool {
        let Server { runtime, services, draining, ending, mut open, .. } = self;
        let inside = services.admission.inside();
        services.log.info(&format!("draining: {inside} calls inside"));
        services.drain();
        draining.send_replace(true);
        let done = runtime.block_on(async {
            // First calls are refused by us, with a code that clients retry, until none
            // is left; then connections are told to end.
            let empty = services.admission.empty();
            let done = tokio::time::timeout(services.options.grace, empty).await.is_ok();
            ending.send_replace(true);
            drop(tokio::time::timeout(LAST_ANSWERS, open.recv()).await);
            done
        });
        runtime.shutdown_background();
        done
    }
}

/// What speaks TLS on a port, if the options say so.
fn acceptor(options: &Options, transport: &Transport) -> Result<Option<TlsAcceptor>> {
    let files = options.tls.as_ref();
    let read = |(certificate, key): &(PathBuf, PathBuf)| {
        tls::acceptor(certificate, key, transport.protocol())
    };
    files.map(read).transpose()
}

/// What runs the services.
///
/// # Errors
/// RESOURCE_EXHAUSTED: there are no threads.
pub(crate) fn runtime(options: &Options) -> Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_name("stele-serve")
        .worker_threads(threads::serving())
        // Beside those that run models, some that load one.
        .max_blocking_threads(options.workers + 64)
        .build()
        .map_err(|error| Refusal::new(Code::ResourceExhausted, error.to_string()))
}

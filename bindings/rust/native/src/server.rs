//! The server, for the command `stele serve` and for Ray's replicas. Its options come
//! from `stele.server.options`, which documents them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use stele::Code;
use stele_server::{Local, Log, Options, Refusal};

use crate::ending::Inside;
use crate::errors::refuse;
use crate::model::wheel;

/// The options, by name.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Given {
    models: BTreeMap<String, PathBuf>,
    host: String,
    port: u16,
    rest_port: Option<u16>,
    tags: Vec<String>,
    session_config: Vec<u8>,
    max_message: usize,
    max_inside: usize,
    tls: Option<(PathBuf, PathBuf)>,
    workers: usize,
    queue: usize,
    batch: usize,
    warmup: bool,
    explicit: bool,
    poll: f64,
    grace: f64,
    access_log: bool,
    metrics_port: Option<u16>,
}

fn options(py: Python<'_>, given: Given) -> PyResult<Options> {
    let seconds = |seconds: f64| {
        let wrong = |_| refuse(py, Code::InvalidArgument, "poll or grace is no time");
        Duration::try_from_secs_f64(seconds).map_err(wrong)
    };
    Ok(Options {
        models: given.models,
        host: given.host,
        port: given.port,
        rest_port: given.rest_port,
        tags: given.tags,
        session_config: given.session_config,
        library: wheel(py)?,
        max_message: given.max_message,
        max_inside: given.max_inside,
        tls: given.tls,
        workers: given.workers,
        queue: given.queue,
        batch: given.batch,
        warmup: given.warmup,
        explicit: given.explicit,
        poll: seconds(given.poll)?,
        grace: seconds(given.grace)?,
        access_log: given.access_log,
        metrics_port: given.metrics_port,
    })
}

fn raise(py: Python<'_>, refusal: &Refusal) -> PyErr {
    refuse(py, refusal.code, &refusal.message)
}

/// A server over gRPC that has loaded its models, and answers until it is drained.
///
/// Args:
///     options: Values of `stele.server.options.Options` by their names.
///
/// Raises:
///     SteleError: A model cannot be loaded; what is wrong with the certificate;
///         UNAVAILABLE when a port is taken.
#[pyclass(frozen, module = "stele_native.serving")]
pub(crate) struct Server {
    /// `None` once drained.
    server: Mutex<Option<stele_server::Server>>,
    address: String,
    rest: Option<String>,
}

#[pymethods]
impl Server {
    #[new]
    fn new(py: Python<'_>, options: Given) -> PyResult<Server> {
        let options = self::options(py, options)?;
        let inside = Inside::enter(py)?;
        let start = || stele_server::Server::start(options, Log::to_stderr());
        let server = inside.detach(py, start).map_err(|refusal| raise(py, &refusal))?;
        let address = server.address().to_string();
        let rest = server.rest().map(str::to_string);
        Ok(Server { server: Mutex::new(Some(server)), address, rest })
    }

    /// Host and port.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// Host and port of REST, if that is answered.
    #[getter]
    fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// Take no more calls, and wait for those inside as long as the grace lasts.
    ///
    /// Returns:
    ///     Whether all were done by then; else the process should end without waiting
    ///     for the models that run.
    fn drain(&self, py: Python<'_>) -> PyResult<bool> {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        let inside = Inside::enter(py)?;
        Ok(inside.detach(py, || server.is_none_or(stele_server::Server::drain)))
    }
}

/// The services of a server without its port: whole messages in, whole messages out.
///
/// Args:
///     options: As for `Server`.
///
/// Raises:
///     SteleError: A model cannot be loaded.
#[pyclass(frozen, module = "stele_native.serving")]
pub(crate) struct Services {
    services: Local,
}

#[pymethods]
impl Services {
    #[new]
    fn new(py: Python<'_>, options: Given) -> PyResult<Services> {
        let options = self::options(py, options)?;
        let inside = Inside::enter(py)?;
        let load = || Local::new(options, Log::to_stderr());
        let services = inside.detach(py, load).map_err(|refusal| raise(py, &refusal))?;
        Ok(Services { services })
    }

    /// Answer one call.
    ///
    /// Args:
    ///     path: Of the RPC, such as "/inference.GRPCInferenceService/ModelInfer".
    ///     request: The serialized message.
    ///     peer: Where the client is, for the access log.
    ///
    /// Returns:
    ///     The serialized response.
    ///
    /// Raises:
    ///     SteleError: With the code and message for the client.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        request: PyBackedBytes,
        peer: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let request = bytes::Bytes::from_owner(request);
        let inside = Inside::enter(py)?;
        let answer = inside.detach(py, || self.services.answer(path, request, peer));
        let answer = answer.map_err(|refusal| raise(py, &refusal))?;
        Ok(PyBytes::new(py, &answer))
    }
}

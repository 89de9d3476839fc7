//! A connection to a server: calls, with their deadline and their retries.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::address::{RootCertificates, endpoint};
use super::model::Model;
use super::proto::Request;
use super::proto::inference::{
    ModelRepositoryParameter, RepositoryModelLoadRequest, RepositoryModelUnloadRequest,
    model_repository_parameter::ParameterChoice,
};
use super::retry::{RETRIES, pause};
use super::runtime::Runtime;
use super::status;
use crate::error::{Code, Error, Result};

/// A server that does not even accept a connection is not waited for longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// gRPC cannot say a longer one.
const LONGEST_DEADLINE: Duration = Duration::from_secs(99_999_999);

/// How to connect to a server.
///
/// ```no_run
/// use std::time::Duration;
/// use stele::remote::Connection;
///
/// let deadline = Duration::from_secs(5);
/// let connection = Connection::builder().deadline(deadline).open("127.0.0.1:8500")?;
/// let digits = connection.model("digits")?;
/// # Ok::<(), stele::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionBuilder {
    deadline: Option<Duration>,
    retries: u32,
    max_message: usize,
    root_certificates: RootCertificates,
}

impl Default for ConnectionBuilder {
    fn default() -> ConnectionBuilder {
        ConnectionBuilder {
            deadline: None,
            retries: RETRIES,
            max_message: usize::MAX,
            root_certificates: None,
        }
    }
}

impl ConnectionBuilder {
    /// How long a call may take, its retries included; by default, for ever.
    pub fn deadline(mut self, deadline: Duration) -> ConnectionBuilder {
        self.deadline = Some(deadline.min(LONGEST_DEADLINE));
        self
    }

    /// How often a call that finds the server UNAVAILABLE is made again: by
    /// default 4 times, after 0.1 s, 0.2 s, 0.4 s and 0.8 s, give or take a
    /// fifth; later pauses are of a second. A prediction changes nothing on a
    /// server, and may be made twice.
    pub fn retries(mut self, retries: u32) -> ConnectionBuilder {
        self.retries = retries;
        self
    }

    /// The most bytes of a message in either direction; by default, any.
    pub fn max_message(mut self, bytes: usize) -> ConnectionBuilder {
        self.max_message = bytes;
        self
    }

    /// Speaks TLS to servers whose certificates these, in PEM, vouch for.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> ConnectionBuilder {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Prepares a connection to `host:port`, alone or as a URL of `http` or
    /// `https`. It is made when the first call needs it, and again when it breaks.
    ///
    /// # Errors
    /// [`Error::Config`] for an address or certificates that are none.
    pub fn open(self, address: &str) -> Result<Connection> {
        let endpoint = endpoint(address, &self.root_certificates)?
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("tf-stele/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| Error::Config(error.to_string()))?;
        let runtime = Runtime::new().map_err(|error| Error::Remote {
            code: Code::ResourceExhausted,
            message: format!("no thread for the connection to {address}: {error}"),
        })?;
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        let address = endpoint.uri().authority().map_or(address, |authority| authority.as_str());
        let (address, options) = (address.to_string(), self);
        Ok(Connection { inner: Arc::new(Inner { runtime, channel, address, options }) })
    }
}

/// A connection to a server, which models share. A clone is the same connection;
/// any number of threads may use it at once.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    channel: Channel,
    address: String,
    options: ConnectionBuilder,
}

impl Connection {
    /// Prepares a connection, as [`ConnectionBuilder::open`].
    ///
    /// # Errors
    /// As [`ConnectionBuilder::open`].
    pub fn open(address: &str) -> Result<Connection> {
        Connection::builder().open(address)
    }

    /// For a deadline, other retries, a limit of messages, or TLS.
    pub fn builder() -> ConnectionBuilder {
        ConnectionBuilder::default()
    }

    /// The server's `host:port`.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// The model of this name, in the version that the server has for newest at
    /// each call.
    ///
    /// # Errors
    /// [`Error::Remote`]: `NOT_FOUND` if there is none, `UNAVAILABLE` if no server
    /// answers, `DEADLINE_EXCEEDED` if it takes too long, or whatever it answers.
    pub fn model(&self, name: &str) -> Result<Model> {
        self.model_version(name, "")
    }

    /// A certain version of a model, such as `3`.
    ///
    /// # Errors
    /// As [`Connection::model`].
    pub fn model_version(&self, name: &str, version: &str) -> Result<Model> {
        self.wait(Model::fetch(self.clone(), name.to_string(), version.to_string()))
    }

    /// [`Connection::model_version`]; an empty version is the newest.
    ///
    /// # Errors
    /// As [`Connection::model`].
    pub async fn model_async(&self, name: &str, version: &str) -> Result<Model> {
        self.run(Model::fetch(self.clone(), name.to_string(), version.to_string())).await
    }

    /// Has the server load the graph with these tags of a SavedModel folder of its
    /// own machine, with a serialized ConfigProto or one of
    /// [`Profile::config`](crate::Profile::config). A model of this name is
    /// replaced, and stays if the new one cannot be loaded.
    ///
    /// # Errors
    /// [`Error::Remote`]: `FAILED_PRECONDITION` unless the server was started with
    /// `--model-control explicit`; those of [`ModelBuilder::load`] by their codes;
    /// as [`Connection::model`]. [`Error::Value`] for a path that is not UTF-8.
    ///
    /// [`ModelBuilder::load`]: crate::ModelBuilder::load
    pub fn load(
        &self,
        name: &str,
        dir: impl AsRef<Path>,
        tags: &[&str],
        config: &[u8],
    ) -> Result<()> {
        let dir = dir.as_ref();
        let path = dir.to_str().ok_or_else(|| {
            Error::Value(format!("a path that is not UTF-8 cannot be sent: \"{}\"", dir.display()))
        })?;
        let config: String = config.iter().map(|byte| format!("{byte:02x}")).collect();
        let parameters = [
            ("path", path.to_string()),
            ("tags", tags.join(",")),
            ("config", format!("hex:{config}")),
        ];
        let request = RepositoryModelLoadRequest {
            model_name: name.to_string(),
            parameters: parameters.into_iter().map(parameter).collect(),
            ..Default::default()
        };
        self.wait(self.clone().call(request)).map(drop)
    }

    /// Has the server forget a model.
    ///
    /// # Errors
    /// [`Error::Remote`]: `NOT_FOUND` if there is none; as [`Connection::load`].
    pub fn unload(&self, name: &str) -> Result<()> {
        let model_name = name.to_string();
        let request = RepositoryModelUnloadRequest { model_name, ..Default::default() };
        self.wait(self.clone().call(request)).map(drop)
    }

    /// Blocks until work of this connection is done.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.inner.runtime.wait(work).unwrap_or_else(|| Err(self.broken("the call broke off")))
    }

    /// Work of this connection, to be awaited in any runtime.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.inner.runtime.run(work).await;
        done.unwrap_or_else(|| Err(self.broken("the call broke off")))
    }

    /// An answer that cannot be one.
    pub(super) fn broken(&self, what: &str) -> Error {
        let message = format!("the answer of {} does not add up: {what}", self.address());
        Error::Remote { code: Code::Internal, message }
    }

    /// Makes a call, and makes it again while the server is unavailable.
    pub(super) async fn call<R: Request>(self, request: R) -> Result<R::Response> {
        let Inner { options, address, .. } = &*self.inner;
        let (size, limit) = (request.encoded_len(), options.max_message);
        if size > limit {
            // tonic finds out when it sends, and breaks the stream.
            let message = format!("a request of {size} bytes is beyond the limit of {limit}");
            return Err(Error::Remote { code: Code::ResourceExhausted, message });
        }
        let Some(deadline) = options.deadline else {
            return self.attempts(request, None).await;
        };
        let late = || Error::Remote {
            code: Code::DeadlineExceeded,
            message: format!("no answer from {address} within {} s", deadline.as_secs_f64()),
        };
        let until = Instant::now() + deadline;
        match tokio::time::timeout(deadline, self.attempts(request, Some(until))).await {
            // Whoever looked at the clock first.
            Ok(Err(Error::Remote { .. })) if Instant::now() >= until => Err(late()),
            Ok(result) => result,
            Err(_) => Err(late()),
        }
    }

    async fn attempts<R: Request>(
        &self,
        request: R,
        until: Option<Instant>,
    ) -> Result<R::Response> {
        let mut retry = 0;
        loop {
            match self.attempt(request.clone(), until).await {
                Err(error) if error.code() == Code::Unavailable => {
                    if retry == self.inner.options.retries {
                        return Err(error);
                    }
                }
                result => return result,
            }
            tokio::time::sleep(pause(retry)).await;
            retry += 1;
        }
    }

    async fn attempt<R: Request>(&self, request: R, until: Option<Instant>) -> Result<R::Response> {
        let Inner { channel, options, address, .. } = &*self.inner;
        let mut request = tonic::Request::new(request);
        if let Some(until) = until {
            request.set_timeout(until.saturating_duration_since(Instant::now()));
        }
        let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(options.max_message);
        let call = async {
            grpc.ready().await.map_err(|error| tonic::Status::from_error(error.into()))?;
            let path = PathAndQuery::from_static(R::PATH);
            grpc.unary(request, path, ProstCodec::<R, R::Response>::default()).await
        };
        match call.await {
            Ok(response) => Ok(response.into_inner()),
            Err(status) => Err(status::error(&status, address)),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({:?})", self.address())
    }
}

fn parameter((key, value): (&str, String)) -> (String, ModelRepositoryParameter) {
    let parameter_choice = Some(ParameterChoice::StringParam(value));
    (key.to_string(), ModelRepositoryParameter { parameter_choice })
}

//! The gRPC channel to a server: calls, with their deadline and their retries.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic_prost::ProstCodec;

use super::address::{Address, RootCertificates};
use super::proto::Request;
use super::retry::{RETRIES, pause};
use super::runtime::Runtime;
use super::status;
use crate::error::{Code, Error, Result};

/// A server that does not even accept a connection is not waited for longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What a user of a connection may choose.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) deadline: Option<Duration>,
    pub(super) retries: u32,
    pub(super) max_message: usize,
    pub(super) root_certificates: RootCertificates,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            deadline: None,
            retries: RETRIES,
            max_message: usize::MAX,
            root_certificates: None,
        }
    }
}

/// A channel to one server. A clone is the same channel; any number of threads may
/// use it at once.
#[derive(Clone)]
pub(super) struct Channel {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    transport: tonic::transport::Channel,
    address: String,
    options: Options,
}

impl Channel {
    /// Prepares a channel, which connects with the first call, and again when the
    /// connection breaks.
    ///
    /// # Errors
    /// [`Error::Config`] for an address or certificates that are none;
    /// `RESOURCE_EXHAUSTED` without a thread to work on.
    pub(super) fn open(address: &str, options: Options) -> Result<Channel> {
        let address = Address::parse(address, options.root_certificates.is_some())?;
        let endpoint = address
            .endpoint(&options.root_certificates)?
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("tf-stele/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| Error::Config(error.to_string()))?;
        let address = address.host_port().to_string();
        let runtime = Runtime::new().map_err(|error| Error::Remote {
            code: Code::ResourceExhausted,
            message: format!("no thread for the connection to {address}: {error}"),
        })?;
        let transport = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        Ok(Channel { inner: Arc::new(Inner { runtime, transport, address, options }) })
    }

    /// The server's `host:port`.
    pub(super) fn address(&self) -> &str {
        &self.inner.address
    }

    /// Blocks until work on this channel is done.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.inner.runtime.wait(work).unwrap_or_else(|| Err(self.broken("the call broke off")))
    }

    /// Work on this channel, to be awaited in any runtime.
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
        let Inner { transport, options, address, .. } = &*self.inner;
        let mut request = tonic::Request::new(request);
        if let Some(until) = until {
            request.set_timeout(until.saturating_duration_since(Instant::now()));
        }
        let mut grpc = Grpc::new(transport.clone()).max_decoding_message_size(options.max_message);
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

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({:?})", self.address())
    }
}

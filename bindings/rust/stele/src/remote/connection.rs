//! A connection to a server, as a user opens one, and what its models are asked for.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::channel::{Channel, Options};
use super::model::Model;
use super::proto::inference::{
    ModelRepositoryParameter, RepositoryModelLoadRequest, RepositoryModelUnloadRequest,
    model_repository_parameter::ParameterChoice,
};
use crate::error::{Error, Result};

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
#[derive(Clone, Debug, Default)]
pub struct ConnectionBuilder {
    options: Options,
}

impl ConnectionBuilder {
    /// How long a call may take, its retries included; by default, for ever.
    pub fn deadline(mut self, deadline: Duration) -> ConnectionBuilder {
        self.options.deadline = Some(deadline.min(LONGEST_DEADLINE));
        self
    }

    /// How often a call that finds the server UNAVAILABLE is made again: by
    /// default 4 times, after 0.1 s, 0.2 s, 0.4 s and 0.8 s, give or take a
    /// fifth; later pauses are of a second. A prediction changes nothing on a
    /// server, and may be made twice.
    pub fn retries(mut self, retries: u32) -> ConnectionBuilder {
        self.options.retries = retries;
        self
    }

    /// The most bytes of a message in either direction; by default, any.
    pub fn max_message(mut self, bytes: usize) -> ConnectionBuilder {
        self.options.max_message = bytes;
        self
    }

    /// Speaks TLS to servers whose certificates these, in PEM, vouch for.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> ConnectionBuilder {
        self.options.root_certificates = Some(pem.into());
        self
    }

    /// Prepares a connection to `host:port`, alone or as a URL of `http` or
    /// `https`, whose host is a name, an IPv4 address or an IPv6 address in
    /// brackets. It is made when the first call needs it, and again when it
    /// breaks; never through a proxy, whatever the environment says.
    ///
    /// # Errors
    /// [`Error::Config`] for an address or certificates that are none.
    pub fn open(self, address: &str) -> Result<Connection> {
        Ok(Connection { channel: Channel::open(address, self.options)? })
    }
}

/// A connection to a server, which models share. A clone is the same connection;
/// any number of threads may use it at once.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
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
        self.channel.address()
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
        Model::fetch(&self.channel, name, version)
    }

    /// [`Connection::model_version`]; an empty version is the newest.
    ///
    /// # Errors
    /// As [`Connection::model`].
    pub async fn model_async(&self, name: &str, version: &str) -> Result<Model> {
        Model::fetch_async(&self.channel, name, version).await
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
        self.channel.wait(self.channel.clone().call(request)).map(drop)
    }

    /// Has the server forget a model.
    ///
    /// # Errors
    /// [`Error::Remote`]: `NOT_FOUND` if there is none; as [`Connection::load`].
    pub fn unload(&self, name: &str) -> Result<()> {
        let model_name = name.to_string();
        let request = RepositoryModelUnloadRequest { model_name, ..Default::default() };
        self.channel.wait(self.channel.clone().call(request)).map(drop)
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

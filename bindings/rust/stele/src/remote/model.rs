//! A model on a server, and how to run it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::channel::{Channel, Options};
use super::proto::inference::{
    InferParameter, ModelInferRequest, ModelInferResponse, infer_parameter::ParameterChoice,
};
use super::{signatures, tensors};
use crate::check;
use crate::error::Result;
use crate::outputs::Outputs;
use crate::shape::Shape;
use crate::signature::{DEFAULT_SIGNATURE, Signature, Signatures, TensorSpec};
use crate::tensor::{Tensor, TensorView};

/// The request parameter that chooses a signature.
const SIGNATURE_NAME: &str = "signature_name";

/// A model on a server. A clone is the same model; any number of threads may run
/// it at once.
#[derive(Clone, Debug)]
pub struct Model {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    channel: Channel,
    name: String,
    version: String,
    /// `None` if the server does not say.
    signatures: Option<Signatures>,
}

impl Model {
    /// Connects to a server at `host:port` and asks for the signatures of a model.
    ///
    /// [`Connection::builder`](super::Connection::builder) is for a deadline, other retries, TLS, or several
    /// models of one server.
    ///
    /// # Errors
    /// As [`Connection::open`](super::Connection::open) and
    /// [`Connection::model`](super::Connection::model).
    pub fn connect(address: &str, name: &str) -> Result<Model> {
        Model::fetch(&Channel::open(address, Options::default())?, name, "")
    }

    /// Asks for the signatures of a model; an empty version is the newest.
    pub(super) fn fetch(channel: &Channel, name: &str, version: &str) -> Result<Model> {
        let (name, version) = (name.to_string(), version.to_string());
        channel.wait(Model::ask(channel.clone(), name, version))
    }

    /// [`Model::fetch`], to be awaited.
    pub(super) async fn fetch_async(channel: &Channel, name: &str, version: &str) -> Result<Model> {
        let (name, version) = (name.to_string(), version.to_string());
        channel.run(Model::ask(channel.clone(), name, version)).await
    }

    async fn ask(channel: Channel, name: String, version: String) -> Result<Model> {
        let signatures = signatures::fetch(&channel, &name, &version).await?;
        Ok(Model { inner: Arc::new(Inner { channel, name, version, signatures }) })
    }

    /// The signatures, sorted by name; none if the server does not say what its
    /// model takes.
    pub fn signatures(&self) -> &Signatures {
        static NONE: LazyLock<Signatures> = LazyLock::new(Signatures::default);
        self.inner.signatures.as_ref().unwrap_or(&NONE)
    }

    /// Prepares a signature to be run many times.
    ///
    /// # Errors
    /// [`Error::Signature`](crate::Error::Signature) if there is none of that name;
    /// [`Error::Unsupported`](crate::Error::Unsupported) if one of its tensors is
    /// sparse, composite or of a dtype without a name.
    pub fn runner(&self, signature: &str) -> Result<Runner> {
        let known = match &self.inner.signatures {
            None => None,
            Some(signatures) => {
                let signature = signatures.named(signature)?;
                signature.check_supported()?;
                Some(Arc::clone(signature))
            }
        };
        Ok(Runner { model: Arc::clone(&self.inner), name: signature.to_string(), known })
    }

    /// Runs the signature `serving_default`.
    ///
    /// # Errors
    /// As [`Model::runner`] and [`Runner::run`].
    pub fn run<'t, K, V>(&self, inputs: impl IntoIterator<Item = (K, V)>) -> Result<Outputs>
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        self.runner(DEFAULT_SIGNATURE)?.run(inputs)
    }
}

/// A signature of a model on a server, ready to run. It keeps the connection, and
/// may be used by many threads at once.
#[derive(Clone, Debug)]
pub struct Runner {
    model: Arc<Inner>,
    name: String,
    known: Option<Arc<Signature>>,
}

impl Runner {
    /// The signature that this runs; `None` if the server does not say what its
    /// model takes.
    pub fn signature(&self) -> Option<&Arc<Signature>> {
        self.known.as_ref()
    }

    /// Runs the signature on inputs by name.
    ///
    /// # Errors
    /// [`Error::Name`](crate::Error::Name), [`Error::DType`](crate::Error::DType)
    /// or [`Error::Shape`](crate::Error::Shape) for inputs that do not fit;
    /// [`Error::Remote`](crate::Error::Remote) for whatever the server answers,
    /// and with `UNAVAILABLE` or `DEADLINE_EXCEEDED` if it does not.
    pub fn run<'t, K, V>(&self, inputs: impl IntoIterator<Item = (K, V)>) -> Result<Outputs>
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        let channel = &self.model.channel;
        let call = channel.clone().call(self.request(inputs)?);
        self.outputs(channel.wait(call)?)
    }

    /// [`Runner::run`], to be awaited. The inputs are read before the first wait.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_async<'t, K, V>(
        &self,
        inputs: impl IntoIterator<Item = (K, V)>,
    ) -> impl Future<Output = Result<Outputs>> + Send
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        let request = self.request(inputs);
        async move {
            let channel = &self.model.channel;
            let call = channel.clone().call(request?);
            self.outputs(channel.run(call).await?)
        }
    }

    fn request<'t, K, V>(
        &self,
        inputs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<ModelInferRequest>
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        let mut request = ModelInferRequest {
            model_name: self.model.name.clone(),
            model_version: self.model.version.clone(),
            ..Default::default()
        };
        // Other servers ignore the parameter; only a choice is worth its bytes.
        if self.name != DEFAULT_SIGNATURE {
            let parameter_choice = Some(ParameterChoice::StringParam(self.name.clone()));
            let parameter = InferParameter { parameter_choice };
            request.parameters.insert(SIGNATURE_NAME.to_string(), parameter);
        }
        let inputs = inputs.into_iter().map(|(name, tensor)| (name, tensor.into()));
        match &self.known {
            Some(signature) => {
                let inputs: Vec<_> = inputs.collect();
                let tensors = check::inputs(signature, &inputs)?;
                for (spec, tensor) in signature.inputs.iter().zip(tensors) {
                    tensors::put(&mut request, &spec.name, tensor)?;
                }
            }
            None => {
                for (name, tensor) in inputs {
                    tensors::put(&mut request, name.as_ref(), tensor)?;
                }
            }
        }
        Ok(request)
    }

    fn outputs(&self, response: ModelInferResponse) -> Result<Outputs> {
        let broken = |what: String| self.model.channel.broken(&what);
        let tensors = tensors::take(response).map_err(broken)?;
        let Some(signature) = &self.known else {
            return Ok(as_they_are(&self.name, tensors));
        };
        let mut tensors: HashMap<_, _> = tensors.into_iter().collect();
        let outputs = signature.outputs.iter().map(|spec| {
            let tensor = tensors.remove(&spec.name);
            tensor.ok_or_else(|| broken(format!("no tensor \"{}\"", spec.name)))
        });
        Ok(Outputs::new(Arc::clone(signature), outputs.collect::<Result<_>>()?))
    }
}

/// Outputs of a signature that only they tell of.
fn as_they_are(name: &str, mut tensors: Vec<(String, Tensor)>) -> Outputs {
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (outputs, tensors) = tensors
        .into_iter()
        .map(|(name, tensor)| {
            let dims = tensor.shape().iter().copied().map(Some).collect();
            let (dtype, shape) = (tensor.dtype(), Shape::new(dims));
            (TensorSpec { tensor: name.clone(), name, dtype, shape, default: None }, tensor)
        })
        .unzip();
    let signature = Signature { name: name.to_string(), inputs: Vec::new(), outputs };
    Outputs::new(Arc::new(signature), tensors)
}

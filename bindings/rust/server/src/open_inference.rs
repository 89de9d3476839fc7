//! The Open Inference Protocol.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stele::{Code, TensorSpec};

use crate::inference::{Caller, failed};
use crate::method::Method;
use crate::oip_tensors;
use crate::options::{Options, parse_config, parse_tags};
use crate::proto::inference::infer_parameter::ParameterChoice as InferChoice;
use crate::proto::inference::model_metadata_response::TensorMetadata;
use crate::proto::inference::model_repository_parameter::ParameterChoice;
use crate::proto::inference::repository_index_response::ModelIndex;
use crate::proto::inference::{
    InferParameter, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, ModelRepositoryParameter,
    RepositoryIndexResponse, RepositoryModelLoadRequest, RepositoryModelLoadResponse,
    RepositoryModelUnloadRequest, RepositoryModelUnloadResponse, ServerLiveResponse,
    ServerMetadataResponse, ServerReadyResponse,
};
use crate::refusal::{Refusal, Result, shown};
use crate::services::{Services, beside, decode, encode};
use crate::version::{Source, Version};

/// The signature that runs if a request names none.
pub(crate) const DEFAULT_SIGNATURE: &str = "serving_default";

const PLATFORM: &str = "tensorflow_savedmodel";

/// Parameters of Triton's extensions that change what an answer is: to ignore one would
/// be to answer another question.
pub(crate) const FOREIGN: [&str; 2] = ["classification", "shared_memory_region"];

impl Services {
    /// The server runs, or nobody would answer.
    pub(crate) fn server_live(&self) -> ServerLiveResponse {
        ServerLiveResponse { live: true }
    }

    /// Every model is loaded before the server listens.
    pub(crate) fn server_ready(&self) -> ServerReadyResponse {
        ServerReadyResponse { ready: !self.is_draining() }
    }

    pub(crate) fn server_metadata(&self) -> ServerMetadataResponse {
        ServerMetadataResponse {
            name: "stele".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            extensions: vec!["model_repository".to_string()],
        }
    }

    /// # Errors
    /// NOT_FOUND.
    pub(crate) fn model_ready(&self, request: &ModelReadyRequest) -> Result<ModelReadyResponse> {
        self.version(&request.name, &request.version)?;
        Ok(ModelReadyResponse { ready: !self.is_draining() })
    }

    /// Inputs and outputs of the default signature.
    ///
    /// # Errors
    /// NOT_FOUND for the model or its default signature.
    pub(crate) fn model_metadata(
        &self,
        request: &ModelMetadataRequest,
    ) -> Result<ModelMetadataResponse> {
        let version = self.version(&request.name, &request.version)?;
        let signature = version.signature(DEFAULT_SIGNATURE)?;
        Ok(ModelMetadataResponse {
            name: request.name.clone(),
            versions: vec![version.number.to_string()],
            platform: PLATFORM.to_string(),
            inputs: signature.inputs.iter().map(described).collect(),
            outputs: signature.outputs.iter().map(described).collect(),
        })
    }

    /// Runs a signature.
    ///
    /// # Errors
    /// NOT_FOUND for model, version or signature; else as [`oip_tensors::take`] and
    /// `Inference::run`.
    pub(crate) async fn model_infer(
        &self,
        request: Bytes,
        caller: Option<Caller>,
    ) -> Result<Bytes> {
        let size = request.len();
        let mut request: ModelInferRequest = decode(Method::ModelInfer, request)?;
        let version = self.version(&request.model_name, &request.model_version)?;
        // A model that came between the two looks has a place next time.
        let caller = caller.ok_or_else(|| self.repository.unknown(&request.model_name))?;
        refuse_foreign(&request)?;
        let typed = oip_tensors::is_typed(&request);
        let inputs = beside(size, || oip_tensors::take(&mut request))?;
        let prepared = version.prepare(signature_name(&request.parameters)?)?;
        let wanted: Vec<_> = request.outputs.into_iter().map(|output| output.name).collect();
        let outputs = self.inference.run(prepared, inputs, &wanted, caller).await?;
        let mut response = ModelInferResponse {
            model_name: request.model_name,
            model_version: version.number.to_string(),
            id: request.id,
            ..Default::default()
        };
        oip_tensors::put(&mut response, outputs, typed)?;
        encode(&response)
    }

    /// All models are ready: one that cannot be loaded is not there.
    pub(crate) fn repository_index(&self) -> RepositoryIndexResponse {
        let index = |name: String| {
            let number = self.repository.find(&name)?.current().number;
            let (version, state) = (number.to_string(), "READY".to_string());
            Some(ModelIndex { name, version, state, reason: String::new() })
        };
        let models = self.repository.names().into_iter().filter_map(index).collect();
        RepositoryIndexResponse { models }
    }

    /// Loads a SavedModel folder of this machine, or again one that is there.
    ///
    /// # Errors
    /// FAILED_PRECONDITION unless models are controlled explicitly; INVALID_ARGUMENT for
    /// parameters; else as `Repository::load`.
    pub(crate) async fn model_load(
        &self,
        request: RepositoryModelLoadRequest,
    ) -> Result<RepositoryModelLoadResponse> {
        self.require_explicit()?;
        if request.model_name.is_empty() {
            return Err(Refusal::invalid("model_name is empty"));
        }
        let source = self.source(&request)?;
        let repository = Arc::clone(&self.repository);
        let load =
            tokio::task::spawn_blocking(move || repository.load(&request.model_name, source));
        load.await.unwrap_or_else(|_| Err(failed()))?;
        Ok(RepositoryModelLoadResponse {})
    }

    /// Forgets a model.
    ///
    /// # Errors
    /// FAILED_PRECONDITION unless models are controlled explicitly; NOT_FOUND.
    pub(crate) fn model_unload(
        &self,
        request: &RepositoryModelUnloadRequest,
    ) -> Result<RepositoryModelUnloadResponse> {
        self.require_explicit()?;
        self.repository.unload(&request.model_name)?;
        if let Some(metrics) = &self.metrics {
            metrics.forget(&request.model_name);
        }
        Ok(RepositoryModelUnloadResponse {})
    }

    fn require_explicit(&self) -> Result<()> {
        if self.options.explicit {
            return Ok(());
        }
        Err(Refusal::new(
            Code::FailedPrecondition,
            "this server's models are fixed; start it with --model-control explicit",
        ))
    }

    /// The parameters of a load; what is left out stays as it was, if it was.
    fn source(&self, request: &RepositoryModelLoadRequest) -> Result<Source> {
        let path = text(&request.parameters, "path")?;
        let tags = text(&request.parameters, "tags")?;
        let config = text(&request.parameters, "config")?;
        let served = self.repository.find(&request.model_name);
        let source = match (path, &served) {
            // Whatever the server's own models have, a client means the usual ones.
            (Some(path), _) => Source {
                tags: Options::default().tags,
                ..Source::new(Path::new(path), &self.options)
            },
            (None, Some(served)) => served.source.clone(),
            (None, None) => {
                let name = shown(&request.model_name);
                let message = format!("model \"{name}\": parameter \"path\" is missing");
                return Err(Refusal::invalid(message));
            }
        };
        Ok(Source {
            tags: tags.map_or(source.tags, parse_tags),
            session_config: config.map_or(Ok(source.session_config), parse_config)?,
            ..source
        })
    }

    /// Finds what answers.
    ///
    /// # Errors
    /// NOT_FOUND, naming what is there.
    pub(crate) fn version(&self, name: &str, version: &str) -> Result<Arc<Version>> {
        let current = self.find(name)?.current();
        if version.is_empty() || version == current.number.to_string() {
            return Ok(current);
        }
        Err(Refusal::not_found(format!(
            "no version \"{}\" of model \"{name}\"; this server has \"{}\"",
            shown(version),
            current.number
        )))
    }
}

/// A parameter that must be a string; `None` if it is not given.
fn text<'p>(
    parameters: &'p BTreeMap<String, ModelRepositoryParameter>,
    name: &str,
) -> Result<Option<&'p str>> {
    match parameters.get(name).map(|parameter| &parameter.parameter_choice) {
        None => Ok(None),
        Some(Some(ParameterChoice::StringParam(text))) => Ok(Some(text)),
        Some(_) => Err(not_a_string(name)),
    }
}

pub(crate) fn not_a_string(name: &str) -> Refusal {
    Refusal::invalid(format!("parameter \"{name}\" is not a string"))
}

fn signature_name(parameters: &BTreeMap<String, InferParameter>) -> Result<&str> {
    let parameter = parameters.get("signature_name").map(|own| &own.parameter_choice);
    match parameter {
        Some(Some(InferChoice::StringParam(name))) if !name.is_empty() => Ok(name),
        None | Some(Some(InferChoice::StringParam(_))) => Ok(DEFAULT_SIGNATURE),
        Some(_) => Err(not_a_string("signature_name")),
    }
}

fn refuse_foreign(request: &ModelInferRequest) -> Result<()> {
    let inputs = request.inputs.iter().map(|input| ("input", &input.name, &input.parameters));
    let outputs = request.outputs.iter().map(|own| ("output", &own.name, &own.parameters));
    for (kind, tensor, parameters) in inputs.chain(outputs) {
        if let Some(name) = FOREIGN.iter().find(|name| parameters.contains_key(**name)) {
            return Err(foreign(kind, tensor, name));
        }
    }
    Ok(())
}

/// An input or output has one of the parameters in [`FOREIGN`].
pub(crate) fn foreign(kind: &str, tensor: &str, parameter: &str) -> Refusal {
    let message = format!(
        "{kind} \"{}\" has parameter \"{parameter}\", which this server does not offer",
        shown(tensor)
    );
    Refusal::new(Code::Unimplemented, message)
}

fn described(spec: &TensorSpec) -> TensorMetadata {
    // The protocol has no form for an unknown rank.
    let dims = spec.shape.dims().unwrap_or(&[None]);
    let shape = dims.iter().map(|dim| dim.and_then(|dim| i64::try_from(dim).ok()).unwrap_or(-1));
    let (name, datatype) = (spec.name.clone(), spec.dtype.to_string());
    TensorMetadata { name, datatype, shape: shape.collect() }
}

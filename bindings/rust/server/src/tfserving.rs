//! TensorFlow Serving's API: its codes, its texts.
//!
//! Where TensorFlow Serving has a code and a text that clients may know, they are used;
//! where an input does not fit, the message is stele's, which says more.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use stele::Code;

use crate::inference::Caller;
use crate::memory::{Held, Memory};
use crate::method::Method;
use crate::oip_tensors::Inputs;
use crate::open_inference::DEFAULT_SIGNATURE;
use crate::proto::tensorflow::serving::model_spec::VersionChoice;
use crate::proto::tensorflow::serving::{
    Any, GetModelMetadataRequest, GetModelMetadataResponse, GetModelStatusRequest,
    GetModelStatusResponse, Int64Value, ModelSpec, ModelVersionStatus, PredictRequest,
    PredictResponse, StatusProto, TensorProto,
};
use crate::refusal::{Refusal, Result, shown};
use crate::served::State;
use crate::services::{Services, beside, decode, encode};
use crate::tensor_proto;
use crate::version::{Prepared, Version};

const SIGNATURE_DEF: &str = "signature_def";
const TYPE_URL: &str = "type.googleapis.com/tensorflow.serving.SignatureDefMap";

/// SignatureDefMap, with each SignatureDef as the bytes that it is.
#[derive(Clone, PartialEq, Message)]
struct Signatures {
    #[prost(btree_map = "string, bytes", tag = "1")]
    signature_def: BTreeMap<String, Bytes>,
}

impl Services {
    /// Runs a signature.
    ///
    /// # Errors
    /// NOT_FOUND for the model; FAILED_PRECONDITION for the signature; else as
    /// [`tensor_proto::take`] and `Inference::run`.
    pub(crate) async fn predict(&self, request: Bytes, caller: Option<Caller>) -> Result<Bytes> {
        let size = request.len();
        let request: PredictRequest = decode(Method::Predict, request)?;
        let spec = request.model_spec.as_ref().ok_or_else(missing_spec)?;
        let version = self.wanted_version(spec)?;
        let caller = caller.ok_or_else(|| no_place(spec))?;
        let mut held = Vec::new();
        let inputs = beside(size, || tensors(request.inputs, &caller.memory, &mut held))?;
        let (name, prepared) = prepared(&version, &spec.signature_name)?;
        let outputs = self.inference.run(prepared, inputs, &request.output_filter, caller).await?;
        let model_spec = Some(described(&spec.name, &version, name));
        let large: usize = outputs.iter().map(|(_, output)| output.bytes().len()).sum();
        beside(large, || {
            let outputs = outputs.into_iter();
            let outputs = outputs.map(|(name, output)| (name, tensor_proto::put(&output)));
            encode(&PredictResponse { outputs: outputs.collect(), model_spec })
        })
    }

    /// The signatures, as the SavedModel has them.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for another field; NOT_FOUND for the model.
    pub(crate) fn get_model_metadata(
        &self,
        request: &GetModelMetadataRequest,
    ) -> Result<GetModelMetadataResponse> {
        let spec = request.model_spec.as_ref().ok_or_else(missing_spec)?;
        if request.metadata_field.is_empty() {
            return Err(Refusal::invalid(
                "GetModelMetadataRequest must specify at least one metadata_field",
            ));
        }
        if let Some(field) = request.metadata_field.iter().find(|field| *field != SIGNATURE_DEF) {
            let message = format!("Metadata field {} is not supported", shown(field));
            return Err(Refusal::invalid(message));
        }
        let version = self.wanted_version(spec)?;
        let signatures = Signatures { signature_def: version.definitions.clone() };
        let entry =
            Any { type_url: TYPE_URL.to_string(), value: signatures.encode_to_vec().into() };
        Ok(GetModelMetadataResponse {
            model_spec: Some(described(&spec.name, &version, "")),
            metadata: [(SIGNATURE_DEF.to_string(), entry)].into(),
        })
    }

    /// What became of a model's versions, newest first.
    ///
    /// # Errors
    /// NOT_FOUND for the model or the version.
    pub(crate) fn get_model_status(
        &self,
        request: &GetModelStatusRequest,
    ) -> Result<GetModelStatusResponse> {
        let spec = request.model_spec.as_ref().ok_or_else(missing_spec)?;
        self.status_of(spec)
    }

    /// What became of a model's versions, newest first.
    ///
    /// # Errors
    /// NOT_FOUND for the model or the version.
    pub(crate) fn status_of(&self, spec: &ModelSpec) -> Result<GetModelStatusResponse> {
        let name = shown(&spec.name);
        let served = self.repository.find(&spec.name).ok_or_else(|| {
            Refusal::not_found(format!("Could not find any versions of model {name}"))
        })?;
        let wanted = wanted(spec)?;
        let mut history = served.history();
        if let Some(number) = wanted {
            history.retain(|own, _| *own == number);
            if history.is_empty() {
                let message = format!("Could not find version {number} of model {name}");
                return Err(Refusal::not_found(message));
            }
        }
        let statuses = history.into_iter().rev().map(|(version, state)| {
            let number = state.number();
            let status = match state {
                State::End(Some(error)) => {
                    StatusProto { error_code: error.code.number(), error_message: error.message }
                }
                _ => StatusProto::default(),
            };
            ModelVersionStatus { version, state: number, status: Some(status) }
        });
        Ok(GetModelStatusResponse { model_version_status: statuses.collect() })
    }

    /// Finds what answers.
    ///
    /// # Errors
    /// INVALID_ARGUMENT without a model or for a label; NOT_FOUND.
    pub(crate) fn wanted_version(&self, spec: &ModelSpec) -> Result<Arc<Version>> {
        if spec.name.is_empty() {
            return Err(Refusal::invalid("ModelSpec has no name specified."));
        }
        let wanted = wanted(spec)?;
        let current = self.repository.find(&spec.name).map(|served| served.current());
        let fits = |current: &Arc<Version>| wanted.is_none_or(|number| number == current.number);
        current.filter(fits).ok_or_else(|| {
            let name = shown(&spec.name);
            not_found(&match wanted {
                None => format!("Latest({name})"),
                Some(number) => format!("Specific({name}, {number})"),
            })
        })
    }
}

/// Reads a request's inputs; what is filled in takes room in `memory`, held by `held`.
///
/// # Errors
/// As [`tensor_proto::take`].
pub(crate) fn tensors(
    inputs: BTreeMap<String, TensorProto>,
    memory: &Memory,
    held: &mut Vec<Held>,
) -> Result<Inputs> {
    let take = |(name, proto): (String, TensorProto)| {
        let tensor = tensor_proto::take(&name, proto, memory, held)?;
        Ok((name, tensor))
    };
    inputs.into_iter().map(take).collect()
}

/// The name of the signature that a ModelSpec asks for.
pub(crate) fn or_default(name: &str) -> &str {
    if name.is_empty() { DEFAULT_SIGNATURE } else { name }
}

/// The signature of this name, `serving_default` without one, and its name.
///
/// # Errors
/// FAILED_PRECONDITION if there is none; else as [`Version::prepare`].
pub(crate) fn prepared<'n>(version: &Version, name: &'n str) -> Result<(&'n str, Arc<Prepared>)> {
    let name = or_default(name);
    if !version.definitions.contains_key(name) {
        let message = format!("Serving signature key \"{}\" not found.", shown(name));
        return Err(Refusal::new(Code::FailedPrecondition, message));
    }
    Ok((name, version.prepare(name)?))
}

fn not_found(query: &str) -> Refusal {
    Refusal::not_found(format!("Servable not found for request: {query}"))
}

/// A model that came between the two looks has a place next time.
pub(crate) fn no_place(spec: &ModelSpec) -> Refusal {
    not_found(&format!("Latest({})", shown(&spec.name)))
}

fn missing_spec() -> Refusal {
    Refusal::invalid("Missing ModelSpec")
}

/// The version that a ModelSpec asks for; `None` for the newest.
fn wanted(spec: &ModelSpec) -> Result<Option<i64>> {
    match &spec.version_choice {
        None => Ok(None),
        Some(VersionChoice::Version(number)) => Ok(Some(number.value)),
        // Labels are given in TensorFlow Serving's config file, which is not here.
        Some(VersionChoice::VersionLabel(label)) => {
            Err(Refusal::invalid(format!("Unrecognized servable version label: {}", shown(label))))
        }
    }
}

fn described(name: &str, version: &Version, signature: &str) -> ModelSpec {
    ModelSpec {
        name: name.to_string(),
        version_choice: Some(VersionChoice::Version(Int64Value { value: version.number })),
        signature_name: signature.to_string(),
    }
}

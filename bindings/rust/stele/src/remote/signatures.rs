//! What signatures a model on a server has.

use prost::Message;

use super::channel::Channel;
use super::proto::inference::{ModelMetadataRequest, model_metadata_response::TensorMetadata};
use super::proto::serving::{
    GetModelMetadataRequest, Int64Value, ModelSpec, SignatureDefMap, model_spec::VersionChoice,
};
use crate::dtype::DType;
use crate::error::{Code, Result};
use crate::shape::Shape;
use crate::signature::{DEFAULT_SIGNATURE, Signature, Signatures, TensorSpec};

const FIELD: &str = "signature_def";

/// The signatures of a model; `None` if the server does not say what its model
/// takes, as the Open Inference Protocol allows.
///
/// TensorFlow Serving's API tells them all, as the SavedModel has them. Where a
/// server has no such API, or no model of this name in it, the Open Inference
/// Protocol tells one.
pub(super) async fn fetch(
    channel: &Channel,
    name: &str,
    version: &str,
) -> Result<Option<Signatures>> {
    // TensorFlow Serving's versions are numbers.
    let number = version.parse().ok();
    if number.is_some() || version.is_empty() {
        match of_tensorflow_serving(channel, name, number).await {
            Err(error) if matches!(error.code(), Code::Unimplemented | Code::NotFound) => {}
            signatures => return signatures.map(Some),
        }
    }
    of_open_inference(channel, name, version).await
}

async fn of_tensorflow_serving(
    channel: &Channel,
    name: &str,
    version: Option<i64>,
) -> Result<Signatures> {
    let version_choice = version.map(|value| VersionChoice::Version(Int64Value { value }));
    let spec = ModelSpec { name: name.to_string(), version_choice, ..Default::default() };
    let metadata_field = vec![FIELD.to_string()];
    let request = GetModelMetadataRequest { model_spec: Some(spec), metadata_field };
    let mut response = channel.clone().call(request).await?;
    let value = response.metadata.remove(FIELD).unwrap_or_default().value;
    let map = SignatureDefMap::decode(value);
    let map =
        map.map_err(|error| channel.broken(&format!("the signatures of \"{name}\": {error}")))?;
    // The graph is the server's.
    Ok(Signatures::read(map.signature_def, |_| Shape::unknown_rank()))
}

async fn of_open_inference(
    channel: &Channel,
    name: &str,
    version: &str,
) -> Result<Option<Signatures>> {
    let (name, version) = (name.to_string(), version.to_string());
    let request = ModelMetadataRequest { name, version };
    let response = channel.clone().call(request).await?;
    if response.inputs.is_empty() && response.outputs.is_empty() {
        return Ok(None);
    }
    let (inputs, outputs) = (specs(response.inputs), specs(response.outputs));
    let name = DEFAULT_SIGNATURE.to_string();
    Ok(Some(Signatures::one(Signature { name, inputs, outputs })))
}

fn specs(tensors: Vec<TensorMetadata>) -> Vec<TensorSpec> {
    let mut specs: Vec<_> = tensors.into_iter().map(spec).collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

/// The tensor in the graph is the server's own business; it is there.
fn spec(TensorMetadata { name, datatype, shape }: TensorMetadata) -> TensorSpec {
    let dtype = DType::from_name(&datatype).unwrap_or(DType::Other(0));
    let shape = Shape::new(shape.iter().map(|size| usize::try_from(*size).ok()).collect());
    TensorSpec { tensor: name.clone(), name, dtype, shape, default: None }
}

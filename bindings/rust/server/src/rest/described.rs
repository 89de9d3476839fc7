//! What server, models and signatures are; of TensorFlow Serving's, as protobuf's JSON
//! has it.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde_json::{Map, Value, json};
use stele::Code;

use crate::proto::inference::model_metadata_response::TensorMetadata;
use crate::proto::inference::{ModelMetadataResponse, ServerMetadataResponse};
use crate::proto::stele::savedmodel::{SignatureDef, TensorInfo};
use crate::proto::tensorflow::serving::{GetModelStatusResponse, ModelSpec};
use crate::refusal::{Refusal, Result};
use crate::rest::dtypes::enum_name;
use crate::services::Services;

/// The states of a version, by number.
const STATES: [(i32, &str); 3] = [(20, "LOADING"), (30, "AVAILABLE"), (50, "END")];

/// The states of a model's versions.
pub(crate) fn status(response: &GetModelStatusResponse) -> Bytes {
    let versions = response.model_version_status.iter().map(|version| {
        let state = STATES.iter().find(|(number, _)| *number == version.state);
        let status = version.status.clone().unwrap_or_default();
        json!({
            "version": version.version.to_string(),
            "state": state.map_or("UNKNOWN", |(_, name)| name),
            "status": {
                "error_code": code_name(status.error_code),
                "error_message": status.error_message,
            },
        })
    });
    json!({"model_version_status": versions.collect::<Vec<_>>()}).to_string().into()
}

/// What the server is; beside what it has over gRPC, tensors as they are.
pub(crate) fn server(response: &ServerMetadataResponse) -> Value {
    let mut extensions = response.extensions.clone();
    extensions.push("binary_tensor_data".to_string());
    json!({"name": response.name, "version": response.version, "extensions": extensions})
}

/// What a model's default signature takes and gives.
pub(crate) fn model(response: &ModelMetadataResponse) -> Value {
    let tensors = |tensors: &[TensorMetadata]| {
        let entries = tensors.iter().map(|tensor| {
            json!({"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape})
        });
        entries.collect::<Vec<_>>()
    };
    json!({
        "name": response.name,
        "versions": response.versions,
        "platform": response.platform,
        "inputs": tensors(&response.inputs),
        "outputs": tensors(&response.outputs),
    })
}

fn code_name(number: i32) -> &'static str {
    if number == 0 { "OK" } else { Code::from_number(number).name() }
}

impl Services {
    /// The signatures, as the SavedModel has them.
    ///
    /// # Errors
    /// NOT_FOUND for the model or the version.
    pub(crate) fn described(&self, spec: &ModelSpec) -> Result<Bytes> {
        let version = self.wanted_version(spec)?;
        let damaged = |_| Refusal::new(Code::DataLoss, "a SignatureDef cannot be read");
        let signatures = version.definitions.iter().map(|(name, bytes)| {
            let definition = SignatureDef::decode(bytes.clone()).map_err(damaged)?;
            Ok((name.clone(), signature(&definition)))
        });
        let signatures: Map<String, Value> = signatures.collect::<Result<_>>()?;
        let described = json!({
            "model_spec": {
                "name": spec.name,
                "signature_name": "",
                "version": version.number.to_string(),
            },
            "metadata": {"signature_def": {"signature_def": signatures}},
        });
        Ok(described.to_string().into())
    }
}

fn signature(definition: &SignatureDef) -> Value {
    json!({
        "inputs": tensors(&definition.inputs),
        "outputs": tensors(&definition.outputs),
        "method_name": definition.method_name,
    })
}

fn tensors(infos: &BTreeMap<String, TensorInfo>) -> Map<String, Value> {
    infos.iter().map(|(name, info)| (name.clone(), tensor(info))).collect()
}

fn tensor(info: &TensorInfo) -> Value {
    let shape = info.tensor_shape.clone().unwrap_or_default();
    let dims = shape.dim.iter().map(|dim| json!({"size": dim.size.to_string(), "name": dim.name}));
    json!({
        "dtype": enum_name(info.dtype).map_or_else(|| info.dtype.into(), Value::from),
        "tensor_shape": {"dim": dims.collect::<Vec<_>>(), "unknown_rank": shape.unknown_rank},
        "name": info.name,
    })
}

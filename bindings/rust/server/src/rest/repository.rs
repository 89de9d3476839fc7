//! The Open Inference Protocol's model repository extension, as Triton has it over HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::proto::inference::model_repository_parameter::ParameterChoice;
use crate::proto::inference::{
    ModelRepositoryParameter, RepositoryIndexResponse, RepositoryModelLoadRequest,
};
use crate::refusal::Result;
use crate::rest::infer::string;
use crate::rest::json::Span;

/// The parameters of a load; gRPC passes over others, too.
const PARAMETERS: [&str; 3] = ["path", "tags", "config"];

/// The models that are served.
pub(crate) fn index(response: &RepositoryIndexResponse) -> Value {
    let models = response.models.iter().map(|model| {
        json!({
            "name": model.name,
            "version": model.version,
            "state": model.state,
            "reason": model.reason,
        })
    });
    models.collect()
}

/// Reads what to load; an empty body has no parameters.
///
/// # Errors
/// INVALID_ARGUMENT for what is no request of this form.
pub(crate) fn load(model_name: String, body: &[u8]) -> Result<RepositoryModelLoadRequest> {
    let parameters = if body.is_empty() { BTreeMap::new() } else { parameters(body)? };
    Ok(RepositoryModelLoadRequest { model_name, parameters, ..Default::default() })
}

fn parameters(body: &[u8]) -> Result<BTreeMap<String, ModelRepositoryParameter>> {
    let [own] = Span::document(body)?.members(["parameters"])?;
    let found = own.map_or(Ok([None; 3]), |own| own.members(PARAMETERS))?;
    let given = PARAMETERS.iter().zip(found).filter_map(|(name, value)| Some((name, value?)));
    let read = given.map(|(name, value)| {
        let choice = Some(ParameterChoice::StringParam(string(value, name)?));
        Ok(((*name).to_string(), ModelRepositoryParameter { parameter_choice: choice }))
    });
    read.collect()
}

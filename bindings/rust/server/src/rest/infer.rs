//! The Open Inference Protocol's `infer`, in JSON and with its binary tensor extension:
//! tensors that stand as they are behind the JSON, in its order.

use bytes::Bytes;
use http::HeaderMap;
use jiter::Peek;
use serde_json::json;
use stele::{DType, Signature};

use crate::inference::Caller;
use crate::memory::{Held, Memory};
use crate::oip_tensors::{Inputs, declared, named, raw};
use crate::open_inference::{DEFAULT_SIGNATURE, FOREIGN, foreign, not_a_string};
use crate::output::Outputs;
use crate::proto::inference::model_infer_request::InferInputTensor;
use crate::refusal::{Refusal, Result, shown};
use crate::rest::Answer;
use crate::rest::json::Span;
use crate::rest::route::Named;
use crate::rest::text::Elements;
use crate::rest::values::Values;
use crate::services::{Services, beside};

/// The header that says how many bytes of a body are JSON.
pub(crate) const HEADER_LENGTH: &str = "inference-header-content-length";

/// TensorFlow has no tensors of a higher rank.
const MOST_DIMENSIONS: usize = 254;

/// How many bytes of a body are JSON, if there are others.
///
/// # Errors
/// INVALID_ARGUMENT: the header is no number.
pub(crate) fn header_length(headers: &HeaderMap) -> Result<Option<usize>> {
    let Some(value) = headers.get(HEADER_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = || Refusal::invalid("Inference-Header-Content-Length is no number of bytes");
    length.map(Some).ok_or_else(wrong)
}

/// What a request asks for, besides its inputs.
struct Asked<'j> {
    id: Option<String>,
    signature: String,
    inputs: Option<Span<'j>>,
    outputs: Option<Span<'j>>,
    /// Whether outputs are binary that do not say.
    binary: bool,
}

impl Services {
    /// Runs a signature.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no request of this form; else as `model_infer`.
    pub(crate) async fn infer_json(
        &self,
        Named { model, version }: Named,
        body: Bytes,
        header: Option<usize>,
        caller: Option<Caller>,
    ) -> Result<Answer> {
        let size = body.len();
        let header = header.unwrap_or(size);
        if header > size {
            let message = format!("the request has {size} bytes, of which {header} would be JSON");
            return Err(Refusal::invalid(message));
        }
        let (document, binary) = (body.slice(..header), body.slice(header..));
        let asked = beside(size, || asked(&document))?;
        let version = self.version(&model, &version)?;
        let caller = caller.ok_or_else(|| self.repository.unknown(&model))?;
        let prepared = version.prepare(&asked.signature)?;
        let signature = prepared.signature();
        let (inputs, _held) =
            beside(size, || inputs(asked.inputs, binary, signature, &caller.memory))?;
        let wanted = outputs(asked.outputs, asked.binary, signature)?;
        let names: Vec<_> = wanted.iter().map(|(name, _)| name.clone()).collect();
        let outputs = self.inference.run(prepared, inputs, &names, caller).await?;
        let large: usize = outputs.iter().map(|(_, output)| output.bytes().len()).sum();
        let mut head = json!({"model_name": model, "model_version": version.number.to_string()});
        if let Some(id) = asked.id {
            head["id"] = id.into();
        }
        let is_binary = |index: usize| wanted.get(index).map_or(asked.binary, |(_, own)| *own);
        beside(large, || written(&head.to_string(), outputs, is_binary))
    }
}

fn asked(document: &[u8]) -> Result<Asked<'_>> {
    let [id, parameters, inputs, outputs] =
        Span::document(document)?.members(["id", "parameters", "inputs", "outputs"])?;
    let id = id.map(|id| string(id, "id")).transpose()?;
    let [signature, binary] = parameters
        .map_or(Ok([None, None]), |own| own.members(["signature_name", "binary_data_output"]))?;
    let signature = signature.map(|name| string(name, "signature_name")).transpose()?;
    let signature = signature.filter(|name| !name.is_empty());
    Ok(Asked {
        id,
        signature: signature.unwrap_or_else(|| DEFAULT_SIGNATURE.to_string()),
        inputs,
        outputs,
        binary: binary.map_or(Ok(false), |flag| boolean(flag, "binary_data_output"))?,
    })
}

/// Reads the tensors; what they take is held.
fn inputs(
    span: Option<Span<'_>>,
    mut binary: Bytes,
    signature: &Signature,
    memory: &Memory,
) -> Result<(Inputs, Vec<Held>)> {
    let (mut inputs, mut held) = (Inputs::new(), Vec::new());
    for span in entries(span, "inputs", signature.inputs.len())? {
        inputs.push(input(span, &mut binary, memory, &mut held)?);
    }
    // With one too many, the check of the names says which.
    if !binary.is_empty() && inputs.len() <= signature.inputs.len() {
        let message = format!("the request has {} bytes behind its last tensor", binary.len());
        return Err(Refusal::invalid(message));
    }
    Ok((inputs, held))
}

fn input(
    span: Span<'_>,
    binary: &mut Bytes,
    memory: &Memory,
    held: &mut Vec<Held>,
) -> Result<(String, stele::Tensor)> {
    let [name, shape, datatype, parameters, data] =
        span.members(["name", "shape", "datatype", "parameters", "data"])?;
    let missing = |what: &str| Refusal::invalid(format!("an input has no {what}"));
    let name = string(name.ok_or_else(|| missing("name"))?, "name")?;
    let of_input = |what: &str| Refusal::invalid(format!("tensor \"{}\" {what}", shown(&name)));
    let datatype = datatype.ok_or_else(|| of_input("has no datatype"))?;
    let shape = shape.ok_or_else(|| of_input("has no shape"))?;
    let entry = InferInputTensor {
        datatype: string(datatype, "datatype")?,
        shape: dimensions(shape).map_err(|_| of_input("has a shape that is no list of sizes"))?,
        name: name.clone(),
        ..Default::default()
    };
    let [size, classification, shared] = parameters.map_or(Ok([None; 3]), |own| {
        let [first, second] = FOREIGN;
        own.members(["binary_data_size", first, second])
    })?;
    refuse_foreign("input", &name, [classification, shared])?;
    match (size, data) {
        (Some(size), None) => {
            let text = size.shown();
            let size: Option<usize> = text.parse().ok();
            let size = size.ok_or_else(|| of_input("has a binary_data_size that is none"))?;
            if size > binary.len() {
                let left = binary.len();
                return Err(of_input(&format!(
                    "has a binary_data_size of {size}; {left} bytes are left"
                )));
            }
            let bytes = binary.split_to(size);
            named(entry, |entry| raw(entry, bytes))
        }
        (None, Some(data)) => {
            let declared = declared(&entry).map_err(|what| of_input(&what))?;
            // A string takes its handles here and in the tensor, besides its bytes.
            let element = declared.dtype.size().unwrap_or(64);
            held.push(memory.hold(data.most_values().saturating_mul(element))?);
            let mut values = Values::new(declared.dtype);
            values.item(&mut data.read()).map_err(|refusal| {
                let message = format!("input \"{}\": {}", shown(&name), refusal.message);
                Refusal::new(refusal.code, message)
            })?;
            let tensor = values.shaped(declared).map_err(|what| of_input(&what))?;
            Ok((entry.name, tensor))
        }
        (None, None) => Err(of_input("has neither data nor binary_data_size")),
        (Some(_), Some(_)) => Err(of_input("has both data and binary_data_size")),
    }
}

/// The outputs that are asked for, and whether each is to be binary.
fn outputs(
    span: Option<Span<'_>>,
    binary: bool,
    signature: &Signature,
) -> Result<Vec<(String, bool)>> {
    let entries = entries(span, "outputs", signature.outputs.len())?;
    let read = |span: Span<'_>| {
        let [name, parameters] = span.members(["name", "parameters"])?;
        let name = name.ok_or_else(|| Refusal::invalid("an output has no name"))?;
        let name = string(name, "name")?;
        let [own, classification, shared] = parameters.map_or(Ok([None; 3]), |own| {
            let [first, second] = FOREIGN;
            own.members(["binary_data", first, second])
        })?;
        refuse_foreign("output", &name, [classification, shared])?;
        let binary = own.map_or(Ok(binary), |flag| boolean(flag, "binary_data"))?;
        Ok((name, binary))
    };
    entries.into_iter().map(read).collect()
}

/// The elements of a list, and one more than there may be at most.
fn entries<'j>(span: Option<Span<'j>>, name: &str, most: usize) -> Result<Vec<Span<'j>>> {
    let Some(span) = span else { return Ok(Vec::new()) };
    let mut json = span.read();
    if json.peek()? != Peek::Array {
        return Err(Refusal::invalid(format!("\"{name}\" is not a list")));
    }
    let mut found = Vec::new();
    let mut element = json.array()?;
    while element.is_some() && found.len() <= most {
        found.push(json.skip()?);
        element = json.next_element()?;
    }
    Ok(found)
}

/// A shape.
fn dimensions(span: Span<'_>) -> Result<Vec<i64>> {
    let wrong = || Refusal::invalid("");
    let mut json = span.read();
    if json.peek()? != Peek::Array {
        return Err(wrong());
    }
    let mut found = Vec::new();
    let mut element = json.array()?;
    while let Some(peek) = element {
        if found.len() == MOST_DIMENSIONS || !peek.is_num() {
            return Err(wrong());
        }
        found.push(json.number(peek)?.parse().map_err(|_| wrong())?);
        element = json.next_element()?;
    }
    Ok(found)
}

fn refuse_foreign(kind: &str, tensor: &str, given: [Option<Span<'_>>; 2]) -> Result<()> {
    let mut given = FOREIGN.iter().zip(given);
    match given.find(|(_, value)| value.is_some()) {
        Some((parameter, _)) => Err(foreign(kind, tensor, parameter)),
        None => Ok(()),
    }
}

pub(crate) fn string(span: Span<'_>, name: &str) -> Result<String> {
    let mut json = span.read();
    if json.peek()? == Peek::String { json.string() } else { Err(not_a_string(name)) }
}

fn boolean(span: Span<'_>, name: &str) -> Result<bool> {
    let mut json = span.read();
    match json.peek()? {
        peek @ (Peek::True | Peek::False) => json.boolean(peek),
        _ => Err(Refusal::invalid(format!("parameter \"{name}\" is not true or false"))),
    }
}

/// The answer: `head` with the outputs in it, and those that are binary behind it.
fn written(head: &str, outputs: Outputs, is_binary: impl Fn(usize) -> bool) -> Result<Answer> {
    let mut text = head.trim_end_matches('}').as_bytes().to_vec();
    text.extend(b",\"outputs\":[");
    let mut binary = Vec::new();
    for (index, (name, output)) in outputs.into_iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let described = json!({
            "name": name,
            "datatype": output.dtype().to_string(),
            "shape": output.sizes(),
        });
        text.extend(described.to_string().trim_end_matches('}').as_bytes());
        if is_binary(index) {
            let bytes = output.raw()?;
            let parameters = json!({"binary_data_size": bytes.len()});
            text.extend(format!(",\"parameters\":{parameters}").as_bytes());
            binary.push(bytes);
        } else {
            let elements = Elements::new(&name, &output, false)?;
            if output.dtype() == DType::Bytes && elements.has_bytes() {
                return Err(Refusal::invalid(format!(
                    "output \"{name}\" is not UTF-8: ask for it as binary data"
                )));
            }
            text.extend(b",\"data\":");
            elements.write_flat(&mut text);
        }
        text.push(b'}');
    }
    text.extend(b"]}");
    if binary.is_empty() {
        return Ok(Bytes::from(text).into());
    }
    let json = Some(text.len());
    text.reserve(binary.iter().map(Bytes::len).sum());
    binary.iter().for_each(|bytes| text.extend_from_slice(bytes));
    Ok(Answer { bytes: text.into(), json })
}

//! TensorFlow Serving's `:predict`: requests by row (`instances`) or by column
//! (`inputs`), answered in their form.

use bytes::Bytes;
use jiter::Peek;
use stele::{Signature, TensorSpec};

use crate::inference::Caller;
use crate::memory::{Held, Memory};
use crate::oip_tensors::Inputs;
use crate::output::{Output, Outputs};
use crate::proto::tensorflow::serving::ModelSpec;
use crate::refusal::{Refusal, Result, shown};
use crate::rest::json::{Json, Span};
use crate::rest::text::{Elements, listed, put};
use crate::rest::values::Values;
use crate::services::{Services, beside};
use crate::tfserving::{no_place, or_default};

/// A request's tensors.
#[derive(Clone, Copy)]
enum Given<'j> {
    Rows(Span<'j>),
    Columns(Span<'j>),
}

impl Services {
    /// Runs a signature.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no request of this form, and for the signature;
    /// NOT_FOUND for the model; else as `Inference::run`.
    pub(crate) async fn predict_json(
        &self,
        mut spec: ModelSpec,
        body: Bytes,
        caller: Option<Caller>,
    ) -> Result<Bytes> {
        let size = body.len();
        let (signature, given) = beside(size, || asked(&body))?;
        spec.signature_name = signature.unwrap_or_default();
        let version = self.wanted_version(&spec)?;
        let caller = caller.ok_or_else(|| no_place(&spec))?;
        let name = or_default(&spec.signature_name);
        if !version.definitions.contains_key(name) {
            return Err(Refusal::invalid(format!(
                "Serving signature name: \"{}\" not found in signature def",
                shown(name)
            )));
        }
        let prepared = version.prepare(name)?;
        let signature = prepared.signature();
        let (inputs, _held) = beside(size, || take(given, signature, &caller.memory))?;
        let rows = matches!(given, Given::Rows(_));
        let outputs = self.inference.run(prepared, inputs, &[], caller).await?;
        let large: usize = outputs.iter().map(|(_, output)| output.bytes().len()).sum();
        beside(large, || if rows { by_row(&outputs) } else { by_column(&outputs) })
    }
}

/// The signature and the tensors that a body asks for.
fn asked(body: &[u8]) -> Result<(Option<String>, Given<'_>)> {
    let document = Span::document(body)?;
    let [signature, rows, columns] = document.members(["signature_name", "instances", "inputs"])?;
    let signature = signature.map(|name| {
        let mut json = name.read();
        if json.peek()? == Peek::String {
            return json.string();
        }
        Err(Refusal::invalid(format!(
            "JSON Value: {} not formatted correctly. 'signature_name' key must be a string value.",
            name.shown()
        )))
    });
    let given = match (rows, columns) {
        (Some(rows), None) => Given::Rows(rows),
        (None, Some(columns)) => Given::Columns(columns),
        (None, None) => return Err(Refusal::invalid("Missing 'inputs' or 'instances' key")),
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "JSON object: not formatted correctly, expecting only one of 'inputs' or \
                 'instances' keys to exist",
            ));
        }
    };
    Ok((signature.transpose()?, given))
}

/// Reads the tensors; what they take is held.
fn take(given: Given<'_>, signature: &Signature, memory: &Memory) -> Result<(Inputs, Held)> {
    if signature.inputs.is_empty() {
        let name = shown(&signature.name);
        let message = format!("Failed to get input map for signature: {name}");
        return Err(Refusal::invalid(message));
    }
    let (Given::Rows(span) | Given::Columns(span)) = given;
    // A string takes its handles here and in the tensor, besides its bytes.
    let size = |spec: &TensorSpec| spec.dtype.size().unwrap_or(64);
    let widest = signature.inputs.iter().map(size).max().unwrap_or(0);
    let held = memory.hold(span.most_values().saturating_mul(widest))?;
    let inputs = match given {
        Given::Rows(span) => rows(span, signature)?,
        Given::Columns(span) => columns(span, signature)?,
    };
    Ok((inputs, held))
}

/// `[…]` of values of the only input, or of an object of all inputs for each row.
fn rows(span: Span<'_>, signature: &Signature) -> Result<Inputs> {
    let mut json = span.read();
    if json.peek()? != Peek::Array {
        return Err(Refusal::invalid("Expecting 'instances' value to be an list/array"));
    }
    let specs = &signature.inputs;
    let mut inputs: Vec<Values> = specs.iter().map(|spec| Values::new(spec.dtype)).collect();
    let Some(first) = json.array()? else {
        return Err(Refusal::invalid("No values in 'instances' array"));
    };
    if first != Peek::Object && specs.len() > 1 {
        return Err(Refusal::invalid(
            "instances is a plain list, but expecting list of objects as multiple input \
             tensors required as per tensorinfo_map",
        ));
    }
    let named = is_row_object(&json, first)?;
    let (mut row, mut element) = (0, Some(first));
    while let Some(peek) = element {
        if is_row_object(&json, peek)? != named {
            let (expected, found) =
                if named { ("object", "list") } else { ("value/list", "object") };
            return Err(Refusal::invalid(format!(
                "Expecting {expected} but got {found} at item {row} of input list"
            )));
        }
        if named {
            row_object(&mut json, row, specs, &mut inputs)?;
        } else if let (Some(values), Some(spec)) = (inputs.first_mut(), specs.first()) {
            values.item(&mut json).map_err(|refusal| in_row(&refusal, row, &spec.name))?;
        }
        row += 1;
        element = json.next_element()?;
    }
    let given = specs.iter().zip(inputs).filter(|(_, values)| values.items > 0);
    given.map(|(spec, values)| named_tensor(spec, values.batch())).collect()
}

/// One row: an object with a value for each input, but for those that have a default.
fn row_object(
    json: &mut Json<'_>,
    row: usize,
    specs: &[TensorSpec],
    inputs: &mut [Values],
) -> Result<()> {
    let mut whole = json.clone();
    let mut key = json.object()?;
    while let Some(name) = key {
        let own = specs.iter().zip(&mut *inputs).find(|(spec, _)| spec.name == name);
        let Some((_, values)) = own else {
            let message = format!("JSON object: does not have named input: {}", shown(&name));
            return Err(in_row(&Refusal::invalid(message), row, &name));
        };
        values.item(json).map_err(|refusal| in_row(&refusal, row, &name))?;
        key = json.next_key()?;
    }
    let fits = |(spec, values): (&TensorSpec, &Values)| {
        values.items == row + 1 || (values.items == 0 && spec.default.is_some())
    };
    if specs.iter().zip(&*inputs).all(fits) {
        return Ok(());
    }
    let names: Vec<_> = specs.iter().map(|spec| &*spec.name).collect();
    Err(Refusal::invalid(format!(
        "Failed to process element: {row} of 'instances' list. JSON object: {} keys must be \
         equal to: {}",
        whole.skip()?.shown(),
        names.join(",")
    )))
}

fn in_row(refusal: &Refusal, row: usize, input: &str) -> Refusal {
    let (code, message) = (refusal.code, &refusal.message);
    Refusal::new(
        code,
        format!(
            "Failed to process element: {row} key: {} of 'instances' list. Error: {code}: {message}",
            shown(input)
        ),
    )
}

/// The value of the only input, or an object of all inputs.
fn columns(span: Span<'_>, signature: &Signature) -> Result<Inputs> {
    let mut json = span.read();
    let peek = json.peek()?;
    if is_row_object(&json, peek)? {
        return named_columns(&mut json, signature);
    }
    let [spec] = &*signature.inputs else {
        return Err(Refusal::invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors \
             required as per tensorinfo_map",
        ));
    };
    Ok(vec![column(&mut json, spec)?])
}

fn named_columns(json: &mut Json<'_>, signature: &Signature) -> Result<Inputs> {
    let mut inputs = Inputs::new();
    let mut key = json.object()?;
    while let Some(name) = key {
        let twice = inputs.iter().any(|(own, _)| *own == name);
        let spec = signature.inputs.iter().find(|spec| spec.name == name);
        let Some(spec) = spec.filter(|_| !twice) else {
            let name = shown(&name);
            let names = if twice { vec![&name, &name] } else { vec![&name] };
            signature.check_names(&names)?;
            return Err(Refusal::invalid(format!("no input \"{name}\"")));
        };
        inputs.push(column(json, spec)?);
        key = json.next_key()?;
    }
    Ok(inputs)
}

fn column(json: &mut Json<'_>, spec: &TensorSpec) -> Result<(String, stele::Tensor)> {
    let mut values = Values::new(spec.dtype);
    values.item(json).map_err(|refusal| {
        Refusal::new(refusal.code, format!("input \"{}\": {}", spec.name, refusal.message))
    })?;
    named_tensor(spec, values.alone())
}

fn named_tensor(
    spec: &TensorSpec,
    tensor: std::result::Result<stele::Tensor, String>,
) -> Result<(String, stele::Tensor)> {
    let name = &spec.name;
    let tensor = tensor.map_err(|what| Refusal::invalid(format!("tensor \"{name}\" {what}")))?;
    Ok((name.clone(), tensor))
}

/// Whether a value is an object of inputs: not a string in base64.
fn is_row_object(json: &Json<'_>, peek: Peek) -> Result<bool> {
    if peek != Peek::Object {
        return Ok(false);
    }
    let mut ahead = json.clone();
    let is_base64 = ahead.object()?.as_deref() == Some("b64")
        && ahead.peek()? == Peek::String
        && ahead.skip().and_then(|_| ahead.next_key())?.is_none();
    Ok(!is_base64)
}

/// Strings are bytes, by TensorFlow Serving's rule, if their tensor is called so.
fn elements<'o>(name: &str, output: &'o Output) -> Result<Elements<'o>> {
    Elements::new(name, output, name.ends_with("_bytes"))
}

/// `{"predictions": […]}`: for each row a value, or an object of all outputs.
fn by_row(outputs: &Outputs) -> Result<Bytes> {
    let mut batch = None;
    let mut all = Vec::with_capacity(outputs.len());
    for (name, output) in outputs {
        let Some(size) = output.sizes().first().copied() else {
            return Err(Refusal::invalid(format!("Tensor name: {name} has no shape information ")));
        };
        let expected = *batch.get_or_insert(size);
        if size != expected {
            return Err(Refusal::invalid(format!(
                "Tensor name: {name} has inconsistent batch size: {size} expecting: {expected}"
            )));
        }
        all.push((name, elements(name, output)?));
    }
    let mut text = b"{\"predictions\":".to_vec();
    listed(&mut text, batch.unwrap_or(0), |text, row| {
        if let [(_, elements)] = &*all {
            elements.write_row(text, row);
        } else {
            object(text, &all, |text, elements| elements.write_row(text, row));
        }
    });
    text.push(b'}');
    Ok(text.into())
}

/// `{"outputs": …}`: the value of the only output, or an object of all.
fn by_column(outputs: &Outputs) -> Result<Bytes> {
    let all = outputs.iter().map(|(name, output)| Ok((name, elements(name, output)?)));
    let all: Vec<_> = all.collect::<Result<_>>()?;
    let mut text = b"{\"outputs\":".to_vec();
    if let [(_, elements)] = &*all {
        elements.write(&mut text);
    } else {
        object(&mut text, &all, |text, elements| elements.write(text));
    }
    text.push(b'}');
    Ok(text.into())
}

fn object(
    text: &mut Vec<u8>,
    all: &[(&String, Elements<'_>)],
    mut write: impl FnMut(&mut Vec<u8>, &Elements<'_>),
) {
    text.push(b'{');
    for (index, (name, elements)) in all.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        put(text, name);
        text.push(b':');
        write(text, elements);
    }
    text.push(b'}');
}

//! The SignatureDefs of a SavedModel as they are, with every field that the file has:
//! clients of TensorFlow Serving ask for them.
//!
//! Messages are read as fields and written as fields, so that none is lost that
//! `proto/saved_model.proto` does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint};
use stele::{Error, Shape, Signature, TensorSpec};

use crate::wire::{self, Field};

// Numbers of fields, in tensorflow/core/protobuf/{saved_model,meta_graph}.proto.
const META_GRAPHS: u32 = 2;
const META_INFO: u32 = 1;
const TAGS: u32 = 4;
const SIGNATURES: u32 = 5;
const INPUTS: u32 = 1;
const OUTPUTS: u32 = 2;
const TENSOR_SHAPE: u32 = 3;
const DIMENSIONS: u32 = 2;
const SIZE: u32 = 1;
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// The serialized SignatureDef of each signature, with the graph's shape for each
/// tensor that has none in it: clients have no graph to look it up in.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read<'s>(
    folder: &Path,
    tags: &[String],
    signatures: impl IntoIterator<Item = &'s Signature>,
) -> Result<BTreeMap<String, Bytes>, Error> {
    let file = folder.join("saved_model.pb");
    let bytes = Bytes::from(fs::read(&file).map_err(|error| Error::file(&file, &error))?);
    let damaged = || Error::Corrupt(format!("\"{}\" changed while it was read", file.display()));
    let mut found = defined(bytes, tags).ok_or_else(damaged)?;
    let shaped = signatures.into_iter().map(|signature| {
        let definition = found.remove(&signature.name)?;
        Some((signature.name.clone(), with_shapes(definition, signature)?))
    });
    shaped.collect::<Option<_>>().ok_or_else(damaged)
}

/// The SignatureDefs of the graph that has exactly these tags.
fn defined(model: Bytes, tags: &[String]) -> Option<BTreeMap<String, Bytes>> {
    let wanted: BTreeSet<&[u8]> = tags.iter().map(String::as_bytes).collect();
    for graph in wire::messages(model, META_GRAPHS)? {
        let infos = wire::messages(graph.clone(), META_INFO)?;
        let tags: Option<Vec<_>> =
            infos.into_iter().map(|info| wire::messages(info, TAGS)).collect();
        let tags: Vec<Bytes> = tags?.into_iter().flatten().collect();
        if tags.iter().map(|tag| &**tag).collect::<BTreeSet<_>>() == wanted {
            let entries = wire::messages(graph, SIGNATURES)?;
            return entries.into_iter().map(entry).collect();
        }
    }
    None
}

/// The name and value of an entry of a map.
fn entry(bytes: Bytes) -> Option<(String, Bytes)> {
    let key = wire::messages(bytes.clone(), KEY)?.pop().unwrap_or_default();
    let value = wire::messages(bytes, VALUE)?.pop().unwrap_or_default();
    Some((String::from_utf8(key.to_vec()).ok()?, value))
}

fn with_shapes(definition: Bytes, signature: &Signature) -> Option<Bytes> {
    let mut shaped = BytesMut::with_capacity(definition.len() + 64);
    let mut rest = definition;
    while let Some(Field { number, whole, content }) = wire::next(&mut rest)? {
        let specs = match number {
            INPUTS => &signature.inputs,
            OUTPUTS => &signature.outputs,
            _ => {
                shaped.put(whole);
                continue;
            }
        };
        let (name, info) = entry(content.clone())?;
        let spec = specs.iter().find(|spec| spec.name == name);
        match spec.and_then(|spec| missing_shape(&info, spec)) {
            Some(shape) => {
                let info = [&*info, &*message(TENSOR_SHAPE, &shape)].concat();
                let entry = [message(KEY, name.as_bytes()), message(VALUE, &info)].concat();
                shaped.put(&*message(number, &entry));
            }
            None => shaped.put(whole),
        }
    }
    Some(shaped.freeze())
}

/// The graph's shape as a TensorShapeProto, if the TensorInfo has none.
fn missing_shape(info: &Bytes, spec: &TensorSpec) -> Option<Vec<u8>> {
    if !wire::messages(info.clone(), TENSOR_SHAPE)?.is_empty() {
        return None;
    }
    Some(shape_proto(&spec.shape)?.to_vec())
}

/// `None` for an unknown rank.
fn shape_proto(shape: &Shape) -> Option<BytesMut> {
    let mut proto = BytesMut::new();
    for dim in shape.dims()? {
        let mut size = BytesMut::new();
        encode_key(SIZE, WireType::Varint, &mut size);
        let dim = dim.and_then(|dim| i64::try_from(dim).ok()).unwrap_or(-1);
        encode_varint(dim.cast_unsigned(), &mut size);
        proto.put(&*message(DIMENSIONS, &size));
    }
    Some(proto)
}

fn message(number: u32, content: &[u8]) -> Vec<u8> {
    let mut field = Vec::with_capacity(content.len() + 12);
    encode_key(number, WireType::LengthDelimited, &mut field);
    encode_varint(content.len() as u64, &mut field);
    field.extend(content);
    field
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::proto::stele::savedmodel::TensorInfo;

    #[test]
    fn a_shape_is_added_where_there_is_none_and_nothing_is_lost() {
        let unknown = message(99, b"kept");
        let info = [message(1, b"op:0"), unknown.clone()].concat();
        let entry = [message(KEY, b"x"), message(VALUE, &info)].concat();
        let definition = Bytes::from([message(INPUTS, &entry), unknown.clone()].concat());
        let models = std::env::var("STELE_MODELS").unwrap();
        let model = stele::SavedModel::read(format!("{models}/digits/saved_model")).unwrap();
        let signatures = model.signatures(["serve"]).unwrap();
        let mut signature = (*signatures[0]).clone();
        signature.inputs[0].name = "x".to_string();
        let shaped = with_shapes(definition, &signature).unwrap();
        assert!(shaped.ends_with(&unknown));
        let entry = wire::messages(shaped, INPUTS).unwrap().pop().unwrap();
        let info = wire::messages(entry, VALUE).unwrap().pop().unwrap();
        let sizes: Vec<_> = TensorInfo::decode(info.clone()).unwrap().tensor_shape.unwrap().dim;
        assert_eq!(sizes.iter().map(|dim| dim.size).collect::<Vec<_>>(), [-1, 8, 8, 1]);
        assert_eq!(wire::messages(info, 99).unwrap(), [Bytes::from_static(b"kept")]);
    }
}

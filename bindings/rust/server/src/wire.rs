//! Protobuf's wire format, field by field, without a copy.

use bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::refusal::cut;

/// Bytes of a model's name at most: a longer one names no folder.
const NAME: usize = 4096;

/// One field of a message.
pub(crate) struct Field {
    pub(crate) number: u32,
    /// With its key.
    pub(crate) whole: Bytes,
    /// Of a string, bytes or a message; empty for a number.
    pub(crate) content: Bytes,
}

/// The next field; `Some(None)` at the end, `None` if these bytes are no message.
#[allow(clippy::option_option)]
pub(crate) fn next(rest: &mut Bytes) -> Option<Option<Field>> {
    if !rest.has_remaining() {
        return Some(None);
    }
    let start = rest.clone();
    let (number, kind) = decode_key(rest).ok()?;
    let content = if kind == WireType::LengthDelimited {
        let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
        (length <= rest.len()).then(|| rest.split_to(length))?
    } else {
        skip_field(kind, number, rest, DecodeContext::default()).ok()?;
        Bytes::new()
    };
    let whole = start.slice(..start.len() - rest.len());
    Some(Some(Field { number, whole, content }))
}

/// The contents of each field of this number; `None` if these bytes are no message.
pub(crate) fn messages(mut message: Bytes, number: u32) -> Option<Vec<Bytes>> {
    let mut found = Vec::new();
    while let Some(field) = next(&mut message)? {
        if field.number == number {
            found.push(field.content);
        }
    }
    Some(found)
}

/// The model's name that a message has at the end of a path of field numbers, cut where no
/// name is so long; empty if it has none. Whatever is read by this alone is not yet known
/// to be a message.
pub(crate) fn name(message: &Bytes, path: &[u32]) -> String {
    let mut found = message.clone();
    for number in path {
        found = last(found, *number).unwrap_or_default();
    }
    cut(std::str::from_utf8(&found).unwrap_or_default(), NAME).to_string()
}

/// Of several, the last one counts.
fn last(mut message: Bytes, number: u32) -> Option<Bytes> {
    let mut found = None;
    while let Some(field) = next(&mut message)? {
        if field.number == number {
            found = Some(field.content);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::proto::tensorflow::serving::{ModelSpec, PredictRequest};

    #[test]
    fn a_name_is_found_without_decoding() {
        let spec = ModelSpec { name: "digits".to_string(), ..Default::default() };
        let request = PredictRequest { model_spec: Some(spec), ..Default::default() };
        let bytes = Bytes::from(request.encode_to_vec());
        assert_eq!(name(&bytes, &[1, 1]), "digits");
        assert_eq!(name(&bytes, &[2, 1]), "");
        assert_eq!(name(&bytes.slice(..bytes.len() - 1), &[1, 1]), "");
    }
}

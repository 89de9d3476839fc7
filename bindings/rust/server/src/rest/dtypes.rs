//! TensorFlow's own names of its dtypes, which its REST shows.

/// By number, which is its place.
const NAMES: [&str; 24] = [
    "INVALID",
    "FLOAT",
    "DOUBLE",
    "INT32",
    "UINT8",
    "INT16",
    "INT8",
    "STRING",
    "COMPLEX64",
    "INT64",
    "BOOL",
    "QINT8",
    "QUINT8",
    "QINT32",
    "BFLOAT16",
    "QINT16",
    "QUINT16",
    "UINT16",
    "COMPLEX128",
    "HALF",
    "RESOURCE",
    "VARIANT",
    "UINT32",
    "UINT64",
];

/// Such as `DT_FLOAT`; `None` for a number that has no name here.
pub(crate) fn enum_name(number: i32) -> Option<String> {
    let name = NAMES.get(usize::try_from(number).ok()?)?;
    Some(format!("DT_{name}"))
}

/// Such as `float`.
pub(crate) fn display_name(number: i32) -> String {
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
    name.map_or_else(|| number.to_string(), |name| name.to_ascii_lowercase())
}

//! The tables of `bindings/contract`, for the tests of the crate's files, too.

use std::fs;
use std::path::Path;

/// The rows of a table, without its header and comments.
pub(crate) fn table<const N: usize>(name: &str, header: &[&str; N]) -> Vec<[String; N]> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract").join(name);
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap().split('\t').collect::<Vec<_>>(), header, "{name}");
    let row = |line: &str| -> [String; N] {
        let fields: Vec<_> = line.split('\t').map(String::from).collect();
        fields.try_into().unwrap_or_else(|fields| panic!("{name}: {fields:?}"))
    };
    let rows: Vec<_> = lines.filter(|line| !line.starts_with('#')).map(row).collect();
    assert!(!rows.is_empty(), "{name}");
    rows
}

/// The bytes of a field that has them in hexadecimal.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

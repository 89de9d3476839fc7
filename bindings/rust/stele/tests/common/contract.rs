//! The tables of `bindings/contract`.

use std::fs;
use std::path::Path;

/// The rows of a table, without its header and comments.
pub(crate) fn table(name: &str, header: &[&str]) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract").join(name);
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap().split('\t').collect::<Vec<_>>(), header, "{name}");
    let rows = lines.filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<String>> =
        rows.map(|line| line.split('\t').map(String::from).collect()).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == header.len()), "{name}");
    rows
}

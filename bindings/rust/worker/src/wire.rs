//! Lines of tab-separated, escaped fields: requests, replies, `tensors.tsv`.

/// Each character that cannot stand for itself, and how it is written.
const ESCAPES: [(char, char); 5] =
    [('\\', '\\'), ('\t', 't'), ('\n', 'n'), ('\r', 'r'), ('\0', '0')];

/// Joins fields into a line, without its end.
pub(crate) fn join<S: AsRef<str>>(fields: impl IntoIterator<Item = S>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|field| escape(field.as_ref())).collect();
    fields.join("\t")
}

/// Splits a line into its fields.
///
/// # Errors
/// Names an escape that there is not.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    line.split('\t').map(unescape).collect()
}

/// What is said of a name or path that no file, signature or tensor can have.
pub(crate) fn holds_nul(field: &str) -> String {
    format!("a name or path holds a NUL: \"{}\"", field.replace('\0', "\\0"))
}

fn escape(field: &str) -> String {
    let mut escaped = String::with_capacity(field.len());
    for character in field.chars() {
        match ESCAPES.iter().find(|(raw, _)| *raw == character) {
            Some((_, letter)) => escaped.extend(['\\', *letter]),
            None => escaped.push(character),
        }
    }
    escaped
}

fn unescape(field: &str) -> Result<String, String> {
    let mut raw = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            raw.push(character);
            continue;
        }
        let letter = characters.next();
        let escape = ESCAPES.iter().find(|(_, escaped)| Some(*escaped) == letter);
        raw.push(escape.ok_or_else(|| format!("a bad escape in \"{field}\""))?.0);
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_survives(fields in prop::collection::vec("(?s).*", 1..5)) {
            let line = join(&fields);
            prop_assert!(!line.contains(['\n', '\r', '\0']));
            prop_assert_eq!(split(&line), Ok(fields));
        }
    }

    #[test]
    fn escapes_are_those_of_the_protocol() {
        assert_eq!(join(["a\tb", "\\\n\r\0"]), "a\\tb\t\\\\\\n\\r\\0");
        assert!(split("a\\x").is_err());
        assert!(split("a\\").is_err());
    }
}

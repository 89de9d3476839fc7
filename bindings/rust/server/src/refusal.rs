//! Why a call is not answered: a canonical code and a message.

use std::borrow::Cow;

use stele::{Code, Error};

/// Bytes of a client's text that a message repeats.
const SHOWN: usize = 512;

/// Bytes of a message that travels: percent-encoded in a header, of which a client that
/// is not told otherwise takes 8 KiB. A longer one would cost it the code too.
const MESSAGE: usize = 4096;

/// A result of the server.
pub type Result<T> = std::result::Result<T, Refusal>;

/// A call that is refused or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As everywhere in stele.
    pub code: Code,
    /// For the client.
    pub message: String,
}

impl Refusal {
    /// With any code.
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(Code::InvalidArgument, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(Code::NotFound, message)
    }

    /// There is no method of this path.
    pub(crate) fn no_method(path: &str) -> Refusal {
        Refusal::new(Code::Unimplemented, format!("no method \"{}\"", shown(path)))
    }

    /// The request is compressed.
    pub(crate) fn compressed() -> Refusal {
        let message = "the request is compressed, which this server does not understand";
        Refusal::new(Code::Unimplemented, message)
    }

    /// The server takes no calls any more.
    pub(crate) fn stopping() -> Refusal {
        Refusal::new(Code::Unavailable, "the server is stopping")
    }

    /// The message, cut to what fits into a header.
    pub(crate) fn short(&self) -> Cow<'_, str> {
        if encoded(&self.message) <= MESSAGE {
            return Cow::Borrowed(&self.message);
        }
        let mut kept = cut(&self.message, MESSAGE);
        while encoded(kept) > MESSAGE {
            kept = cut(kept, kept.len() * 3 / 4);
        }
        Cow::Owned(format!("{kept} …"))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::new(error.code(), error.message())
    }
}

/// Bytes of a text when it is percent-encoded, as gRPC does; counted no further than
/// needed to know that it is too long.
fn encoded(text: &str) -> usize {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'%';
    text.bytes().take(MESSAGE + 1).map(|byte| if plain(byte) { 1 } else { 3 }).sum()
}

/// The beginning of a text, at most so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    // A character has at most four bytes.
    let ends = (0..4).filter_map(|less| bytes.min(text.len()).checked_sub(less));
    ends.filter_map(|end| text.get(..end)).next().unwrap_or_default()
}

/// A client's text as a message repeats it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{} …", cut(text, SHOWN)))
}

/// Names as messages list them: `"a", "b"`.
pub(crate) fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("\"{}\"", name.as_ref())).collect();
    if names.is_empty() { "none".to_string() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_into_a_header() {
        let long = Refusal::invalid("é".repeat(10_000));
        assert!(encoded(&long.short()) <= MESSAGE + 8);
        assert!(long.short().ends_with(" …"));
        assert_eq!(Refusal::invalid("short").short(), "short");
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!(cut("éé", 3), "é");
        assert!(shown(&"é".repeat(60 << 20)).len() < 600);
    }
}

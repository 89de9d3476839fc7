//! JSON, read once from front to back: what a request holds is never built as a tree,
//! which would take many times its bytes.
//!
//! As TensorFlow Serving does, `NaN`, `Infinity` and `-Infinity` are numbers.

use jiter::{Jiter, JiterError, JiterErrorType, Peek};

use crate::refusal::{Refusal, Result, shown};

/// A JSON value, by its text in a document. What has been skipped once is well-formed,
/// and is nested no deeper than the parser allows: 200 lists or objects.
#[derive(Clone, Copy)]
pub(crate) struct Span<'j> {
    text: &'j [u8],
    /// In the document.
    start: usize,
}

impl<'j> Span<'j> {
    /// A document.
    ///
    /// # Errors
    /// INVALID_ARGUMENT: it is not UTF-8.
    pub(crate) fn document(text: &'j [u8]) -> Result<Span<'j>> {
        match std::str::from_utf8(text) {
            Ok("") => Err(parse_error("The document is empty", None)),
            Ok(_) => Ok(Span { text, start: 0 }),
            Err(error) => Err(parse_error("not UTF-8", Some(error.valid_up_to()))),
        }
    }

    /// Reads it.
    pub(crate) fn read(&self) -> Json<'j> {
        let parser = Jiter::new(self.text).with_allow_inf_nan();
        Json { parser, start: self.start }
    }

    /// At most so many values are in it.
    pub(crate) fn most_values(&self) -> usize {
        self.text.iter().filter(|byte| **byte == b',').count() + 1
    }

    /// As a message repeats it.
    pub(crate) fn shown(&self) -> String {
        shown(&String::from_utf8_lossy(self.text.get(..1024).unwrap_or(self.text))).into_owned()
    }

    /// The values of an object's members of these names; other members are skipped.
    ///
    /// # Errors
    /// INVALID_ARGUMENT: it is not JSON, no object, or has one of them twice.
    pub(crate) fn members<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<Span<'j>>; N]> {
        let mut found = [None; N];
        let mut json = self.read();
        if json.peek()? != Peek::Object {
            let value = json.skip()?;
            json.finish()?;
            return Err(Refusal::invalid(format!("JSON Value: {} Is not object", value.shown())));
        }
        let mut key = json.object()?;
        while let Some(name) = key {
            json.peek()?;
            let value = json.skip()?;
            if let Some(at) = names.iter().position(|own| *own == name)
                && let Some(slot) = found.get_mut(at)
                && slot.replace(value).is_some()
            {
                return Err(Refusal::invalid(format!("\"{name}\" is given twice")));
            }
            key = json.next_key()?;
        }
        json.finish()?;
        Ok(found)
    }
}

/// Where the reading of a value is.
#[derive(Clone)]
pub(crate) struct Json<'j> {
    parser: Jiter<'j>,
    /// Of the value in its document.
    start: usize,
}

impl<'j> Json<'j> {
    /// What kind of value comes.
    pub(crate) fn peek(&mut self) -> Result<Peek> {
        self.parser.peek().map_err(|error| self.wrong(&error))
    }

    /// Enters a list; what its first element is, if it has one.
    pub(crate) fn array(&mut self) -> Result<Option<Peek>> {
        self.parser.known_array().map_err(|error| self.wrong(&error))
    }

    /// What the next element of a list is, if there is one.
    pub(crate) fn next_element(&mut self) -> Result<Option<Peek>> {
        self.parser.array_step().map_err(|error| self.wrong(&error))
    }

    /// Enters an object; its first key, if it has one.
    pub(crate) fn object(&mut self) -> Result<Option<String>> {
        let key = self.parser.known_object().map(|key| key.map(str::to_string));
        key.map_err(|error| self.wrong(&error))
    }

    /// The next key of an object, if there is one.
    pub(crate) fn next_key(&mut self) -> Result<Option<String>> {
        let key = self.parser.next_key().map(|key| key.map(str::to_string));
        key.map_err(|error| self.wrong(&error))
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, peek: Peek) -> Result<bool> {
        self.parser.known_bool(peek).map_err(|error| self.wrong(&error))
    }

    /// The text of a number.
    pub(crate) fn number(&mut self, peek: Peek) -> Result<&'j str> {
        let start = self.parser.current_index();
        let read = self.parser.known_number_bytes(peek).map(|_| ());
        read.map_err(|error| self.wrong(&error))?;
        Ok(std::str::from_utf8(self.parser.slice_to_current(start)).unwrap_or_default())
    }

    /// A string.
    pub(crate) fn string(&mut self) -> Result<String> {
        let text = self.parser.next_str().map(str::to_string);
        text.map_err(|error| self.wrong(&error))
    }

    /// Any value, which `peek` has found.
    pub(crate) fn skip(&mut self) -> Result<Span<'j>> {
        let start = self.parser.current_index();
        self.parser.next_skip().map_err(|error| self.wrong(&error))?;
        Ok(Span { text: self.parser.slice_to_current(start), start: self.start + start })
    }

    /// # Errors
    /// There is more.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.parser.finish().map_err(|error| self.wrong(&error))
    }

    fn wrong(&self, error: &JiterError) -> Refusal {
        let what = match &error.error_type {
            JiterErrorType::JsonError(kind) => kind.to_string(),
            JiterErrorType::WrongType { expected, actual } => {
                format!("expected {expected} but found {actual}")
            }
        };
        parse_error(&what, Some(self.start + error.index))
    }
}

fn parse_error(what: &str, offset: Option<usize>) -> Refusal {
    let at = offset.map_or_else(String::new, |offset| format!(" at offset: {offset}"));
    Refusal::invalid(format!("JSON Parse error: {what}{at}"))
}

/// What messages call a kind of value.
pub(crate) fn kind(peek: Peek) -> &'static str {
    match peek {
        Peek::Null => "Null",
        Peek::True => "True",
        Peek::False => "False",
        Peek::String => "String",
        Peek::Array => "Array",
        Peek::Object => "Object",
        _ => "Number",
    }
}

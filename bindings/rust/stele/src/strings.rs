//! The elements of a BYTES tensor, wherever they are.

use crate::buffer::StringBuffer;

/// The strings of a tensor in row-major order, read in place.
#[derive(Clone, Debug)]
pub struct Strings<'a> {
    source: Source<'a>,
    next: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Source<'a> {
    Host(&'a StringBuffer),
    TensorFlow(&'a crate::sys::RawTensor),
}

impl<'a> Strings<'a> {
    pub(crate) fn new(source: Source<'a>) -> Strings<'a> {
        Strings { source, next: 0 }
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let string = match self.source {
            Source::Host(buffer) => buffer.get(self.next),
            Source::TensorFlow(tensor) => tensor.string(self.next),
        }?;
        self.next += 1;
        Some(string)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match self.source {
            Source::Host(buffer) => buffer.len(),
            Source::TensorFlow(tensor) => tensor.string_count(),
        };
        let left = count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Strings<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_any_bytes() {
        let strings: [&[u8]; 4] =
            [b"", b"a\0b", b"\xff\xfe", b"long enough to leave the inline form"];
        let buffer: StringBuffer = strings.into_iter().collect();
        let read = Strings::new(Source::Host(&buffer));
        assert_eq!(read.len(), 4);
        assert_eq!(read.collect::<Vec<_>>(), strings);
        assert_eq!(buffer.get(4), None);
        assert_eq!(StringBuffer::default().get(0), None);
    }
}

//! The elements of a BYTES tensor.

/// Strings in one block of memory, each of any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StringBuffer {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl StringBuffer {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start =
            index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..end)
    }
}

impl<S: AsRef<[u8]>> FromIterator<S> for StringBuffer {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> StringBuffer {
        let mut buffer = StringBuffer::default();
        for string in strings {
            buffer.bytes.extend_from_slice(string.as_ref());
            buffer.ends.push(buffer.bytes.len());
        }
        buffer
    }
}

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

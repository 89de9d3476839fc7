//! Memory of a tensor on our side of the border, as TensorFlow wants it.

use std::fmt;
use std::marker::PhantomData;

use crate::dtype::Element;
use crate::error::{Error, Result};

/// TensorFlow uses memory of this alignment in place and copies any other.
const ALIGNMENT: usize = 64;

#[derive(Clone, Copy, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C, align(64))]
pub(crate) struct Block([u8; ALIGNMENT]);

/// Bytes that do not move, and that live until nobody refers to them.
pub(crate) enum Buffer {
    /// Aligned for TensorFlow; the last block is used in part.
    Own(Vec<Block>, usize),
    /// Somebody else's, aligned or not.
    Foreign(Box<dyn AsRef<[u8]> + Send + Sync>),
}

impl Buffer {
    /// # Errors
    /// [`Error::Memory`] if there is none for a copy.
    pub(crate) fn copy_of(bytes: &[u8]) -> Result<Buffer> {
        let count = bytes.len().div_ceil(ALIGNMENT);
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(count).map_err(|_| {
            Error::Memory(format!("no memory for a tensor of {} bytes", bytes.len()))
        })?;
        blocks.resize(count, Block([0; ALIGNMENT]));
        if let Some(target) = bytemuck::cast_slice_mut(&mut blocks).get_mut(..bytes.len()) {
            target.copy_from_slice(bytes);
        }
        Ok(Buffer::Own(blocks, bytes.len()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Buffer::Own(blocks, len) => bytemuck::cast_slice(blocks).get(..*len).unwrap_or(&[]),
            Buffer::Foreign(owner) => (**owner).as_ref(),
        }
    }

    /// `None` for somebody else's.
    pub(crate) fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        match self {
            Buffer::Own(blocks, len) => bytemuck::cast_slice_mut(blocks).get_mut(..*len),
            Buffer::Foreign(_) => None,
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.bytes().len())
    }
}

/// An owner of elements, seen as an owner of bytes.
pub(crate) struct Elements<T, O>(O, PhantomData<T>);

impl<T, O> Elements<T, O> {
    pub(crate) fn new(owner: O) -> Elements<T, O> {
        Elements(owner, PhantomData)
    }
}

impl<T: Element, O: AsRef<[T]>> AsRef<[u8]> for Elements<T, O> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(self.0.as_ref())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_aligned_and_exact() {
        for len in [0, 1, 63, 64, 65, 1000] {
            let bytes: Vec<u8> = (0..len).map(|index| index as u8).collect();
            let mut buffer = Buffer::copy_of(&bytes).unwrap();
            assert_eq!(buffer.bytes(), bytes);
            assert_eq!(buffer.bytes().as_ptr().align_offset(ALIGNMENT), 0);
            assert_eq!(buffer.bytes_mut().map(|bytes| bytes.len()), Some(len));
        }
    }
}

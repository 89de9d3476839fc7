//! Memory of a tensor on our side of the border, as TensorFlow wants it.

use std::fmt;
use std::marker::PhantomData;

use crate::dtype::Element;

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
    pub(crate) fn copy_of(bytes: &[u8]) -> Buffer {
        let mut blocks = vec![Block([0; ALIGNMENT]); bytes.len().div_ceil(ALIGNMENT)];
        if let Some(target) = bytemuck::cast_slice_mut(&mut blocks).get_mut(..bytes.len()) {
            target.copy_from_slice(bytes);
        }
        Buffer::Own(blocks, bytes.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_aligned_and_exact() {
        for len in [0, 1, 63, 64, 65, 1000] {
            let bytes: Vec<u8> = (0..len).map(|index| index as u8).collect();
            let mut buffer = Buffer::copy_of(&bytes);
            assert_eq!(buffer.bytes(), bytes);
            assert_eq!(buffer.bytes().as_ptr().align_offset(ALIGNMENT), 0);
            assert_eq!(buffer.bytes_mut().map(|bytes| bytes.len()), Some(len));
        }
    }
}

//! Strings in TensorFlow's form, for the length of a call or longer.

use std::ffi::c_void;

use super::api::{Api, TF_TString};
use crate::buffer::StringBuffer;

/// The elements of a BYTES input. TensorFlow frees the array of a tensor, and
/// not what its strings point to: that is for whoever made them.
pub(super) struct TStrings {
    api: &'static Api,
    strings: Box<[TF_TString]>,
}

impl TStrings {
    pub(super) fn new(api: &'static Api, source: &StringBuffer) -> TStrings {
        let strings = (0..source.len())
            .map(|index| {
                let bytes = source.get(index).unwrap_or(&[]);
                let mut string = TF_TString::EMPTY;
                // SAFETY: an initialized string, and bytes that are copied.
                unsafe { (api.TF_StringCopy)(&mut string, bytes.as_ptr().cast(), bytes.len()) };
                string
            })
            .collect();
        TStrings { api, strings }
    }

    /// Where the array is, and its size in bytes; it does not move with `self`.
    pub(super) fn memory(&self) -> (*mut c_void, usize) {
        (self.strings.as_ptr().cast_mut().cast(), size_of_val(&*self.strings))
    }
}

impl Drop for TStrings {
    fn drop(&mut self) {
        for string in &mut self.strings {
            // SAFETY: initialized by `new` and freed once.
            unsafe { (self.api.TF_StringDealloc)(string) };
        }
    }
}

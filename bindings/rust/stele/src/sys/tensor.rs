//! Tensors in TensorFlow's form.

use std::ffi::{c_int, c_void};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use super::api::{Api, TF_TString, TF_Tensor};
use super::process::Call;
use super::strings::TStrings;
use crate::buffer::Buffer;
use crate::buffer::StringBuffer;
use crate::dtype::DType;
use crate::error::{Code, Error, Result};

/// A `TF_Tensor`: a reference to memory that is not written to, except through
/// [`RawTensor::bytes_mut`].
pub(crate) struct RawTensor {
    api: &'static Api,
    tensor: NonNull<TF_Tensor>,
}

// SAFETY: a tensor may be read and deleted by any thread; its memory is freed by
// TensorFlow's counted reference or by a deallocator whose state is Send.
unsafe impl Send for RawTensor {}
// SAFETY: through a shared reference it is only read.
unsafe impl Sync for RawTensor {}

/// A tensor to feed: made for the call, or an output of another.
pub(crate) enum Feed<'a> {
    Own(RawTensor),
    Borrowed(&'a RawTensor),
}

impl Feed<'_> {
    pub(super) fn as_ptr(&self) -> *mut TF_Tensor {
        match self {
            Feed::Own(tensor) => tensor.tensor.as_ptr(),
            Feed::Borrowed(tensor) => tensor.tensor.as_ptr(),
        }
    }
}

impl RawTensor {
    /// Takes over the one reference that a C function returned; `None` for NULL.
    pub(super) fn from_ptr(api: &'static Api, tensor: *mut TF_Tensor) -> Option<RawTensor> {
        NonNull::new(tensor).map(|tensor| RawTensor { api, tensor })
    }

    /// A tensor of its own memory, with a copy of these bytes.
    pub(crate) fn copy_of(
        api: &'static Api,
        dtype: i32,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<RawTensor> {
        let dims = dims(dtype, shape, bytes.len())?;
        // SAFETY: as many dimensions as announced; `dims` checked that they do
        // not overflow, which would abort, and that they need these bytes.
        let tensor = unsafe {
            (api.TF_AllocateTensor)(dtype, dims.as_ptr(), dims.len() as c_int, bytes.len())
        };
        let mut tensor = RawTensor::from_ptr(api, tensor).ok_or_else(out_of_memory)?;
        match tensor.bytes_mut() {
            Some(target) if target.len() == bytes.len() => target.copy_from_slice(bytes),
            None if bytes.is_empty() => {}
            _ => return Err(out_of_memory()),
        }
        Ok(tensor)
    }

    /// A tensor that shares a buffer, which lives as long as TensorFlow wants.
    pub(crate) fn sharing(
        api: &'static Api,
        dtype: i32,
        shape: &[usize],
        buffer: &Arc<Buffer>,
    ) -> Result<RawTensor> {
        let bytes = buffer.bytes();
        let dims = dims(dtype, shape, bytes.len())?;
        let (data, len) = (bytes.as_ptr().cast_mut().cast(), bytes.len());
        RawTensor::lending(api, dtype, &dims, (data, len), Arc::into_raw(Arc::clone(buffer)), {
            unsafe extern "C" fn release(_: *mut c_void, _: usize, buffer: *mut c_void) {
                // SAFETY: the count that `Arc::into_raw` above left, taken once.
                let buffer = unsafe { Arc::from_raw(buffer.cast::<Buffer>()) };
                drop_quietly(buffer);
            }
            release
        })
    }

    /// A BYTES tensor with a copy of these strings.
    pub(crate) fn of_strings(
        api: &'static Api,
        shape: &[usize],
        strings: &StringBuffer,
    ) -> Result<RawTensor> {
        let strings = Box::new(TStrings::new(api, strings));
        let (data, len) = strings.memory();
        let dtype = DType::Bytes.number();
        let dims = dims(dtype, shape, len)?;
        RawTensor::lending(api, dtype, &dims, (data, len), Box::into_raw(strings), {
            unsafe extern "C" fn release(_: *mut c_void, _: usize, strings: *mut c_void) {
                // SAFETY: the box that `Box::into_raw` above gave away, taken once.
                let strings = unsafe { Box::from_raw(strings.cast::<TStrings>()) };
                drop_quietly(strings);
            }
            release
        })
    }

    /// Hands memory to TensorFlow until it calls `release` with `owner`, which
    /// it does in any case, be it before this function returns.
    fn lending<T>(
        api: &'static Api,
        dtype: i32,
        dims: &[i64],
        (data, len): (*mut c_void, usize),
        owner: *const T,
        release: super::api::Deallocator,
    ) -> Result<RawTensor> {
        let (rank, owner) = (dims.len() as c_int, owner.cast_mut().cast());
        // SAFETY: as `TF_AllocateTensor` above; `data` is valid for `len` bytes
        // until `release`, and TensorFlow writes only to memory it allocated.
        let tensor =
            unsafe { (api.TF_NewTensor)(dtype, dims.as_ptr(), rank, data, len, release, owner) };
        RawTensor::from_ptr(api, tensor).ok_or_else(out_of_memory)
    }

    /// TensorFlow's number of the element type.
    pub(crate) fn dtype(&self) -> i32 {
        // SAFETY: the tensor lives until `drop`.
        unsafe { (self.api.TF_TensorType)(self.tensor.as_ptr()) }
    }

    /// The dimensions; `None` if one is negative.
    pub(crate) fn shape(&self) -> Option<Vec<usize>> {
        // SAFETY: the tensor lives until `drop`.
        let rank = unsafe { (self.api.TF_NumDims)(self.tensor.as_ptr()) };
        (0..rank)
            .map(|index| {
                // SAFETY: as above, and `index` is below the rank.
                let dim = unsafe { (self.api.TF_Dim)(self.tensor.as_ptr(), index) };
                usize::try_from(dim).ok()
            })
            .collect()
    }

    /// The memory of the tensor: for strings, their headers.
    pub(crate) fn bytes(&self) -> &[u8] {
        let (data, len) = self.memory();
        match NonNull::new(data) {
            // SAFETY: the tensor keeps `len` bytes alive until `drop`, and nobody
            // writes to them while more than one refers to them.
            Some(data) if len > 0 => unsafe { slice::from_raw_parts(data.as_ptr(), len) },
            _ => &[],
        }
    }

    /// The memory of a tensor that is TensorFlow's, to write to; `None` if
    /// somebody else refers to it or it is not numbers.
    pub(crate) fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        DType::from_number(self.dtype()).size()?;
        let (data, len) = self.memory();
        let data = NonNull::new(data).filter(|_| len > 0)?;
        // SAFETY: as in `bytes`; this is the only reference to memory that
        // TensorFlow allocated, and `&mut self` the only one to this tensor.
        self.is_sole().then(|| unsafe { slice::from_raw_parts_mut(data.as_ptr(), len) })
    }

    /// Whether this is the only reference to memory that TensorFlow allocated.
    pub(crate) fn is_sole(&mut self) -> bool {
        // SAFETY: the tensor lives until `drop`; the function returns its
        // argument or NULL, and changes nothing.
        let moved = unsafe { (self.api.TF_TensorMaybeMove)(self.tensor.as_ptr()) };
        !moved.is_null()
    }

    /// The number of strings, given that they are strings.
    pub(crate) fn string_count(&self) -> usize {
        self.bytes().len() / size_of::<TF_TString>()
    }

    /// A string of a BYTES tensor; `None` of any other, or behind the end.
    pub(crate) fn string(&self, index: usize) -> Option<&[u8]> {
        if self.dtype() != DType::Bytes.number() || index >= self.string_count() {
            return None;
        }
        let strings: *const TF_TString = self.bytes().as_ptr().cast();
        // SAFETY: `index` is below the count.
        let string = unsafe { strings.add(index) };
        // SAFETY: TensorFlow initializes every string of a tensor it returns.
        let data = unsafe { (self.api.TF_StringGetDataPointer)(string) };
        // SAFETY: as above.
        let len = unsafe { (self.api.TF_StringGetSize)(string) };
        match NonNull::new(data.cast_mut().cast::<u8>()) {
            // SAFETY: the string lives as long as the tensor.
            Some(data) if len > 0 => Some(unsafe { slice::from_raw_parts(data.as_ptr(), len) }),
            _ => Some(&[]),
        }
    }

    fn memory(&self) -> (*mut u8, usize) {
        // SAFETY: the tensor lives until `drop`.
        let data = unsafe { (self.api.TF_TensorData)(self.tensor.as_ptr()) };
        // SAFETY: as above.
        let len = unsafe { (self.api.TF_TensorByteSize)(self.tensor.as_ptr()) };
        (data.cast(), len)
    }
}

impl Drop for RawTensor {
    fn drop(&mut self) {
        // TensorFlow's allocators end with the process, and so does the memory.
        let Some(_call) = Call::unless_ending() else { return };
        // SAFETY: the one reference that `from_ptr` took, given back once.
        unsafe { (self.api.TF_DeleteTensor)(self.tensor.as_ptr()) };
    }
}

impl fmt::Debug for RawTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawTensor({}, {:?})", DType::from_number(self.dtype()), self.shape())
    }
}

/// The dimensions in TensorFlow's type.
///
/// # Errors
/// [`Error::Shape`] if they overflow or need other bytes than these: TensorFlow
/// would abort on the one and read past the end on the other.
fn dims(dtype: i32, shape: &[usize], bytes: usize) -> Result<Vec<i64>> {
    let size = DType::from_number(dtype).size().unwrap_or(size_of::<TF_TString>());
    if crate::shape::count(shape, size)? * size != bytes {
        let shape = crate::shape::display(shape);
        return Err(Error::Shape(format!("shape {shape} does not have {bytes} bytes")));
    }
    Ok(shape.iter().map(|dim| *dim as i64).collect())
}

/// An owner may panic when it is dropped, and must not do so inside TensorFlow.
fn drop_quietly(owner: impl Sized) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(owner)));
}

fn out_of_memory() -> Error {
    Error::TensorFlow {
        code: Code::ResourceExhausted,
        message: "TensorFlow could not make a tensor".to_string(),
    }
}

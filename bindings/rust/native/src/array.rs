//! numpy arrays as tensors and back: the only module with `unsafe`.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr;
use std::slice;
use std::sync::Arc;

use numpy::npyffi::{
    NPY_ARRAY_CARRAY, NpyTypes, PY_ARRAY_API, PyArrayObject, get_type_object, npy_intp,
};
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use stele::{DType, Error, Tensor};

use crate::errors::{about_input, raise};
use crate::signature::{bfloat16, descr};

/// An input, and the array whose memory it uses.
pub(crate) struct Input {
    pub(crate) tensor: Tensor,
    /// `None` if the elements were copied.
    array: Option<Arc<Shared>>,
}

impl Input {
    /// Reads an argument; `expected` is the dtype of the signature's input.
    pub(crate) fn new(value: &Bound<'_, PyAny>, name: &str, expected: DType) -> PyResult<Input> {
        let convert = || {
            if let Ok(array) = value.cast::<PyUntypedArray>() {
                let dtype = dtype_of(array)?;
                if dtype != DType::Bytes && is_in_order(array) {
                    return in_place(array, dtype);
                }
            }
            converted(&as_array(value, expected)?)
        };
        convert().map_err(|error| about_input(value.py(), name, error))
    }

    /// After a run: if TensorFlow kept the memory (the model stored its input in
    /// a variable), makes the array read-only, for a change would now be one to
    /// the model, without a word.
    pub(crate) fn finish(self, py: Python<'_>) -> PyResult<()> {
        drop(self.tensor);
        match self.array {
            Some(shared) if Arc::strong_count(&shared) > 1 => {
                shared.array.bind(py).call_method1("setflags", (false,)).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// The elements of an array that stays as it is while anybody refers to this.
struct Shared {
    array: Py<PyUntypedArray>,
    data: *const u8,
    len: usize,
}

impl Shared {
    /// Of an array that is in order.
    fn new(array: &Bound<'_, PyUntypedArray>) -> Shared {
        // SAFETY: the pointer of an array that is referred to.
        let data = unsafe { (*array.as_array_ptr()).fields.data };
        let len = array.len() * array.dtype().itemsize();
        Shared { array: array.clone().unbind(), data: data.cast_const().cast(), len }
    }
}

// SAFETY: the pointer is only read, and the array is only released; a release
// without the interpreter's lock is put off by PyO3 until somebody holds it.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// What a tensor owns of an array.
struct Elements(Arc<Shared>);

impl AsRef<[u8]> for Elements {
    fn as_ref(&self) -> &[u8] {
        let Shared { data, len, .. } = *self.0;
        if len == 0 {
            return &[];
        }
        // SAFETY: the array is referred to, C-contiguous and not resizable while
        // it is; that other Python code leaves the elements alone during a run
        // is numpy's rule for everybody who releases the lock.
        unsafe { slice::from_raw_parts(data, len) }
    }
}

/// What is no array that can be read in place, as one: by numpy's own functions and
/// by the table of conversions that Python's clients share.
fn as_array<'py>(
    value: &Bound<'py, PyAny>,
    expected: DType,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = value.py();
    let module = py.import("stele_native._arrays")?;
    Ok(module.call_method1("as_array", (value, descr(py, expected)?))?.cast_into()?)
}

/// Numbers in this machine's byte order, row-major.
fn is_in_order(array: &Bound<'_, PyUntypedArray>) -> bool {
    array.dtype().is_native_byteorder() != Some(false) && array.is_c_contiguous()
}

/// The elements where they are, in an array of the caller's.
fn in_place(array: &Bound<'_, PyUntypedArray>, dtype: DType) -> PyResult<Input> {
    let shared = Arc::new(Shared::new(array));
    let owner = Elements(Arc::clone(&shared));
    let tensor = Tensor::from_owner_bytes(dtype, array.shape(), owner);
    let tensor = tensor.map_err(|error| value_error(array.py(), &error))?;
    Ok(Input { tensor, array: Some(shared) })
}

/// The elements of an array that `as_array` made: they are copied if they are
/// somebody else's, who would not know that the model may keep them.
fn converted(array: &Bound<'_, PyUntypedArray>) -> PyResult<Input> {
    let dtype = dtype_of(array)?;
    if dtype == DType::Bytes {
        return Ok(Input { tensor: from_strings(array)?, array: None });
    }
    if !is_in_order(array) {
        return Err(PyTypeError::new_err("the elements are in no order that can be read"));
    }
    if array.getattr("base")?.is_none() {
        return in_place(array, dtype);
    }
    let elements = Elements(Arc::new(Shared::new(array)));
    let tensor = Tensor::from_bytes(dtype, array.shape(), elements.as_ref());
    Ok(Input { tensor: tensor.map_err(|error| value_error(array.py(), &error))?, array: None })
}

fn dtype_of(array: &Bound<'_, PyUntypedArray>) -> PyResult<DType> {
    let descr = array.dtype();
    Ok(match (descr.kind(), descr.itemsize()) {
        (b'b', 1) => DType::Bool,
        (b'i', 1) => DType::Int8,
        (b'i', 2) => DType::Int16,
        (b'i', 4) => DType::Int32,
        (b'i', 8) => DType::Int64,
        (b'u', 1) => DType::UInt8,
        (b'u', 2) => DType::UInt16,
        (b'u', 4) => DType::UInt32,
        (b'u', 8) => DType::UInt64,
        (b'f', 2) => DType::Fp16,
        (b'f', 4) => DType::Fp32,
        (b'f', 8) => DType::Fp64,
        (b'c', 8) => DType::C64,
        (b'c', 16) => DType::C128,
        (b'O' | b'S' | b'U' | b'T', _) => DType::Bytes,
        (b'V', 2) if descr.is_equiv_to(bfloat16(array.py())?) => DType::Bf16,
        _ => return Err(PyTypeError::new_err(format!("no tensor has numpy's dtype {descr}"))),
    })
}

/// For `about_input`, which gives it a name and a code.
fn value_error(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Memory(_) => raise(py, error),
        _ => PyValueError::new_err(error.message().to_string()),
    }
}

/// Elements are `bytes`, or `str` as UTF-8.
fn from_strings(array: &Bound<'_, PyUntypedArray>) -> PyResult<Tensor> {
    let list = array.call_method0("ravel")?.call_method0("tolist")?.cast_into::<PyList>()?;
    let mut strings = Vec::with_capacity(list.len());
    for (index, element) in list.iter().enumerate() {
        strings.push(match element.cast::<PyBytes>() {
            Ok(bytes) => bytes.as_bytes().to_vec(),
            Err(_) => match element.cast::<PyString>() {
                Ok(text) => text.to_str()?.as_bytes().to_vec(),
                Err(_) => {
                    let name = element.get_type().name()?;
                    let message = format!("element {index} is {name}, neither bytes nor str");
                    return Err(PyTypeError::new_err(message));
                }
            },
        });
    }
    Tensor::from_strings(array.shape(), strings).map_err(|error| value_error(array.py(), &error))
}

/// Keeps a tensor for as long as the array over its memory lives.
#[pyclass(frozen)]
struct Owner {
    _tensor: Tensor,
}

/// An output as an array, which takes the tensor over and copies numbers only
/// if the memory is not the tensor's alone.
pub(crate) fn to_array(py: Python<'_>, mut tensor: Tensor) -> PyResult<Bound<'_, PyAny>> {
    if tensor.dtype() == DType::Bytes {
        let strings = tensor.strings().map_err(|error| raise(py, &error))?;
        let bytes: Vec<_> =
            strings.map(|text| PyBytes::new(py, text).into_any().unbind()).collect();
        return Ok(PyArray1::from_vec(py, bytes).reshape(tensor.shape())?.into_any());
    }
    let Some(data) = tensor.bytes_mut().map(<[u8]>::as_mut_ptr) else {
        let bytes = tensor.bytes().map_err(|error| raise(py, &error))?;
        let copy = Tensor::from_bytes(tensor.dtype(), tensor.shape(), bytes);
        return to_array(py, copy.map_err(|error| raise(py, &error))?);
    };
    let dtype = tensor.dtype();
    let descr = descr(py, dtype)?.ok_or_else(|| {
        raise(py, &Error::Unsupported(format!("an output has the dtype {dtype}")))
    })?;
    let mut dims: Vec<npy_intp> = tensor.shape().iter().map(|dim| *dim as npy_intp).collect();
    let owner = Bound::new(py, Owner { _tensor: tensor })?;
    // SAFETY: a static type object of numpy's.
    let class = unsafe { get_type_object(py, NpyTypes::PyArray_Type) };
    // SAFETY: as many dimensions as announced; `data` is valid for their elements
    // and writable while the owner lives; the reference to `descr` is given away.
    let array = unsafe {
        PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            class,
            descr.into_dtype_ptr(),
            dims.len() as c_int,
            dims.as_mut_ptr(),
            ptr::null_mut(),
            data.cast(),
            NPY_ARRAY_CARRAY,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or NULL with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array) }?;
    let pointer: *mut PyArrayObject = array.as_ptr().cast();
    // SAFETY: an array without a base; the reference to the owner is given away.
    let status = unsafe { PY_ARRAY_API.PyArray_SetBaseObject(py, pointer, owner.into_ptr()) };
    if status < 0 { Err(PyErr::fetch(py)) } else { Ok(array) }
}

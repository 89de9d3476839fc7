//! Errors of the crate as exceptions of `stele_native.errors`.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use stele::{Code, Error};

/// What Python would raise.
#[derive(Clone, Copy)]
enum Class {
    Base,
    NotFound,
    InvalidValue,
    InvalidType,
}

/// The exception of an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let class = match error {
        Error::DType(_) => Class::InvalidType,
        Error::Signature(_) => Class::InvalidValue,
        _ => match error.code() {
            Code::NotFound => Class::NotFound,
            Code::InvalidArgument => Class::InvalidValue,
            _ => Class::Base,
        },
    };
    new(py, class, error.message(), error.code())
}

/// The exception for a use of the module that the crate never sees.
pub(crate) fn refuse(py: Python<'_>, code: Code, message: &str) -> PyErr {
    let class = if code == Code::InvalidArgument { Class::InvalidValue } else { Class::Base };
    new(py, class, message, code)
}

/// The exception for an argument that is of no type that it can be.
pub(crate) fn refuse_type(py: Python<'_>, message: &str) -> PyErr {
    new(py, Class::InvalidType, message, Code::InvalidArgument)
}

/// A TypeError, ValueError or OverflowError about an input, as one of ours with
/// the input's name; others pass.
pub(crate) fn about_input(py: Python<'_>, name: &str, error: PyErr) -> PyErr {
    let class = if error.is_instance_of::<PyTypeError>(py) {
        Class::InvalidType
    } else if error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyOverflowError>(py)
    {
        Class::InvalidValue
    } else {
        return error;
    };
    let message = format!("input \"{name}\": {}", error.value(py));
    new(py, class, &message, Code::InvalidArgument)
}

fn new(py: Python<'_>, class: Class, message: &str, code: Code) -> PyErr {
    static BASE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static NOT_FOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static INVALID_VALUE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static INVALID_TYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (cell, name) = match class {
        Class::Base => (&BASE, "SteleError"),
        Class::NotFound => (&NOT_FOUND, "NotFoundError"),
        Class::InvalidValue => (&INVALID_VALUE, "InvalidValueError"),
        Class::InvalidType => (&INVALID_TYPE, "InvalidTypeError"),
    };
    let exception = cell
        .import(py, "stele_native.errors", name)
        .and_then(|class| class.call1((message, code.number())));
    match exception {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

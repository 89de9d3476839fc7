//! Signatures as the plain data of `stele_native._signature`.

use numpy::PyArrayDescr;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMappingProxy, PyTuple};
use stele::half::f16;
use stele::num_complex::Complex;
use stele::{DType, Signatures, TensorSpec};

use crate::array::to_array;

/// A read-only mapping of names to signatures.
pub(crate) fn mapping(py: Python<'_>, signatures: &Signatures) -> PyResult<Py<PyMappingProxy>> {
    let module = py.import("stele_native._signature")?;
    let (signature_class, spec_class) =
        (module.getattr("Signature")?, module.getattr("TensorSpec")?);
    let specs = |specs: &[TensorSpec]| {
        let specs: Vec<_> = specs
            .iter()
            .map(|spec| {
                let shape = spec.shape.dims().map(|dims| PyTuple::new(py, dims)).transpose()?;
                let dtype = descr(py, spec.dtype)?;
                let default =
                    spec.default.clone().map(|tensor| to_array(py, tensor)).transpose()?;
                spec_class.call1((&spec.name, spec.dtype.to_string(), dtype, shape, default))
            })
            .collect::<PyResult<_>>()?;
        PyTuple::new(py, specs)
    };
    let mapping = PyDict::new(py);
    for signature in signatures.iter() {
        let arguments = (&signature.name, specs(&signature.inputs)?, specs(&signature.outputs)?);
        mapping.set_item(&signature.name, signature_class.call1(arguments)?)?;
    }
    Ok(PyMappingProxy::new(py, mapping.as_mapping()).unbind())
}

/// The numpy dtype; `None` for a dtype without a name.
pub(crate) fn descr(py: Python<'_>, dtype: DType) -> PyResult<Option<Bound<'_, PyArrayDescr>>> {
    Ok(Some(match dtype {
        DType::Bool => PyArrayDescr::of::<bool>(py),
        DType::Int8 => PyArrayDescr::of::<i8>(py),
        DType::Int16 => PyArrayDescr::of::<i16>(py),
        DType::Int32 => PyArrayDescr::of::<i32>(py),
        DType::Int64 => PyArrayDescr::of::<i64>(py),
        DType::UInt8 => PyArrayDescr::of::<u8>(py),
        DType::UInt16 => PyArrayDescr::of::<u16>(py),
        DType::UInt32 => PyArrayDescr::of::<u32>(py),
        DType::UInt64 => PyArrayDescr::of::<u64>(py),
        DType::Fp16 => PyArrayDescr::of::<f16>(py),
        DType::Bf16 => bfloat16(py)?.clone(),
        DType::Fp32 => PyArrayDescr::of::<f32>(py),
        DType::Fp64 => PyArrayDescr::of::<f64>(py),
        DType::C64 => PyArrayDescr::of::<Complex<f32>>(py),
        DType::C128 => PyArrayDescr::of::<Complex<f64>>(py),
        DType::Bytes => PyArrayDescr::object(py),
        _ => return Ok(None),
    }))
}

/// `ml_dtypes.bfloat16`: numpy has none of its own.
pub(crate) fn bfloat16(py: Python<'_>) -> PyResult<&Bound<'_, PyArrayDescr>> {
    static BFLOAT16: PyOnceLock<Py<PyArrayDescr>> = PyOnceLock::new();
    let descr = BFLOAT16.get_or_try_init(py, || {
        let scalar = py.import("ml_dtypes")?.getattr("bfloat16")?;
        PyArrayDescr::new(py, scalar).map(Bound::unbind)
    })?;
    Ok(descr.bind(py))
}

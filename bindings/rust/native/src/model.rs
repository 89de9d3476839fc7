//! The classes `Model` and `Runner`.

use std::env;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyTuple};
use stele::{Code, Library, Profile};

use crate::array::{Input, to_array};
use crate::errors::{about_input, raise, refuse};
use crate::signature;

const DEFAULT_SIGNATURE: &str = "serving_default";

/// A SavedModel in memory. Any number of threads may run it at once: the
/// interpreter's lock is released while TensorFlow works.
///
/// Args:
///     path: The SavedModel folder.
///     tags: The tags that the graph has, exactly these.
///     profile: A named session configuration: "default" is TensorFlow's own,
///         "inline" runs ops in the caller's thread, "single" schedules nothing
///         between ops. The bits are the same, but for subnormal numbers, which
///         TensorFlow's pool threads flush to zero. "python" leaves the graph as it
///         was written, for the bits of the signature's function in Python.
///     config: A serialized ConfigProto instead of a profile.
///     library: The folder or file of libtensorflow. If not given: the one that
///         this process has, STELE_LIBTENSORFLOW, the wheel of this environment,
///         the system's.
///
/// Raises:
///     NotFoundError: The folder, its variables, a graph with these tags, or
///         libtensorflow is missing.
///     InvalidValueError: The profile or config is none.
///     SteleError: DATA_LOSS for a damaged model; whatever TensorFlow answers.
#[pyclass(frozen, module = "stele_native")]
pub(crate) struct Model {
    /// `None` once closed.
    model: RwLock<Option<stele::Model>>,
    signatures: Py<PyMappingProxy>,
}

impl Model {
    fn prepared(&self, py: Python<'_>, signature: &str) -> PyResult<Prepared> {
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        let Some(model) = &*model else {
            return Err(refuse(py, Code::FailedPrecondition, "the model is closed"));
        };
        let runner = model.runner(signature).map_err(|error| raise(py, &error))?;
        Ok(Prepared::new(py, runner))
    }
}

#[pymethods]
impl Model {
    #[new]
    #[pyo3(signature = (path, *, tags=None, profile=None, config=None, library=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        tags: Option<&Bound<'_, PyAny>>,
        profile: Option<&str>,
        config: Option<Vec<u8>>,
        library: Option<PathBuf>,
    ) -> PyResult<Model> {
        let mut builder = stele::Model::builder();
        if let Some(tags) = tags {
            builder = builder.tags(strings(tags)?);
        }
        builder = match (profile, config) {
            (Some(_), Some(_)) => {
                let message = "profile and config are two ways to say the same: give one";
                return Err(refuse(py, Code::InvalidArgument, message));
            }
            (Some(profile), None) => {
                let profile = profile.parse::<Profile>().map_err(|error| raise(py, &error))?;
                builder.profile(profile)
            }
            (None, Some(config)) => builder.config(config),
            (None, None) => builder,
        };
        if let Some(library) = library.map_or_else(|| wheel(py), |path| Ok(Some(path)))? {
            builder = builder.library(library);
        }
        let model = py.detach(|| builder.load(path)).map_err(|error| raise(py, &error))?;
        let signatures = signature::mapping(py, model.signatures())?;
        Ok(Model { model: RwLock::new(Some(model)), signatures })
    }

    /// The signatures by name, read-only.
    #[getter]
    fn signatures(&self, py: Python<'_>) -> Py<PyMappingProxy> {
        self.signatures.clone_ref(py)
    }

    /// Run the signature "serving_default" on inputs by name.
    ///
    /// As `run`, for inputs whose names are Python's.
    #[pyo3(signature = (**inputs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        inputs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let inputs = inputs.map(|inputs| inputs.as_any());
        self.prepared(py, DEFAULT_SIGNATURE)?.call(py, inputs)
    }

    /// Run a signature.
    ///
    /// Args:
    ///     inputs: Arrays by name: a mapping, or pairs of name and array. Numbers
    ///         are read in place when they are C-contiguous and aligned to 64
    ///         bytes, else copied. Strings are arrays of bytes, or of str, which
    ///         is encoded as UTF-8. What has no dtype, such as a list, takes the
    ///         input's.
    ///     signature: The signature's name.
    ///
    /// Returns:
    ///     Arrays by name, each the owner of its memory. BYTES are object arrays
    ///     of bytes.
    ///
    /// Raises:
    ///     InvalidTypeError: An input has another dtype.
    ///     InvalidValueError: No such signature; an input is missing, unknown,
    ///         given twice, or has another shape.
    ///     SteleError: UNIMPLEMENTED for a sparse or composite signature;
    ///         FAILED_PRECONDITION after close(); whatever TensorFlow answers.
    #[pyo3(signature = (inputs, signature="serving_default"))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
        signature: &str,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.prepared(py, signature)?.call(py, Some(inputs))
    }

    /// Resolve a signature once, to run it many times.
    ///
    /// Raises:
    ///     InvalidValueError: No such signature.
    ///     SteleError: UNIMPLEMENTED for a sparse or composite one.
    #[pyo3(signature = (signature="serving_default"))]
    fn prepare(&self, py: Python<'_>, signature: &str) -> PyResult<Runner> {
        let prepared = self.prepared(py, signature)?;
        let signature = self.signatures.bind(py).as_any().get_item(signature)?.unbind();
        Ok(Runner { prepared, signature })
    }

    /// Release the model, once no call and no Runner needs it any more.
    fn close(&self) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) {
        self.close();
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<stele_native.Model signatures={}>", self.signatures.bind(py).keys()?.repr()?))
    }
}

/// A signature of a model, ready to run; it keeps the model alive.
#[pyclass(frozen, module = "stele_native")]
pub(crate) struct Runner {
    prepared: Prepared,
    /// The Signature that this runs.
    #[pyo3(get)]
    signature: Py<PyAny>,
}

#[pymethods]
impl Runner {
    /// Run on inputs by name; as `run`, for inputs whose names are Python's.
    #[pyo3(signature = (**inputs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        inputs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.prepared.call(py, inputs.map(|inputs| inputs.as_any()))
    }

    /// Run on inputs by name, as `Model.run`.
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.prepared.call(py, Some(inputs))
    }
}

/// A signature and the names of its outputs, which Python hashes but once.
struct Prepared {
    runner: stele::Runner,
    outputs: Vec<Py<PyString>>,
}

impl Prepared {
    fn new(py: Python<'_>, runner: stele::Runner) -> Prepared {
        let outputs = runner.signature().outputs.iter();
        let outputs = outputs.map(|spec| PyString::new(py, &spec.name).unbind()).collect();
        Prepared { runner, outputs }
    }

    fn call<'py>(
        &self,
        py: Python<'py>,
        inputs: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let given = inputs.map(|inputs| self.read(inputs)).transpose()?.unwrap_or_default();
        let tensors = given.iter().map(|(name, input)| (name, &input.tensor));
        let outputs = py.detach(|| self.runner.run(tensors));
        for (_, input) in given {
            input.finish(py)?;
        }
        let arrays = PyDict::new(py);
        let tensors = outputs.map_err(|error| raise(py, &error))?.into_tensors();
        for (name, tensor) in self.outputs.iter().zip(tensors) {
            arrays.set_item(name, to_array(py, tensor)?)?;
        }
        Ok(arrays)
    }

    /// Reads a mapping of names to arrays, or pairs of them.
    fn read(&self, inputs: &Bound<'_, PyAny>) -> PyResult<Vec<(PyBackedStr, Input)>> {
        let specs = &self.runner.signature().inputs;
        let read = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            let name: PyBackedStr =
                name.extract().map_err(|error| about_input(name.py(), "?", error))?;
            let spec = specs.iter().find(|spec| spec.name == *name);
            let input = Input::new(&value, &name, spec.map(|spec| spec.dtype))?;
            Ok((name, input))
        };
        if let Ok(dict) = inputs.cast::<PyDict>() {
            return dict.iter().map(read).collect();
        }
        let items =
            if inputs.hasattr("items")? { inputs.call_method0("items")? } else { inputs.clone() };
        items.try_iter()?.map(|pair| read(pair?.extract()?)).collect()
    }
}

/// Strings of any iterable, except of a string, whose letters nobody means.
fn strings(values: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if values.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("tags are several strings, such as [\"serve\"]"));
    }
    values.try_iter()?.map(|value| value?.extract()).collect()
}

/// Load libtensorflow, unless it is, and return its version, such as "2.21.0".
///
/// Args:
///     library: Its folder or file, as for `Model`.
///
/// Raises:
///     NotFoundError: It is not there; the message lists what was tried.
///     SteleError: It cannot be loaded.
#[pyfunction]
#[pyo3(signature = (library=None))]
pub(crate) fn tensorflow_version(py: Python<'_>, library: Option<PathBuf>) -> PyResult<String> {
    let path = library.map_or_else(|| wheel(py), |path| Ok(Some(path)))?;
    let library = py.detach(|| path.map_or_else(Library::find, Library::open));
    library.map(|library| library.version()).map_err(|error| raise(py, &error))
}

/// The wheel of this environment, if nobody has said otherwise.
fn wheel(py: Python<'_>) -> PyResult<Option<PathBuf>> {
    let chosen = env::var_os("STELE_LIBTENSORFLOW").is_some_and(|path| !path.is_empty());
    if chosen || Library::loaded().is_some() {
        return Ok(None);
    }
    py.import("stele_native._locate")?.call_method0("wheel")?.extract()
}

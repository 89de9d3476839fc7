//! The classes `Model` and `Runner`.

use std::env;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyTuple};
use stele::{Code, DType, Library, Profile};

use crate::array::{Input, to_array};
use crate::ending::Inside;
use crate::errors::{raise, refuse, refuse_type};
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
///         between ops: the bits are the same, but for subnormal numbers, which
///         TensorFlow's pool threads flush to zero. "python" gives the bits of the
///         signature's function in Python.
///     config: A serialized ConfigProto instead of a profile.
///     library: The folder or file of libtensorflow. If not given: the one that
///         this process has, STELE_LIBTENSORFLOW, the wheel of this environment,
///         the system's.
///
/// Raises:
///     NotFoundError: The folder, its variables, a graph with these tags, or
///         libtensorflow is missing.
///     InvalidValueError: The profile or config is none.
///     SteleError: DATA_LOSS for a damaged model; FAILED_PRECONDITION in the forked
///         child of a process that has loaded one; whatever TensorFlow answers.
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
        profile: Option<&Bound<'_, PyAny>>,
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
                let profile = name(profile)?.parse::<Profile>();
                let profile = profile.map_err(|error| raise(py, &error))?;
                builder.profile(profile)
            }
            (None, Some(config)) => builder.config(config),
            (None, None) => builder,
        };
        if let Some(library) = library.map_or_else(|| wheel(py), |path| Ok(Some(path)))? {
            builder = builder.library(library);
        }
        let inside = Inside::enter(py)?;
        let model = inside.detach(py, || builder.load(path)).map_err(|error| raise(py, &error))?;
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
    #[pyo3(signature = (*unnamed, **inputs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        unnamed: &Bound<'py, PyTuple>,
        inputs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.prepared(py, DEFAULT_SIGNATURE)?.call_by_name(py, unnamed, inputs)
    }

    /// Run a signature.
    ///
    /// Args:
    ///     inputs: Arrays by name: a mapping, or pairs of name and array. Numbers
    ///         are read in place when they are C-contiguous and aligned to 64
    ///         bytes, else copied. Strings are arrays of bytes, or of str, which
    ///         is encoded as UTF-8. Numbers and lists are converted by value to the
    ///         input's dtype; whatever has a dtype is judged by it.
    ///         An input with a default may be left out.
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
    #[pyo3(
        signature = (inputs, signature=None),
        text_signature = "($self, inputs, signature='serving_default')"
    )]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
        signature: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let signature = signature.map(name).transpose()?;
        self.prepared(py, signature.as_deref().unwrap_or(DEFAULT_SIGNATURE))?.call(py, Some(inputs))
    }

    /// Resolve a signature once, to run it many times.
    ///
    /// Raises:
    ///     InvalidValueError: No such signature.
    ///     SteleError: UNIMPLEMENTED for a sparse or composite one.
    #[pyo3(signature = (signature=None), text_signature = "($self, signature='serving_default')")]
    fn prepare(&self, py: Python<'_>, signature: Option<&Bound<'_, PyAny>>) -> PyResult<Runner> {
        let signature = signature.map(name).transpose()?;
        let signature = signature.as_deref().unwrap_or(DEFAULT_SIGNATURE);
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
    #[pyo3(signature = (*unnamed, **inputs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        unnamed: &Bound<'py, PyTuple>,
        inputs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.prepared.call_by_name(py, unnamed, inputs)
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
        let inside = Inside::enter(py)?;
        let given = inputs.map(|inputs| self.read(inputs)).transpose()?.unwrap_or_default();
        let tensors = given.iter().map(|(name, input)| (name, &input.tensor));
        let outputs = inside.detach(py, || self.runner.run(tensors));
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

    /// As `call`; arguments without a name could be any input.
    fn call_by_name<'py>(
        &self,
        py: Python<'py>,
        unnamed: &Bound<'py, PyTuple>,
        inputs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        if unnamed.is_empty() {
            return self.call(py, inputs.map(|inputs| inputs.as_any()));
        }
        let signature = self.runner.signature();
        let names: Vec<_> =
            signature.inputs.iter().map(|spec| format!("\"{}\"", spec.name)).collect();
        let names = if names.is_empty() { "none".to_string() } else { names.join(", ") };
        let message =
            format!("inputs are given by name; signature \"{}\" has {names}", signature.name);
        Err(refuse_type(py, &message))
    }

    /// Reads a mapping of names to arrays, or pairs of them. Names come first: of a
    /// wrong one nothing is converted.
    fn read(&self, inputs: &Bound<'_, PyAny>) -> PyResult<Vec<(PyBackedStr, Input)>> {
        let signature = self.runner.signature();
        let pairs = pairs(inputs)?;
        let names: Vec<&str> = pairs.iter().map(|(name, _)| &**name).collect();
        signature.check_names(&names).map_err(|error| raise(inputs.py(), &error))?;
        let input = |(name, value): (PyBackedStr, Bound<'_, PyAny>)| {
            let position = signature.inputs.binary_search_by(|spec| (*spec.name).cmp(&name));
            let spec = position.ok().and_then(|position| signature.inputs.get(position));
            let dtype = spec.map_or(DType::Other(0), |spec| spec.dtype);
            let input = Input::new(&value, &name, dtype)?;
            Ok((name, input))
        };
        pairs.into_iter().map(input).collect()
    }
}

type Pair<'py> = (PyBackedStr, Bound<'py, PyAny>);

fn pairs<'py>(inputs: &Bound<'py, PyAny>) -> PyResult<Vec<Pair<'py>>> {
    let pair = |(key, value): (Bound<'py, PyAny>, Bound<'py, PyAny>)| Ok((name(&key)?, value));
    if let Ok(dict) = inputs.cast::<PyDict>() {
        return dict.iter().map(pair).collect();
    }
    let items =
        if inputs.hasattr("items")? { inputs.call_method0("items")? } else { inputs.clone() };
    items.try_iter()?.map(|item| pair(item?.extract()?)).collect()
}

/// A name that a caller gives: a string that UTF-8 has a form for.
fn name(value: &Bound<'_, PyAny>) -> PyResult<PyBackedStr> {
    let py = value.py();
    let Ok(text) = value.cast::<PyString>() else {
        let class = value.get_type().name()?;
        return Err(refuse_type(py, &format!("a name is a string, and {class} is none")));
    };
    PyBackedStr::try_from(text.clone()).or_else(|_| {
        let shown = text.call_method1("encode", ("utf-8", "backslashreplace"))?;
        let shown: String = shown.call_method0("decode")?.extract()?;
        let message = format!("a name is not UTF-8: \"{shown}\"");
        Err(refuse(py, Code::InvalidArgument, &message))
    })
}

/// Strings of any iterable, except of a string, whose letters nobody means.
fn strings(values: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if values.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("tags are several strings, such as [\"serve\"]"));
    }
    values.try_iter()?.map(|value| Ok(name(&value?)?.to_string())).collect()
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
    let inside = Inside::enter(py)?;
    let library = inside.detach(py, || path.map_or_else(Library::find, Library::open));
    library.map(|library| library.version()).map_err(|error| raise(py, &error))
}

/// The wheel of this environment, if nobody has said otherwise.
pub(crate) fn wheel(py: Python<'_>) -> PyResult<Option<PathBuf>> {
    let chosen = env::var_os("STELE_LIBTENSORFLOW").is_some_and(|path| !path.is_empty());
    if chosen || Library::loaded().is_some() {
        return Ok(None);
    }
    py.import("stele_native._locate")?.call_method0("wheel")?.extract()
}

//! A loaded model.

use std::ffi::{CString, c_int};
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Once};

use super::api::{Api, TF_Graph, TF_Output, TF_Session};
use super::process::{Call, watch_end};
use super::status::Status;
use super::tensor::{Feed, RawTensor};
use crate::error::{Code, Error, Result};
use crate::names;
use crate::shape::Shape;

/// A `TF_Graph`, the owner of its operations.
struct Graph {
    api: &'static Api,
    graph: *mut TF_Graph,
}

// SAFETY: a graph locks itself, and nothing changes it after it was loaded.
unsafe impl Send for Graph {}
// SAFETY: as above.
unsafe impl Sync for Graph {}

impl Graph {
    fn new(api: &'static Api) -> Graph {
        // SAFETY: takes nothing; the result is freed by `drop`.
        let graph = unsafe { (api.TF_NewGraph)() };
        Graph { api, graph }
    }

    /// The tensor of this name, `op:index`, if the graph has it.
    fn output(&self, tensor: &str) -> Option<TF_Output> {
        let (operation, index) = tensor.rsplit_once(':').unwrap_or((tensor, "0"));
        let (operation, index) = (CString::new(operation).ok()?, index.parse().ok()?);
        // SAFETY: the graph lives until `drop`, the name for the call.
        let oper = unsafe { (self.api.TF_GraphOperationByName)(self.graph, operation.as_ptr()) };
        if oper.is_null() {
            return None;
        }
        // SAFETY: an operation lives as long as its graph.
        let outputs = unsafe { (self.api.TF_OperationNumOutputs)(oper) };
        (0..outputs).contains(&index).then_some(TF_Output { oper, index })
    }

    /// The shape of a tensor; of unknown rank too if there is no such tensor.
    fn shape(&self, tensor: &str) -> Shape {
        let dims = self.output(tensor).and_then(|output| self.dims(output));
        dims.map_or_else(Shape::unknown_rank, |dims| {
            Shape::new(dims.iter().map(|dim| usize::try_from(*dim).ok()).collect())
        })
    }

    /// `None` if the rank is unknown; -1 for an unknown dimension.
    fn dims(&self, output: TF_Output) -> Option<Vec<i64>> {
        let mut status = Status::new(self.api);
        let (graph, pointer) = (self.graph, status.as_mut_ptr());
        // SAFETY: an output of this graph, which lives until `drop`.
        let rank = unsafe { (self.api.TF_GraphGetTensorNumDims)(graph, output, pointer) };
        status.into_result().ok()?;
        let mut dims = vec![-1; usize::try_from(rank).ok()?];
        let mut status = Status::new(self.api);
        let (data, pointer) = (dims.as_mut_ptr(), status.as_mut_ptr());
        // SAFETY: as above; there is room for as many dimensions as announced.
        unsafe { (self.api.TF_GraphGetTensorShape)(graph, output, data, rank, pointer) };
        status.into_result().ok().map(|()| dims)
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // In a forked child: the parent's, with locks that its threads may hold.
        let Ok(_call) = Call::begin() else { return };
        // SAFETY: made by `TF_NewGraph`, freed once.
        unsafe { (self.api.TF_DeleteGraph)(self.graph) };
    }
}

/// Tensors of a graph to feed and to fetch.
pub(crate) struct Plan {
    graph: Arc<Graph>,
    feeds: Vec<TF_Output>,
    fetches: Vec<TF_Output>,
    first_run: Once,
}

// SAFETY: operations are immutable and live as long as the graph, which the
// plan keeps alive.
unsafe impl Send for Plan {}
// SAFETY: as above.
unsafe impl Sync for Plan {}

/// A `TF_Session` with the graph it runs.
pub(crate) struct Session {
    api: &'static Api,
    graph: Arc<Graph>,
    session: *mut TF_Session,
}

// SAFETY: TensorFlow documents a session as safe to use from many threads.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

impl Session {
    /// The library that this session runs in.
    pub(crate) fn api(&self) -> &'static Api {
        self.api
    }

    /// Loads the graph with exactly these tags, and its variables.
    pub(crate) fn load(
        api: &'static Api,
        dir: &Path,
        tags: &[String],
        config: &[u8],
    ) -> Result<Session> {
        let _call = Call::begin()?;
        let dir = c_string(dir.as_os_str().as_encoded_bytes())?;
        let tags = tags.iter().map(c_string).collect::<Result<Vec<_>>>()?;
        let tags: Vec<_> = tags.iter().map(|tag| tag.as_ptr()).collect();
        let options = Options::new(api, config)?;
        let graph = Arc::new(Graph::new(api));
        let mut status = Status::new(api);
        // SAFETY: all arguments live for the call, as many tags as announced;
        // run options and the MetaGraphDef may be NULL.
        let session = unsafe {
            (api.TF_LoadSessionFromSavedModel)(
                options.options,
                ptr::null(),
                dir.as_ptr(),
                tags.as_ptr(),
                tags.len() as c_int,
                graph.graph,
                ptr::null_mut(),
                status.as_mut_ptr(),
            )
        };
        status.into_result()?;
        Ok(Session { api, graph, session })
    }

    /// The shape that the graph has for a tensor, `op:index`.
    pub(crate) fn shape(&self, tensor: &str) -> Shape {
        self.graph.shape(tensor)
    }

    /// Finds tensors by their names, `op:index`.
    ///
    /// # Errors
    /// [`Error::Name`] names one that the graph does not have.
    pub(crate) fn plan<'n>(
        &self,
        feeds: impl IntoIterator<Item = &'n str>,
        fetches: impl IntoIterator<Item = &'n str>,
    ) -> Result<Plan> {
        let find = |tensor: &str| {
            let output = self.graph.output(tensor);
            output.ok_or_else(|| Error::Name(format!("the graph has no tensor \"{tensor}\"")))
        };
        Ok(Plan {
            graph: Arc::clone(&self.graph),
            feeds: feeds.into_iter().map(find).collect::<Result<_>>()?,
            fetches: fetches.into_iter().map(find).collect::<Result<_>>()?,
            first_run: Once::new(),
        })
    }

    /// Runs the graph; the results are in the order of the plan's fetches.
    pub(crate) fn run(&self, plan: &Plan, tensors: &[Feed<'_>]) -> Result<Vec<RawTensor>> {
        if !Arc::ptr_eq(&self.graph, &plan.graph) || tensors.len() != plan.feeds.len() {
            return Err(internal("a plan of another model"));
        }
        let _call = Call::begin()?;
        if plan.fetches.is_empty() {
            // TensorFlow calls that an error; a signature without outputs is none.
            return Ok(Vec::new());
        }
        let inputs: Vec<_> = tensors.iter().map(Feed::as_ptr).collect();
        let mut outputs = vec![ptr::null_mut(); plan.fetches.len()];
        let mut status = Status::new(self.api);
        // SAFETY: the session lives until `drop`, the tensors for the call; each
        // array has as many elements as announced; run options and metadata may
        // be NULL, and there are no targets.
        unsafe {
            (self.api.TF_SessionRun)(
                self.session,
                ptr::null(),
                plan.feeds.as_ptr(),
                inputs.as_ptr(),
                inputs.len() as c_int,
                plan.fetches.as_ptr(),
                outputs.as_mut_ptr(),
                outputs.len() as c_int,
                ptr::null(),
                0,
                ptr::null_mut(),
                status.as_mut_ptr(),
            )
        };
        plan.first_run.call_once(watch_end);
        // Taken over before the status is looked at, so that none can leak.
        let outputs: Vec<_> =
            outputs.into_iter().map(|output| RawTensor::from_ptr(self.api, output)).collect();
        status.into_result()?;
        let outputs: Option<Vec<_>> = outputs.into_iter().collect();
        outputs.ok_or_else(|| internal("no tensor for an output"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // To close it is to wait for threads, which in a forked child are not there.
        let Ok(_call) = Call::begin() else { return };
        let mut status = Status::new(self.api);
        // SAFETY: made by `TF_LoadSessionFromSavedModel`, closed and freed once,
        // when no call can be under way. A failure leaves nothing to do.
        unsafe { (self.api.TF_DeleteSession)(self.session, status.as_mut_ptr()) };
    }
}

/// Session options, for the length of a load.
struct Options {
    api: &'static Api,
    options: *mut super::api::TF_SessionOptions,
}

impl Options {
    fn new(api: &'static Api, config: &[u8]) -> Result<Options> {
        // SAFETY: takes nothing; the result is freed by `drop`.
        let options = unsafe { (api.TF_NewSessionOptions)() };
        let options = Options { api, options };
        let mut status = Status::new(api);
        let (data, len) = (config.as_ptr().cast(), config.len());
        // SAFETY: the options live until `drop`; the bytes are parsed at once.
        unsafe { (api.TF_SetConfig)(options.options, data, len, status.as_mut_ptr()) };
        status.into_result().map_err(|error| {
            let config: String = config.iter().map(|byte| format!("{byte:02x}")).collect();
            Error::Config(format!("config \"hex:{config}\": {}", error.message()))
        })?;
        Ok(options)
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by `TF_NewSessionOptions`, freed once.
        unsafe { (self.api.TF_DeleteSessionOptions)(self.options) };
    }
}

fn c_string(text: impl AsRef<[u8]>) -> Result<CString> {
    let text = text.as_ref();
    CString::new(text).map_err(|_| names::with_nul(&String::from_utf8_lossy(text)))
}

fn internal(what: &str) -> Error {
    Error::TensorFlow { code: Code::Internal, message: what.to_string() }
}

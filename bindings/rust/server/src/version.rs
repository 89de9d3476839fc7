//! One loaded SavedModel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use stele::{Model, Runner, Signature, TensorSpec};

use crate::alias::Alias;
use crate::definitions;
use crate::folders::{self, Fingerprint, local};
use crate::heap::Freed;
use crate::options::{Options, parse_config};
use crate::refusal::{Refusal, Result, shown};
use crate::threads::Pace;
use crate::warmup::{self, Warmed};

/// `experimental.disable_thread_spinning`, as `--config` has it: TensorFlow's threads sleep
/// when they have nothing to do. Looking for work for a while first, as is its default, they
/// would take the cores from other calls.
const SLEEPING: &str = "hex:8201024801";

/// Where a model comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// A SavedModel, or a folder with a numbered one for each version.
    pub(crate) folder: PathBuf,
    /// Of the MetaGraphDef.
    pub(crate) tags: Vec<String>,
    /// A serialized ConfigProto.
    pub(crate) session_config: Vec<u8>,
    /// The libtensorflow at this path; `None` to find one.
    pub(crate) library: Option<PathBuf>,
    /// Whether to run it once before the first call, if it brings no requests for that.
    pub(crate) warmup: bool,
}

impl Source {
    /// A folder, loaded as the server's options say.
    pub(crate) fn new(folder: &Path, options: &Options) -> Source {
        Source {
            folder: local(folder).to_path_buf(),
            tags: options.tags.clone(),
            session_config: options.session_config.clone(),
            library: options.library.clone(),
            warmup: options.warmup,
        }
    }
}

/// A version of a model; released when nothing refers to it any more.
pub(crate) struct Version {
    pub(crate) number: i64,
    /// The SignatureDefs for callers, serialized.
    pub(crate) definitions: BTreeMap<String, Bytes>,
    /// What the folder held when this was loaded.
    pub(crate) files: Fingerprint,
    /// What was run before the first call.
    pub(crate) warmed: Warmed,
    model: Model,
    prepared: BTreeMap<String, Result<Arc<Prepared>>>,
    _alias: Alias,
    /// The last field of all that refers to the model.
    _freed: Arc<Freed>,
}

impl Version {
    /// # Errors
    /// As `bindings/contract/PROTOCOL.md` has for `load`; UNAVAILABLE if the files
    /// change while they are read; as [`warmup::warm`].
    pub(crate) fn load(number: i64, folder: &Path, source: &Source) -> Result<Version> {
        let files = folders::fingerprint(folder);
        let alias = Alias::of(folder);
        let model = model(&alias, source)?;
        let signatures = model.signatures().iter().map(|signature| &**signature);
        let definitions = definitions::read(folder, &source.tags, signatures)?;
        if folders::fingerprint(folder) != files {
            let message = format!("\"{}\" changed while it was loaded", folder.display());
            return Err(Refusal::new(stele::Code::Unavailable, message));
        }
        let freed = Arc::new(Freed);
        let prepare = |signature: &Arc<Signature>| {
            let runner = model.runner(&signature.name).map_err(Refusal::from);
            let prepared = runner.map(|runner| Arc::new(Prepared::new(runner, &freed)));
            (signature.name.clone(), prepared)
        };
        let prepared = model.signatures().iter().map(prepare).collect();
        let warmed = Warmed::default();
        let mut loaded = Version {
            number,
            definitions,
            files,
            warmed,
            model,
            prepared,
            _alias: alias,
            _freed: freed,
        };
        loaded.warmed = warmup::warm(&loaded, folder, source.warmup)?;
        Ok(loaded)
    }

    /// A signature, ready to run.
    ///
    /// # Errors
    /// NOT_FOUND, naming those there; UNIMPLEMENTED for a sparse one.
    pub(crate) fn prepare(&self, name: &str) -> Result<Arc<Prepared>> {
        match self.prepared.get(name) {
            Some(prepared) => prepared.clone(),
            None => Err(self.signature(&shown(name)).err().unwrap_or_else(|| {
                Refusal::not_found(format!("no signature \"{}\"", shown(name)))
            })),
        }
    }

    /// # Errors
    /// NOT_FOUND, naming those there.
    pub(crate) fn signature(&self, name: &str) -> Result<&Signature> {
        Ok(self.model.signatures().named(name)?)
    }
}

/// Errors speak of what was given: the folder, and the config without what is put before it.
fn model(alias: &Alias, source: &Source) -> Result<Model> {
    let config = [parse_config(SLEEPING)?, source.session_config.clone()].concat();
    let mut builder = Model::builder().tags(source.tags.clone()).config(config);
    if let Some(library) = &source.library {
        builder = builder.library(library);
    }
    builder.load(alias.path()).map_err(|error| {
        let Refusal { code, message } = alias.explained(error);
        Refusal::new(code, message.replace(SLEEPING, "hex:"))
    })
}

/// A signature, ready to run.
pub(crate) struct Prepared {
    pub(crate) runner: Runner,
    pub(crate) pace: Pace,
    batchable: AtomicBool,
    /// Last, as in `Version`: a call may outlive that.
    _freed: Arc<Freed>,
}

impl Prepared {
    fn new(runner: Runner, freed: &Arc<Freed>) -> Prepared {
        let signature = runner.signature();
        let batchable = has_rows(&signature.inputs) && has_rows(&signature.outputs);
        let batchable = AtomicBool::new(batchable);
        Prepared { runner, pace: Pace::default(), batchable, _freed: Arc::clone(freed) }
    }

    pub(crate) fn signature(&self) -> &Signature {
        self.runner.signature()
    }

    /// Whether calls may share a run: the first dimension of every input and output is
    /// unknown, hence likely the batch.
    pub(crate) fn is_batchable(&self) -> bool {
        self.batchable.load(Ordering::Relaxed)
    }

    /// The model turned out not to keep the rows; whether that was news.
    pub(crate) fn never_batch(&self) -> bool {
        self.batchable.swap(false, Ordering::Relaxed)
    }
}

fn has_rows(specs: &[TensorSpec]) -> bool {
    let unknown = |spec: &TensorSpec| matches!(spec.shape.dims(), Some([None, ..]));
    !specs.is_empty() && specs.iter().all(unknown)
}

//! A loaded model, and how to run it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check;
use crate::config::Profile;
use crate::error::{Code, Error, Result};
use crate::folder;
use crate::library::Library;
use crate::outputs::Outputs;
use crate::saved_model::SavedModel;
use crate::signature::{DEFAULT_SIGNATURE, Signature, Signatures};
use crate::sys::{Plan, Session};
use crate::tensor::{Tensor, TensorView};

/// The tags that [`Model::load`] asks for.
const DEFAULT_TAG: &str = "serve";

/// A SavedModel in memory. A clone is the same model; any number of threads may
/// run it at once.
///
/// ```
/// use stele::{Model, TensorView};
///
/// # let models = std::env::var("STELE_MODELS")?;
/// # let dir = format!("{models}/digits/saved_model");
/// let model = Model::load(dir)?;
/// let pixels = [0.0f32; 64];
/// let outputs = model.run([("image", TensorView::new(&[1, 8, 8, 1], &pixels)?)])?;
/// assert_eq!(outputs.get("probabilities")?.data::<f32>()?.len(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    signatures: Signatures,
    /// One for each signature: how to run it, or why that cannot be done.
    prepared: Vec<Result<Prepared>>,
}

/// How to run a signature.
struct Prepared {
    plan: Plan,
    /// Where each output comes from, in the order of the signature.
    sources: Vec<Source>,
}

enum Source {
    /// The next tensor that the plan fetches.
    Fetch,
    /// The input at this position of the signature: TensorFlow refuses to fetch
    /// the very tensor that it is fed.
    Input(usize),
}

impl Model {
    /// Loads the graph of a SavedModel folder that has the tag `serve`, with
    /// TensorFlow's default configuration.
    ///
    /// # Errors
    /// As [`ModelBuilder::load`].
    pub fn load(dir: impl AsRef<Path>) -> Result<Model> {
        Model::builder().load(dir)
    }

    /// For other tags, another configuration, or a certain libtensorflow.
    pub fn builder() -> ModelBuilder {
        ModelBuilder::default()
    }

    /// The signatures, sorted by name.
    pub fn signatures(&self) -> &Signatures {
        &self.inner.signatures
    }

    /// Prepares a signature to be run many times.
    ///
    /// # Errors
    /// [`Error::Signature`] if there is none of that name;
    /// [`Error::Unsupported`] if one of its tensors is sparse, composite or of a
    /// dtype without a name.
    pub fn runner(&self, signature: &str) -> Result<Runner> {
        let position = self.inner.signatures.position(signature)?;
        if let Some(Err(error)) = self.inner.prepared.get(position) {
            return Err(error.clone());
        }
        Ok(Runner { model: Arc::clone(&self.inner), position })
    }

    /// Runs the signature `serving_default`.
    ///
    /// # Errors
    /// As [`Model::runner`] and [`Runner::run`].
    pub fn run<'t, K, V>(&self, inputs: impl IntoIterator<Item = (K, V)>) -> Result<Outputs>
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        self.runner(DEFAULT_SIGNATURE)?.run(inputs)
    }
}

/// How to load a model.
///
/// ```
/// use stele::{Model, Profile};
///
/// # let models = std::env::var("STELE_MODELS")?;
/// # let dir = format!("{models}/digits/saved_model");
/// let model = Model::builder().tags(["serve"]).profile(Profile::Inline).load(dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModelBuilder {
    tags: Vec<String>,
    config: Vec<u8>,
    library: Option<PathBuf>,
}

impl Default for ModelBuilder {
    fn default() -> ModelBuilder {
        let config = Profile::Default.config().to_vec();
        ModelBuilder { tags: vec![DEFAULT_TAG.to_string()], config, library: None }
    }
}

impl ModelBuilder {
    /// Asks for the graph that has exactly these tags, in any order.
    pub fn tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> ModelBuilder {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Uses a named configuration.
    pub fn profile(self, profile: Profile) -> ModelBuilder {
        self.config(profile.config())
    }

    /// Uses a serialized ConfigProto.
    pub fn config(mut self, config: impl Into<Vec<u8>>) -> ModelBuilder {
        self.config = config.into();
        self
    }

    /// Uses the libtensorflow at this path, a folder or a file.
    pub fn library(mut self, path: impl Into<PathBuf>) -> ModelBuilder {
        self.library = Some(path.into());
        self
    }

    /// Checks the folder, finds libtensorflow, and loads the model.
    ///
    /// # Errors
    /// [`Error::File`] if the folder or its variables are missing,
    /// [`Error::Corrupt`] if they are damaged, [`Error::Tags`] if no graph has
    /// these tags, [`Error::Config`] if the configuration is none,
    /// [`Error::Library`] if libtensorflow cannot be had, [`Error::Forked`] in the
    /// child of a process that has loaded a model, and [`Error::TensorFlow`] for
    /// whatever it refuses.
    pub fn load(self, dir: impl AsRef<Path>) -> Result<Model> {
        let dir = folder::local(dir.as_ref());
        let model = SavedModel::read(dir)?;
        let graph = model.meta_graph(&self.tags)?;
        let library = match &self.library {
            Some(path) => Library::open(path),
            None => Library::find(),
        }?;
        let session = Session::load(library.api, dir, &self.tags, &self.config);
        let session = session.map_err(|error| match error {
            // A file of the variables ends early.
            Error::TensorFlow { code: Code::OutOfRange, message } => {
                Error::Corrupt(format!("\"{}\" is damaged: {message}", dir.display()))
            }
            other => other,
        })?;
        let signatures =
            Signatures::read(graph.signature_def.clone(), |tensor| session.shape(tensor));
        let prepared = signatures.iter().map(|signature| prepare(&session, signature)).collect();
        Ok(Model { inner: Arc::new(Inner { session, signatures, prepared }) })
    }
}

fn prepare(session: &Session, signature: &Signature) -> Result<Prepared> {
    signature.check_supported()?;
    let fed: Vec<_> = signature.inputs.iter().map(|spec| &*spec.tensor).collect();
    let (mut sources, mut fetched) = (Vec::new(), Vec::new());
    for spec in &signature.outputs {
        match fed.iter().position(|tensor| *tensor == spec.tensor) {
            Some(position) => sources.push(Source::Input(position)),
            None => {
                sources.push(Source::Fetch);
                fetched.push(&*spec.tensor);
            }
        }
    }
    Ok(Prepared { plan: session.plan(fed, fetched)?, sources })
}

/// A signature of a model, ready to run. It keeps the model alive, and may be
/// used by many threads at once.
///
/// ```
/// use stele::{Model, Tensor};
///
/// # let models = std::env::var("STELE_MODELS")?;
/// # let dir = format!("{models}/digits/saved_model");
/// let runner = Model::load(dir)?.runner("serving_default")?;
/// let image = Tensor::new([1, 8, 8, 1], &[0.0f32; 64])?;
/// for _ in 0..3 {
///     runner.run([("image", &image)])?;
/// }
/// // What does not fit is refused before TensorFlow is called.
/// let flat = Tensor::new([64], &[0.0f32; 64])?;
/// let error = runner.run([("image", &flat)]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "INVALID_ARGUMENT: input \"image\" has shape [64], expected [?,8,8,1]"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Runner {
    model: Arc<Inner>,
    position: usize,
}

impl Runner {
    /// The signature that this runs.
    pub fn signature(&self) -> &Arc<Signature> {
        &self.model.signatures[self.position]
    }

    /// Runs the signature on inputs by name.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::DType`] or [`Error::Shape`] for inputs that do
    /// not fit, [`Error::Forked`] in the child of the process that loaded the model,
    /// and [`Error::TensorFlow`] for whatever TensorFlow refuses.
    pub fn run<'t, K, V>(&self, inputs: impl IntoIterator<Item = (K, V)>) -> Result<Outputs>
    where
        K: AsRef<str>,
        V: Into<TensorView<'t>>,
    {
        let signature = self.signature();
        let Some(Ok(prepared)) = self.model.prepared.get(self.position) else {
            return Err(Error::Signature(format!("no plan for \"{}\"", signature.name)));
        };
        let inputs = inputs.into_iter().map(|(name, tensor)| (name, tensor.into()));
        let inputs = check::inputs(signature, &inputs.collect::<Vec<_>>())?;
        let api = self.model.session.api();
        let feeds = inputs.iter().map(|tensor| tensor.to_raw(api)).collect::<Result<Vec<_>>>()?;
        let mut fetched = self.model.session.run(&prepared.plan, &feeds)?.into_iter();
        let outputs = prepared.sources.iter().filter_map(|source| match source {
            Source::Fetch => fetched.next().map(Tensor::from_raw),
            Source::Input(position) => inputs.get(*position).map(|input| input.to_tensor()),
        });
        let tensors = outputs.collect::<Result<_>>()?;
        Ok(Outputs::new(Arc::clone(signature), tensors))
    }
}

//! One inference, whatever API asked for it.

use std::sync::Arc;

use stele::{Code, Tensor};

use crate::admission::{Admission, Client, Place};
use crate::batcher::Batcher;
use crate::memory::Memory;
use crate::oip_tensors::Inputs;
use crate::output::{Output, Outputs};
use crate::refusal::{Refusal, Result, quoted, shown};
use crate::threads::Threads;
use crate::version::Prepared;

/// Runs signatures within the server's bounds.
pub(crate) struct Inference {
    admission: Admission,
    batcher: Option<Batcher>,
    threads: Threads,
}

/// What a call brings along.
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) memory: Memory,
    /// Of the model that is called; kept until the model has run, whether the client
    /// waits or not.
    pub(crate) place: Place,
}

impl Inference {
    /// Runs each call alone, or leaves what it can to a batcher.
    pub(crate) fn new(
        admission: Admission,
        batcher: Option<Batcher>,
        threads: Threads,
    ) -> Inference {
        Inference { admission, batcher, threads }
    }

    /// Runs a signature. Who drops this before the model runs, stops it.
    ///
    /// `wanted` are the outputs to return, in this order; all if there are none.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for inputs that do not fit; RESOURCE_EXHAUSTED when there is no
    /// room for an answer; or TensorFlow's own.
    pub(crate) async fn run(
        &self,
        prepared: Arc<Prepared>,
        inputs: Inputs,
        wanted: &[String],
        caller: Caller,
    ) -> Result<Outputs> {
        check_outputs(&prepared, wanted)?;
        // Before anything waits: a misfit would spoil the calls of others in a batch.
        let views: Vec<_> = inputs.iter().map(|(name, tensor)| (name, tensor.into())).collect();
        prepared.signature().check(&views)?;
        drop(views);
        let batched = self
            .batcher
            .as_ref()
            .and_then(|batcher| Some((batcher, batcher.rows(&prepared, &inputs)?)));
        let outputs = match batched {
            Some((batcher, rows)) => {
                batcher.run(Arc::clone(&prepared), inputs, rows, caller).await?
            }
            None => self.alone(Arc::clone(&prepared), inputs, caller).await?,
        };
        Ok(select(&prepared, outputs, wanted))
    }

    async fn alone(
        &self,
        prepared: Arc<Prepared>,
        inputs: Inputs,
        Caller { client, memory, place }: Caller,
    ) -> Result<Vec<Output>> {
        let turn = self.admission.turn(place.model(), client).await;
        // Answers that nobody read while this waited may have filled the room.
        memory.check()?;
        let run = self.threads.run(Arc::clone(&prepared), move || {
            // A model that runs cannot be stopped: it is inside as long as it runs.
            let _inside = (place, turn);
            run(&prepared, &inputs).map(|tensors| tensors.into_iter().map(Output::from).collect())
        });
        run.await.unwrap_or_else(|_| Err(failed()))
    }
}

/// Runs on this thread.
pub(crate) fn run(prepared: &Prepared, inputs: &[(String, Tensor)]) -> Result<Vec<Tensor>> {
    let outputs = prepared.runner.run(inputs.iter().map(|(name, tensor)| (name, tensor)))?;
    Ok(outputs.into_tensors())
}

/// A panic, which has been written to stderr.
pub(crate) fn failed() -> Refusal {
    Refusal::new(Code::Internal, "the server failed; its log says why")
}

fn check_outputs(prepared: &Prepared, wanted: &[String]) -> Result<()> {
    let signature = prepared.signature();
    let mut seen = std::collections::HashSet::new();
    for name in wanted {
        if !signature.outputs.iter().any(|spec| spec.name == *name) {
            let known = quoted(signature.outputs.iter().map(|spec| &spec.name));
            return Err(Refusal::invalid(format!(
                "no output \"{}\"; signature \"{}\" has {known}",
                shown(name),
                signature.name
            )));
        }
        if !seen.insert(name) {
            return Err(Refusal::invalid(format!("output \"{name}\" is asked for twice")));
        }
    }
    Ok(())
}

fn select(prepared: &Prepared, outputs: Vec<Output>, wanted: &[String]) -> Outputs {
    let names = prepared.signature().outputs.iter().map(|spec| spec.name.clone());
    let mut all: Outputs = names.zip(outputs).collect();
    if wanted.is_empty() {
        return all;
    }
    let take = |name: &String| {
        let at = all.iter().position(|(own, _)| own == name)?;
        Some(all.swap_remove(at))
    };
    wanted.iter().filter_map(take).collect()
}

//! Runs calls that wait at the same time as one batch, without ever waiting for one.
//!
//! Calls of one signature, whose inputs have the same dtypes and the same shapes but for
//! the first dimension, gather while they wait for a turn. For each such group a task
//! waits for the turn, takes what has gathered by then, runs it as one, and deals the
//! rows of the outputs out again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use stele::{DType, Tensor};
use tokio::sync::oneshot;

use crate::admission::{Admission, Turn};
use crate::inference::{Caller, failed, run};
use crate::log::Log;
use crate::metrics::Metrics;
use crate::oip_tensors::Inputs;
use crate::output::Output;
use crate::refusal::Result;
use crate::threads::Threads;
use crate::version::Prepared;

/// Batches of at most so many rows. Clones share the groups.
#[derive(Clone)]
pub(crate) struct Batcher {
    admission: Admission,
    limit: usize,
    metrics: Option<Arc<Metrics>>,
    log: Log,
    threads: Threads,
    groups: Arc<Mutex<HashMap<Key, VecDeque<Member>>>>,
}

/// What calls must share: the signature of one loaded version, and each input's name,
/// dtype and shape of a row.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    /// Its address: every member keeps it there.
    prepared: usize,
    rows: Vec<(String, DType, Vec<usize>)>,
}

/// A call in a group, and later in a batch.
struct Member {
    prepared: Arc<Prepared>,
    inputs: Inputs,
    rows: usize,
    caller: Caller,
    outcome: oneshot::Sender<Result<Vec<Output>>>,
}

impl Batcher {
    pub(crate) fn new(
        admission: Admission,
        limit: usize,
        metrics: Option<Arc<Metrics>>,
        log: Log,
        threads: Threads,
    ) -> Batcher {
        Batcher { admission, limit, metrics, log, threads, groups: Arc::default() }
    }

    /// How many rows a call brings to a batch; `None` if it has to run alone.
    pub(crate) fn rows(&self, prepared: &Prepared, inputs: &Inputs) -> Option<usize> {
        // A default that stands for an input has rows of its own.
        if !prepared.is_batchable() || inputs.len() < prepared.signature().inputs.len() {
            return None;
        }
        let mut counts = inputs.iter().map(|(_, tensor)| tensor.shape().first().copied());
        let count = counts.next().flatten()?;
        // Inputs with different numbers of rows could not be dealt out again.
        let same = counts.all(|other| other == Some(count));
        (same && (1..self.limit).contains(&count)).then_some(count)
    }

    /// Runs a call, alone or with others. Its inputs are checked: they fit, and have all
    /// so many rows.
    ///
    /// # Errors
    /// What the model makes of this call's inputs.
    pub(crate) async fn run(
        &self,
        prepared: Arc<Prepared>,
        mut inputs: Inputs,
        rows: usize,
        caller: Caller,
    ) -> Result<Vec<Output>> {
        inputs.sort_by(|one, other| one.0.cmp(&other.0));
        let row = |(name, tensor): &(String, Tensor)| {
            (name.clone(), tensor.dtype(), tensor.shape().iter().skip(1).copied().collect())
        };
        let address = Arc::as_ptr(&prepared).addr();
        let key = Key { prepared: address, rows: inputs.iter().map(row).collect() };
        // Dropped after the answer: a client that leaves gives up its place at once.
        let _leaving = Leaving { batcher: self, key: &key };
        let (outcome, answer) = oneshot::channel();
        let member = Member { prepared, inputs, rows, caller, outcome };
        if self.join(&key, member) {
            tokio::spawn(self.clone().lead(key.clone()));
        }
        answer.await.unwrap_or_else(|_| Err(failed()))
    }

    /// Whether the group is a new one, which nobody leads yet.
    fn join(&self, key: &Key, member: Member) -> bool {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !groups.contains_key(key);
        groups.entry(key.clone()).or_default().push_back(member);
        new
    }

    /// Runs what gathers in a group until nothing is left.
    async fn lead(self, key: Key) {
        while let Some((model, client)) = self.first(&key) {
            let turn = self.admission.turn(&model, client).await;
            let batch = self.take(&key);
            let batcher = self.clone();
            if let Some(first) = batch.first() {
                let prepared = Arc::clone(&first.prepared);
                // The next batch may run beside this one if there is a turn for it.
                self.threads.run(prepared, move || batcher.run_batch(batch, turn));
            }
        }
    }

    /// Model and client of the call that waits longest; forgets the group if none does.
    fn first(&self, key: &Key) -> Option<(Arc<str>, u64)> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        match groups.get(key)?.front() {
            Some(first) => Some((Arc::clone(first.caller.place.model()), first.caller.client)),
            None => {
                groups.remove(key);
                None
            }
        }
    }

    /// Takes what fits into one batch out of a group.
    fn take(&self, key: &Key) -> Vec<Member> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut batch, mut rows) = (Vec::new(), 0);
        let Some(group) = groups.get_mut(key) else { return batch };
        while let Some(next) = group.front() {
            if rows > 0 && rows + next.rows > self.limit {
                break;
            }
            rows += next.rows;
            batch.extend(group.pop_front());
        }
        batch
    }

    fn run_batch(&self, batch: Vec<Member>, turn: Turn) {
        let _turn = turn;
        // Answers that nobody read while these waited may have filled the room.
        let batch: Vec<Member> = batch.into_iter().filter_map(with_room).collect();
        if batch.is_empty() {
            return;
        }
        if let Some(metrics) = &self.metrics {
            metrics.batch(batch.len());
        }
        let outputs = if batch.len() > 1 { self.together(&batch) } else { None };
        let mut outputs = outputs.map(Vec::into_iter);
        for Member { prepared, inputs, caller, outcome, .. } in batch {
            let dealt = outputs.as_mut().and_then(Iterator::next);
            let result = dealt.map_or_else(
                || {
                    let tensors = run(&prepared, &inputs)?;
                    Ok(tensors.into_iter().map(Output::from).collect())
                },
                Ok,
            );
            // Before the answer: who has that finds the place free.
            drop(caller);
            drop(outcome.send(result));
        }
    }

    /// Runs a batch as one; each member's outputs, `None` if that did not work.
    fn together(&self, batch: &[Member]) -> Option<Vec<Vec<Output>>> {
        let prepared = &batch.first()?.prepared;
        let outputs = concatenated(batch).and_then(|inputs| run(prepared, &inputs));
        let tensors = match outputs {
            Ok(tensors) => tensors,
            Err(error) => {
                // One call's values may have caused it: each will have its own answer.
                let (count, message) = (batch.len(), &error.message);
                self.log
                    .info(&format!("a batch of {count} failed, and runs one by one: {message}"));
                return None;
            }
        };
        let total: usize = batch.iter().map(|member| member.rows).sum();
        if tensors.iter().any(|tensor| tensor.shape().first() != Some(&total)) {
            if prepared.never_batch() {
                self.log.warning(&format!(
                    "signature \"{}\" has outputs without a row for each row of its inputs: its \
                     calls run one by one from now on",
                    prepared.signature().name
                ));
            }
            return None;
        }
        let mut start = 0;
        let dealt = batch.iter().map(|member| {
            let rows = start..start + member.rows;
            start = rows.end;
            tensors.iter().map(|tensor| Output::rows(tensor, rows.clone())).collect()
        });
        Some(dealt.collect())
    }
}

/// Whoever waits for an answer, until it does no more.
struct Leaving<'b> {
    batcher: &'b Batcher,
    key: &'b Key,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut groups = self.batcher.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get_mut(self.key) {
            group.retain(|member| !member.outcome.is_closed());
        }
    }
}

/// Refuses a call whose client has no room for an answer.
fn with_room(member: Member) -> Option<Member> {
    let Err(full) = member.caller.memory.check() else { return Some(member) };
    let Member { caller, outcome, .. } = member;
    drop(caller);
    drop(outcome.send(Err(full)));
    None
}

/// Each input with the rows of all members.
fn concatenated(batch: &[Member]) -> Result<Inputs> {
    let Some(first) = batch.first() else { return Ok(Vec::new()) };
    let total: usize = batch.iter().map(|member| member.rows).sum();
    let one = |(position, (name, tensor)): (usize, &(String, Tensor))| {
        let mut shape = tensor.shape().to_vec();
        if let Some(rows) = shape.first_mut() {
            *rows = total;
        }
        let parts = batch.iter().filter_map(|member| Some(&member.inputs.get(position)?.1));
        let joined = if tensor.dtype() == DType::Bytes {
            let strings = parts.map(Tensor::strings).collect::<stele::Result<Vec<_>>>()?;
            Tensor::from_strings(shape, strings.into_iter().flatten())?
        } else {
            let bytes = parts.map(Tensor::bytes).collect::<stele::Result<Vec<_>>>()?;
            Tensor::from_owner_bytes(tensor.dtype(), shape, bytes.concat())?
        };
        Ok((name.clone(), joined))
    };
    first.inputs.iter().enumerate().map(one).collect()
}

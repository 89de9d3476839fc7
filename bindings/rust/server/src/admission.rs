//! How many calls may run, and how many may wait: the rest is refused at once.
//!
//! A call first needs a place, of which each model has `workers + queue`, then, to run
//! the model, a turn. There are `workers` turns; a model of which nothing runs has one
//! more, so that it never waits for another model's calls. Whoever waits is served in
//! turn: the models one after another, of each model its clients one after another, of
//! each client its calls as they came. Calls of one batch have a place each and share a
//! turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stele::Code;
use tokio::sync::{Notify, oneshot};

use crate::fair::Fair;
use crate::refusal::{Refusal, Result};

/// Who calls: a connection.
pub(crate) type Client = u64;

/// The bounds on calls. Clones share them.
#[derive(Clone)]
pub(crate) struct Admission {
    shared: Arc<Shared>,
}

struct Shared {
    workers: usize,
    capacity: usize,
    state: Mutex<State>,
    left: Notify,
}

#[derive(Default)]
struct State {
    closed: bool,
    inside: usize,
    running: usize,
    models: HashMap<Arc<str>, Model>,
    /// The models of which calls wait.
    waiting: Fair<Arc<str>, oneshot::Sender<Turn>>,
}

#[derive(Default)]
struct Model {
    inside: usize,
    running: usize,
}

/// A place, until this is dropped.
pub(crate) struct Place {
    admission: Admission,
    model: Arc<str>,
}

/// A turn, until this is dropped.
pub(crate) struct Turn {
    admission: Admission,
    model: Arc<str>,
}

impl Admission {
    pub(crate) fn new(workers: usize, queue: usize) -> Admission {
        let shared = Shared {
            workers,
            capacity: workers + queue,
            state: Mutex::default(),
            left: Notify::new(),
        };
        Admission { shared: Arc::new(shared) }
    }

    /// How many calls run or wait.
    pub(crate) fn inside(&self) -> usize {
        self.state().inside
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// Returns when nobody is inside.
    pub(crate) async fn empty(&self) {
        loop {
            let left = self.shared.left.notified();
            if self.inside() == 0 {
                return;
            }
            left.await;
        }
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when all places of the model are taken; UNAVAILABLE after
    /// `close`.
    pub(crate) fn place(&self, model: &str) -> Result<Place> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::stopping());
        }
        let capacity = self.shared.capacity;
        let name: Arc<str> = Arc::from(model);
        let entry = state.models.entry(Arc::clone(&name)).or_default();
        if entry.inside >= capacity {
            let message = format!("{capacity} calls are running or waiting, and no more may wait");
            return Err(Refusal::new(Code::ResourceExhausted, message));
        }
        entry.inside += 1;
        state.inside += 1;
        Ok(Place { admission: self.clone(), model: name })
    }

    /// Waits for a turn. Who stops waiting loses nothing but that.
    pub(crate) async fn turn(&self, model: &Arc<str>, client: Client) -> Turn {
        let waiter = {
            let mut state = self.state();
            if state.may_run(model, self.shared.workers) {
                state.begin(model);
                return Turn { admission: self.clone(), model: Arc::clone(model) };
            }
            let (give, waiter) = oneshot::channel();
            state.waiting.push(Arc::clone(model), client, give);
            waiter
        };
        let _leaving = Leaving { admission: self, model, client };
        match waiter.await {
            Ok(turn) => turn,
            // Senders are kept until a turn is sent through them.
            Err(_) => std::future::pending().await,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives turns to those who have waited longest, outside of the lock: a turn that
    /// nobody takes any more comes back here.
    fn give(&self) {
        loop {
            let mut state = self.state();
            let workers = self.shared.workers;
            let State { waiting, models, running, .. } = &mut *state;
            let next = waiting.pop(|model| {
                *running < workers || models.get(model).is_none_or(|model| model.running == 0)
            });
            let Some((model, give)) = next else { return };
            if give.is_closed() {
                continue;
            }
            state.begin(&model);
            drop(state);
            drop(give.send(Turn { admission: self.clone(), model }));
        }
    }
}

impl State {
    /// Whether a call of the model need not wait.
    fn may_run(&self, model: &Arc<str>, workers: usize) -> bool {
        let idle = self.models.get(model).is_none_or(|model| model.running == 0);
        (self.running < workers && self.waiting.is_empty())
            || (idle && !self.waiting.contains(model))
    }

    fn begin(&mut self, model: &Arc<str>) {
        self.running += 1;
        self.models.entry(Arc::clone(model)).or_default().running += 1;
    }

    /// What has no call inside costs no memory.
    fn forget(&mut self, model: &Arc<str>) {
        if self.models.get(model).is_some_and(|model| model.inside == 0 && model.running == 0) {
            self.models.remove(model);
        }
    }
}

impl Place {
    pub(crate) fn model(&self) -> &Arc<str> {
        &self.model
    }
}

/// Whoever waits for a turn, until it does no more.
struct Leaving<'a> {
    admission: &'a Admission,
    model: &'a Arc<str>,
    client: Client,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.waiting.retain(self.model, self.client, |give| !give.is_closed());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.inside -= 1;
        if let Some(model) = state.models.get_mut(&self.model) {
            model.inside -= 1;
        }
        state.forget(&self.model);
        drop(state);
        self.admission.shared.left.notify_waiters();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.running -= 1;
        if let Some(model) = state.models.get_mut(&self.model) {
            model.running -= 1;
        }
        state.forget(&self.model);
        drop(state);
        self.admission.give();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    fn name(model: &str) -> Arc<str> {
        Arc::from(model)
    }

    async fn is_given(turn: impl Future<Output = Turn>) -> Option<Turn> {
        tokio::time::timeout(Duration::from_millis(5), turn).await.ok()
    }

    #[test]
    fn places_are_bounded_for_each_model() {
        let admission = Admission::new(1, 1);
        let held = [admission.place("a").unwrap(), admission.place("a").unwrap()];
        let refusal = admission.place("a").err().unwrap();
        assert_eq!(refusal.code, Code::ResourceExhausted);
        assert!(refusal.message.starts_with("2 calls"), "{}", refusal.message);
        assert!(admission.place("b").is_ok());
        assert_eq!(admission.inside(), 2);
        drop(held);
        assert_eq!(admission.inside(), 0);
        assert!(admission.state().models.is_empty());
        admission.close();
        assert_eq!(admission.place("a").err().unwrap().code, Code::Unavailable);
    }

    #[test]
    fn a_model_never_waits_for_another() {
        runtime().block_on(async {
            let admission = Admission::new(2, 9);
            let (slow, other) = (name("slow"), name("other"));
            let running = [admission.turn(&slow, 1).await, admission.turn(&slow, 1).await];
            assert!(is_given(admission.turn(&slow, 1)).await.is_none());
            let more = is_given(admission.turn(&other, 2)).await.unwrap();
            assert!(is_given(admission.turn(&other, 2)).await.is_none());
            drop((running, more));
            assert!(is_given(admission.turn(&slow, 1)).await.is_some());
            assert_eq!(admission.state().running, 0);
            assert!(admission.state().waiting.is_empty());
        });
    }

    #[test]
    fn turns_come_in_the_order_of_arrival_and_to_each_client() {
        runtime().block_on(async {
            let admission = Admission::new(1, 9);
            let model = name("m");
            let held = admission.turn(&model, 0).await;
            let order = Arc::new(Mutex::new(Vec::new()));
            let mut tasks = Vec::new();
            for (client, number) in [(1, 1), (1, 2), (1, 3), (2, 4)] {
                let (admission, model, order) =
                    (admission.clone(), Arc::clone(&model), Arc::clone(&order));
                tasks.push(tokio::spawn(async move {
                    let _turn = admission.turn(&model, client).await;
                    order.lock().unwrap().push(number);
                }));
                tokio::task::yield_now().await;
            }
            drop(held);
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*order.lock().unwrap(), [1, 4, 2, 3]);
        });
    }

    #[test]
    fn who_stops_waiting_holds_nobody_up() {
        runtime().block_on(async {
            let admission = Admission::new(1, 9);
            let model = name("m");
            let held = admission.turn(&model, 0).await;
            assert!(is_given(admission.turn(&model, 1)).await.is_none());
            drop(held);
            assert!(is_given(admission.turn(&model, 2)).await.is_some());
        });
    }

    #[test]
    fn the_last_to_leave_is_noticed() {
        runtime().block_on(async {
            let admission = Admission::new(1, 1);
            let place = admission.place("m").unwrap();
            admission.close();
            let empty = tokio::spawn({
                let admission = admission.clone();
                async move { admission.empty().await }
            });
            tokio::task::yield_now().await;
            assert!(!empty.is_finished());
            drop(place);
            empty.await.unwrap();
        });
    }
}

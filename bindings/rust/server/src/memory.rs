//! How many bytes of requests and answers are inside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stele::Code;

use crate::refusal::{Refusal, Result};

/// The bytes that may be inside at once, as one client has them. Clones share them.
#[derive(Clone)]
pub(crate) struct Memory {
    used: Arc<AtomicUsize>,
    limit: usize,
    own: Arc<Own>,
}

/// The bytes of one client.
#[derive(Default)]
struct Own {
    requests: AtomicUsize,
    answers: AtomicUsize,
}

/// Bytes that are inside, until this is dropped.
pub(crate) struct Held {
    memory: Memory,
    bytes: usize,
    kind: Kind,
}

/// Where the bytes of a kind are counted.
type Kind = fn(&Own) -> &AtomicUsize;

const REQUESTS: Kind = |own| &own.requests;
const ANSWERS: Kind = |own| &own.answers;

impl Memory {
    pub(crate) fn new(limit: usize) -> Memory {
        Memory { used: Arc::default(), limit, own: Arc::default() }
    }

    /// The same bytes, as another client has them.
    pub(crate) fn of_client(&self) -> Memory {
        Memory { own: Arc::default(), ..self.clone() }
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when there is no room for so many.
    pub(crate) fn hold(&self, bytes: usize) -> Result<Held> {
        self.take(bytes)?;
        self.own.requests.fetch_add(bytes, Ordering::Relaxed);
        Ok(Held { memory: self.clone(), bytes, kind: REQUESTS })
    }

    /// Holds the bytes of a request that arrives.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when there is no room for so many, or this client has others
    /// inside and would not leave as much as it has.
    pub(crate) fn admit(&self, bytes: usize) -> Result<Held> {
        let mut held = self.hold(0)?;
        held.grow(bytes)?;
        Ok(held)
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        taken.map(drop).map_err(|used| {
            let message = format!(
                "{used} bytes of requests and answers are inside, and {bytes} more do not fit into {}",
                self.limit
            );
            Refusal::new(Code::ResourceExhausted, message)
        })
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when what is inside is more than there is room for, or this
    /// client's answers are more than is left: they are larger than anybody knew before.
    pub(crate) fn check(&self) -> Result<()> {
        let answers = self.owed();
        if answers > 0 { self.check_share(answers) } else { self.take(0) }
    }

    /// Bytes that this client has inside.
    fn own(&self) -> usize {
        self.own.requests.load(Ordering::Relaxed) + self.owed()
    }

    /// Whether as much is left for others.
    fn check_share(&self, own: usize) -> Result<()> {
        let free = self.limit.saturating_sub(self.used.load(Ordering::Relaxed));
        if own <= free {
            return Ok(());
        }
        let message = format!(
            "{own} bytes would be this client's, and {free} of {} would be left for others",
            self.limit
        );
        Err(Refusal::new(Code::ResourceExhausted, message))
    }

    /// Bytes of a request that is answered also when there is no room: they are counted,
    /// and leave less for others.
    pub(crate) fn count(&self, bytes: usize) -> Held {
        self.add(bytes, REQUESTS)
    }

    /// Bytes of an answer that is there already, as those of `count`.
    pub(crate) fn owe(&self, bytes: usize) -> Held {
        self.add(bytes, ANSWERS)
    }

    /// Bytes of answers that this client does not have yet.
    pub(crate) fn owed(&self) -> usize {
        self.own.answers.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize, kind: Kind) -> Held {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        kind(&self.own).fetch_add(bytes, Ordering::Relaxed);
        Held { memory: self.clone(), bytes, kind }
    }
}

impl Held {
    /// Holds so many more of a request that arrives.
    ///
    /// # Errors
    /// As [`Memory::admit`].
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<()> {
        self.memory.take(bytes)?;
        (self.kind)(&self.memory.own).fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        let own = self.memory.own();
        if own > self.bytes { self.memory.check_share(own) } else { Ok(()) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
        (self.kind)(&self.memory.own).fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_what_left_makes_room() {
        let memory = Memory::new(10);
        let seven = memory.hold(7).unwrap();
        let refusal = memory.hold(4).err().unwrap();
        assert_eq!(refusal.code, Code::ResourceExhausted);
        assert!(refusal.message.starts_with("7 bytes"), "{}", refusal.message);
        assert!(memory.hold(usize::MAX).is_err());
        drop(seven);
        let answer = memory.owe(20);
        assert!(memory.check().is_err());
        drop(answer);
        assert!(memory.check().is_ok());
        assert!(memory.hold(10).is_ok());
    }

    #[test]
    fn a_client_leaves_as_much_as_it_has() {
        let one = Memory::new(100);
        let other = one.of_client();
        // Whatever fits, if it is the only one.
        drop(one.admit(90).unwrap());
        let first = one.admit(40).unwrap();
        let refusal = one.admit(20).err().unwrap();
        assert_eq!(refusal.code, Code::ResourceExhausted);
        assert_eq!(
            refusal.message,
            "60 bytes would be this client's, and 40 of 100 would be left for others"
        );
        // What was refused left no trace.
        let second = one.admit(10).unwrap();
        let others = other.admit(50).unwrap();
        drop((first, second, others));
        let answers = one.owe(60);
        assert!(one.check().is_err() && one.admit(1).is_err());
        assert!(other.check().is_ok());
        drop(answers);
        assert!(one.check().is_ok());
        // A request that grows is one; what it is decoded into is its own, too.
        let mut grows = one.admit(10).unwrap();
        grows.grow(60).unwrap();
        assert!(one.hold(20).is_ok());
    }
}

//! How many bytes of requests and answers are inside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stele::Code;

use crate::refusal::{Refusal, Result};

/// The bytes that may be inside at once. Clones share them.
#[derive(Clone)]
pub(crate) struct Memory {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// Bytes that are inside, until this is dropped.
pub(crate) struct Held {
    memory: Memory,
    bytes: usize,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Memory {
        Memory { used: Arc::default(), limit }
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when there is no room for so many.
    pub(crate) fn hold(&self, bytes: usize) -> Result<Held> {
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => Ok(Held { memory: self.clone(), bytes }),
            Err(used) => Err(Refusal::new(
                Code::ResourceExhausted,
                format!(
                    "{used} bytes of requests and answers are inside, and {bytes} more do not \
                     fit into {}",
                    self.limit
                ),
            )),
        }
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when what is inside is more than there is room for: answers are
    /// larger than anybody knew before.
    pub(crate) fn check(&self) -> Result<()> {
        self.hold(0).map(drop)
    }

    /// Bytes of an answer that is there already: they are counted, and leave less room
    /// for requests.
    pub(crate) fn count(&self, bytes: usize) -> Held {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Held { memory: self.clone(), bytes }
    }
}

impl Held {
    /// Holds so many more.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when there is no room for them.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<()> {
        let mut more = self.memory.hold(bytes)?;
        self.bytes += std::mem::take(&mut more.bytes);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
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
        let answer = memory.count(20);
        assert!(memory.check().is_err());
        drop(answer);
        assert!(memory.check().is_ok());
        assert!(memory.hold(10).is_ok());
    }
}

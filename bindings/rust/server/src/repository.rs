//! The models that are served, by name.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::log::Log;
use crate::refusal::{Refusal, Result, quoted, shown};
use crate::served::Served;
use crate::version::Source;

/// Models by name. The lock is held to look one up or to put one there, never while one
/// loads.
pub(crate) struct Repository {
    models: RwLock<BTreeMap<String, Arc<Served>>>,
    log: Log,
}

impl Repository {
    pub(crate) fn new(log: Log) -> Repository {
        Repository { models: RwLock::default(), log }
    }

    /// The models' names, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.models.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The model of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Served>> {
        self.models.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Loads a model, in the place of one of the same name if there is one. Takes as long
    /// as a load does.
    ///
    /// # Errors
    /// It cannot be loaded; the one before stays.
    pub(crate) fn load(&self, name: &str, source: Source) -> Result<()> {
        let served = Arc::new(Served::load(source)?);
        let (version, folder) = (served.current(), served.source.folder.display());
        self.log.info(&format!("{name}: version {} of {folder}{}", version.number, version.warmed));
        drop(version);
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let old = models.insert(name.to_string(), served);
        drop(models);
        drop(old);
        Ok(())
    }

    /// Forgets a model; it is released when its last call is done.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub(crate) fn unload(&self, name: &str) -> Result<()> {
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let old = models.remove(name);
        drop(models);
        if old.is_none() {
            return Err(self.unknown(name));
        }
        self.log.info(&format!("{name}: unloaded"));
        Ok(())
    }

    /// That there is no such model, and which there are.
    pub(crate) fn unknown(&self, name: &str) -> Refusal {
        let names = quoted(self.names());
        Refusal::not_found(format!("no model \"{}\"; this server has {names}", shown(name)))
    }

    /// Looks for new versions from time to time; each model by itself, so that one that
    /// loads holds up no other.
    pub(crate) async fn poll(self: Arc<Repository>, every: Duration) {
        let mut looking: BTreeMap<String, tokio::task::JoinHandle<()>> = BTreeMap::new();
        loop {
            tokio::time::sleep(every).await;
            looking.retain(|_, look| !look.is_finished());
            for name in self.names() {
                let Some(served) = self.find(&name).filter(|_| !looking.contains_key(&name)) else {
                    continue;
                };
                let (log, model) = (self.log.clone(), name.clone());
                let look = tokio::task::spawn_blocking(move || served.refresh(&model, &log));
                looking.insert(name, look);
            }
        }
    }
}

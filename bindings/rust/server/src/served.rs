//! A model: which version answers, and what became of the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::folders::{self, Fingerprint};
use crate::log::Log;
use crate::refusal::{Refusal, Result};
use crate::version::{Source, Version};

/// The version of a SavedModel that has no number.
const ONLY: i64 = 1;

/// How many versions a model's history tells of.
const HISTORY: usize = 16;

/// Where a version is in its life; the numbers are TensorFlow Serving's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Loading,
    Available,
    /// With the error that ended it, if one did.
    End(Option<Refusal>),
}

impl State {
    pub(crate) fn number(&self) -> i32 {
        match self {
            State::Loading => 20,
            State::Available => 30,
            State::End(_) => 50,
        }
    }
}

/// A model that is served.
pub(crate) struct Served {
    pub(crate) source: Source,
    versioned: bool,
    state: Mutex<Versions>,
    /// Held while a version loads: one at a time, and nobody else waits for it.
    loading: Mutex<Remembered>,
}

struct Versions {
    current: Arc<Version>,
    history: BTreeMap<i64, State>,
}

/// What has been told of, and is told of again only when it changes.
#[derive(Default)]
struct Remembered {
    /// Versions that could not be loaded, as they were then.
    bad: BTreeMap<i64, Fingerprint>,
    doubles: Vec<PathBuf>,
    unreadable: Option<Refusal>,
}

impl Served {
    /// Loads the newest version.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub(crate) fn load(source: Source) -> Result<Served> {
        // A folder that is neither is refused as no SavedModel.
        let mut found = folders::Versions::default();
        if !folders::is_saved_model(&source.folder) {
            found = folders::versions(&source.folder)?;
        }
        let (number, folder) = match found.folders.last_key_value() {
            Some((number, folder)) => (*number, folder.as_path()),
            None => (ONLY, source.folder.as_path()),
        };
        let current = Arc::new(Version::load(number, folder, &source)?);
        let history = [(number, State::Available)].into();
        let state = Mutex::new(Versions { current, history });
        let versioned = !found.folders.is_empty();
        Ok(Served { source, versioned, state, loading: Mutex::default() })
    }

    /// The version that answers. A call keeps it, so that another may take its place at
    /// any time.
    pub(crate) fn current(&self) -> Arc<Version> {
        Arc::clone(&self.state().current)
    }

    /// What became of the versions, by number.
    pub(crate) fn history(&self) -> BTreeMap<i64, State> {
        self.state().history.clone()
    }

    /// Loads the newest version on disk if that is another one, or has other files.
    ///
    /// A version that cannot be loaded is passed over until its files change.
    pub(crate) fn refresh(&self, name: &str, log: &Log) {
        if !self.versioned {
            return;
        }
        let mut remembered = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        // With no version left, as while somebody moves them, the old one stays.
        for (number, folder) in self.look(name, &mut remembered, log).into_iter().rev() {
            let current = self.current();
            let files = folders::fingerprint(&folder);
            let same = number == current.number && files == current.files;
            let known = remembered.bad.get(&number) == Some(&files);
            if same || (known && number == current.number) {
                return;
            }
            drop(current);
            if !known && self.replace(name, number, &folder, files, &mut remembered, log) {
                return;
            }
            // Bad files in the place of what was loaded from there: that goes on.
            if number == self.current().number {
                return;
            }
        }
    }

    /// The versions on disk; says what is odd about them, once.
    fn look(&self, name: &str, remembered: &mut Remembered, log: &Log) -> BTreeMap<i64, PathBuf> {
        match folders::versions(&self.source.folder) {
            Ok(found) => {
                remembered.unreadable = None;
                if remembered.doubles != found.doubles {
                    for double in &found.doubles {
                        let folder = double.display();
                        log.warning(&format!(
                            "{name}: {folder} has the number of another version, and is passed over"
                        ));
                    }
                    remembered.doubles = found.doubles;
                }
                found.folders
            }
            Err(error) => {
                let error = Refusal::from(error);
                if remembered.unreadable.as_ref() != Some(&error) {
                    let message = &error.message;
                    log.error(&format!("{name}: looking for new versions failed: {message}"));
                    remembered.unreadable = Some(error);
                }
                BTreeMap::new()
            }
        }
    }

    /// Whether the version was loaded and answers from now on.
    fn replace(
        &self,
        name: &str,
        number: i64,
        folder: &Path,
        files: Fingerprint,
        remembered: &mut Remembered,
        log: &Log,
    ) -> bool {
        let before = self.current().number;
        if number != before {
            self.state().tell(number, State::Loading);
        }
        match Version::load(number, folder, &self.source) {
            Ok(version) => {
                let told = format!("{name}: now version {number}{}", version.warmed);
                let mut state = self.state();
                state.tell(before, State::End(None));
                state.tell(number, State::Available);
                let old = std::mem::replace(&mut state.current, Arc::new(version));
                drop(state);
                // Its memory is given back outside of the lock.
                drop(old);
                remembered.bad.remove(&number);
                log.info(&told);
                true
            }
            Err(error) => {
                let (code, message) = (error.code, &error.message);
                log.error(&format!("{} stays out: {code}: {message}", folder.display()));
                if number != before {
                    self.state().tell(number, State::End(Some(error)));
                }
                remembered.bad.insert(number, files);
                false
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, Versions> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Versions {
    fn tell(&mut self, number: i64, state: State) {
        self.history.insert(number, state);
        while self.history.len() > HISTORY {
            self.history.pop_first();
        }
    }
}

//! The services without a port of their own: whole messages in, whole messages out, for
//! whoever carries them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Runtime;

use crate::log::Log;
use crate::method::Method;
use crate::options::Options;
use crate::refusal::{Refusal, Result};
use crate::server::runtime;
use crate::services::{PREFIX, Peer, Services};
use crate::wire;

/// How long the end waits for a model that loads.
const LAST_LOAD: Duration = Duration::from_secs(1);

/// The services in this process. Any number of threads may call them at once.
pub struct Local {
    runtime: Option<Runtime>,
    services: Arc<Services>,
}

impl Local {
    /// Loads the models.
    ///
    /// # Errors
    /// A model cannot be loaded.
    pub fn new(options: Options, log: Log) -> Result<Local> {
        let services = Arc::new(Services::new(options, log)?);
        let runtime = runtime(&services.options)?;
        services.poll(&runtime);
        Ok(Local { runtime: Some(runtime), services })
    }

    /// Answers a request of a method, given by its path, by a response.
    ///
    /// # Errors
    /// As docs/serving.md has for each method; UNIMPLEMENTED for another path.
    pub fn answer(&self, path: &str, request: Bytes, peer: &str) -> Result<Bytes> {
        let method = Method::of(path).ok_or_else(|| Refusal::no_method(path))?;
        let runtime = self.runtime.as_ref().ok_or_else(Refusal::stopping)?;
        let (started, received) = (Instant::now(), request.len());
        let model = if self.services.is_watched() {
            wire::name(&request, method.model_field())
        } else {
            String::new()
        };
        let memory = self.services.memory.of_client();
        let peer = Peer { client: 0, address: peer.into(), memory };
        let answer = runtime.block_on(self.services.answer(method, request, &peer));
        let outcome = answer.as_ref().map(|message| message.len() - PREFIX);
        self.services.tell(method, &model, &peer, started, received, outcome);
        answer
            .map(|message| message.slice(PREFIX..))
            .map_err(|refusal| Refusal::new(refusal.code, refusal.short()))
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(LAST_LOAD);
        }
    }
}

//! What a server answers with, put together from its options; any transport may carry it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use stele::Code;
use tokio::runtime::Runtime;

use crate::admission::{Admission, Client};
use crate::batcher::Batcher;
use crate::inference::{Caller, Inference};
use crate::log::Log;
use crate::memory::Memory;
use crate::method::Method;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::record::Record;
use crate::refusal::{Refusal, Result};
use crate::repository::Repository;
use crate::served::Served;
use crate::threads::Threads;
use crate::version::Source;
use crate::wire;

/// Bytes in front of a message on the wire: whether it is compressed, and its length.
pub(crate) const PREFIX: usize = 5;

/// From so many bytes on, decoding and encoding would hold up other calls.
const LARGE: usize = 256 << 10;

/// The models, and what answers for them.
pub(crate) struct Services {
    pub(crate) repository: Arc<Repository>,
    pub(crate) admission: Admission,
    pub(crate) memory: Memory,
    pub(crate) metrics: Option<Arc<Metrics>>,
    pub(crate) inference: Inference,
    pub(crate) log: Log,
    pub(crate) options: Options,
    draining: AtomicBool,
}

/// Who calls.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) client: Client,
    /// Where it is, as gRPC writes it.
    pub(crate) address: Arc<str>,
    /// The bytes that are inside, as this client has them.
    pub(crate) memory: Memory,
}

impl Services {
    /// Loads the models.
    ///
    /// # Errors
    /// A model cannot be loaded.
    pub(crate) fn new(options: Options, log: Log) -> Result<Services> {
        let repository = Arc::new(Repository::new(log.clone()));
        for (name, folder) in &options.models {
            repository.load(name, Source::new(folder, &options))?;
        }
        let admission = Admission::new(options.workers, options.queue);
        let metrics = match options.metrics_port {
            Some(_) => Some(Arc::new(Metrics::new(admission.clone()).map_err(internal)?)),
            None => None,
        };
        let memory = Memory::new(options.max_inside);
        let threads = Threads::new();
        let batcher = (options.batch > 1).then(|| {
            let (metrics, log) = (metrics.clone(), log.clone());
            Batcher::new(admission.clone(), options.batch, metrics, log, threads.clone())
        });
        Ok(Services {
            inference: Inference::new(admission.clone(), batcher, threads),
            memory,
            draining: AtomicBool::new(false),
            repository,
            admission,
            metrics,
            log,
            options,
        })
    }

    /// Looks for new versions from time to time, if the options say so.
    pub(crate) fn poll(&self, runtime: &Runtime) {
        if !self.options.explicit && !self.options.poll.is_zero() {
            runtime.spawn(Arc::clone(&self.repository).poll(self.options.poll));
        }
    }

    /// Lets no call in any more; new ones are UNAVAILABLE, which clients retry elsewhere.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.admission.close();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Answers a request by a response, which has its prefix in front.
    ///
    /// # Errors
    /// As docs/serving.md has for each method.
    pub(crate) async fn answer(
        &self,
        method: Method,
        request: Bytes,
        peer: &Peer,
    ) -> Result<Bytes> {
        match method {
            Method::ServerLive => encode(&self.server_live()),
            Method::ServerReady => encode(&self.server_ready()),
            Method::ServerMetadata => encode(&self.server_metadata()),
            Method::ModelReady => encode(&self.model_ready(&decode(method, request)?)?),
            Method::ModelMetadata => encode(&self.model_metadata(&decode(method, request)?)?),
            Method::RepositoryIndex => encode(&self.repository_index()),
            Method::RepositoryModelLoad => {
                encode(&self.model_load(decode(method, request)?).await?)
            }
            Method::RepositoryModelUnload => encode(&self.model_unload(&decode(method, request)?)?),
            Method::GetModelMetadata => {
                encode(&self.get_model_metadata(&decode(method, request)?)?)
            }
            Method::GetModelStatus => encode(&self.get_model_status(&decode(method, request)?)?),
            Method::ModelInfer | Method::Predict => {
                // Its place before it is decoded: a call that is refused costs nothing.
                let name = wire::name(&request, method.model_field());
                let caller = self.caller(&name, peer)?;
                if method == Method::Predict {
                    self.predict(request, caller).await
                } else {
                    self.model_infer(request, caller).await
                }
            }
        }
    }

    /// Takes a place of the model that is called; `None` if there is no such model.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when its places are taken; UNAVAILABLE when the server stops.
    pub(crate) fn caller(&self, model: &str, peer: &Peer) -> Result<Option<Caller>> {
        match self.repository.find(model) {
            Some(_) => Ok(Some(Caller {
                client: peer.client,
                memory: peer.memory.clone(),
                place: self.admission.place(model)?,
            })),
            None if self.is_draining() => Err(Refusal::stopping()),
            None => Ok(None),
        }
    }

    /// The model of this name.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Served>> {
        self.repository.find(name).ok_or_else(|| self.repository.unknown(name))
    }

    /// Tells of an answered call.
    pub(crate) fn tell(
        &self,
        method: Method,
        model: &str,
        peer: &Peer,
        started: Instant,
        received: usize,
        outcome: std::result::Result<usize, &Refusal>,
    ) {
        let elapsed = started.elapsed();
        let record = Record { method, model, outcome, elapsed, received, peer: &peer.address };
        if self.options.access_log {
            self.log.line(record.line());
        }
        if let Some(metrics) = &self.metrics {
            let known = self.repository.find(model).is_some();
            metrics.call(&record, if known { model } else { "" });
        }
    }

    /// Whether anybody wants to be told.
    pub(crate) fn is_watched(&self) -> bool {
        self.options.access_log || self.metrics.is_some()
    }
}

fn internal(error: prometheus::Error) -> Refusal {
    Refusal::new(Code::Internal, error.to_string())
}

/// Reads a request.
///
/// # Errors
/// INVALID_ARGUMENT: the bytes are no such message.
pub(crate) fn decode<M: Message + Default>(method: Method, bytes: Bytes) -> Result<M> {
    let decoded = beside(bytes.len(), || M::decode(bytes));
    decoded.map_err(|_| Refusal::invalid(format!("the request is not a {}", method.request())))
}

/// Writes a response behind its prefix.
///
/// # Errors
/// RESOURCE_EXHAUSTED for one that no message can hold.
pub(crate) fn encode(response: &impl Message) -> Result<Bytes> {
    let length = response.encoded_len();
    // Protobuf's limit is 2 GiB less a byte.
    let prefix = u32::try_from(length).ok().filter(|length| i32::try_from(*length).is_ok());
    let prefix =
        prefix.ok_or_else(|| Refusal::new(Code::ResourceExhausted, "the answer is too large"))?;
    Ok(beside(length, || {
        let mut bytes = BytesMut::with_capacity(PREFIX + length);
        bytes.put_u8(0);
        bytes.put_u32(prefix);
        // There is room: a BytesMut grows.
        let _ = response.encode(&mut bytes);
        bytes.freeze()
    }))
}

/// Does work on so many bytes; when there are many, other calls go on beside it.
pub(crate) fn beside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < LARGE { work() } else { tokio::task::block_in_place(work) }
}

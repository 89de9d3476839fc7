//! What a server is told: one value for each option of `stele serve`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use stele::Profile;

use crate::refusal::{Refusal, Result, shown};

/// Bytes of a MiB.
pub(crate) const MEBIBYTE: usize = 1 << 20;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders by model name; each a SavedModel, or a numbered one for each version.
    pub models: BTreeMap<String, PathBuf>,
    /// To listen on.
    pub host: String,
    /// To listen on; 0 for a free one.
    pub port: u16,
    /// Where to answer REST, on the same host; 0 for a free port, `None` for nowhere.
    pub rest_port: Option<u16>,
    /// Of the MetaGraphDefs.
    pub tags: Vec<String>,
    /// A serialized ConfigProto.
    pub session_config: Vec<u8>,
    /// The libtensorflow at this path; `None` to find one.
    pub library: Option<PathBuf>,
    /// Bytes of a request; more is RESOURCE_EXHAUSTED.
    pub max_message: usize,
    /// Bytes of requests and answers that are inside at once; a request that finds no
    /// room is RESOURCE_EXHAUSTED before it is read.
    pub max_inside: usize,
    /// The files of certificate and key; `None` for plain text.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Calls, or batches, that run at once.
    pub workers: usize,
    /// Calls of one model that may wait.
    pub queue: usize,
    /// Rows of a batch at most; 0 for no batches.
    pub batch: usize,
    /// Whether to run each model once before its first call, on zeros.
    pub warmup: bool,
    /// Whether clients may load and unload models.
    pub explicit: bool,
    /// Between looks for new versions; zero for never.
    pub poll: Duration,
    /// For calls that are inside when the server stops.
    pub grace: Duration,
    /// Whether to write a line for each call to stderr.
    pub access_log: bool,
    /// Where to serve metrics; 0 for a free port, `None` for nowhere.
    pub metrics_port: Option<u16>,
}

impl Default for Options {
    fn default() -> Options {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Options {
            models: BTreeMap::new(),
            host: "127.0.0.1".to_string(),
            port: 8500,
            rest_port: None,
            tags: vec!["serve".to_string()],
            session_config: Profile::Default.config().to_vec(),
            library: None,
            max_message: 64 * MEBIBYTE,
            max_inside: 512 * MEBIBYTE,
            tls: None,
            workers: processors.max(2),
            queue: 64,
            batch: 0,
            warmup: false,
            explicit: false,
            poll: Duration::from_secs(2),
            grace: Duration::from_secs(10),
            access_log: false,
            metrics_port: None,
        }
    }
}

/// A set of tags: `gpu,serve`; the empty text is the empty set.
pub(crate) fn parse_tags(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(str::to_string).collect() }
}

/// The serialized ConfigProto of a profile's name or `hex:<digits>`.
///
/// # Errors
/// INVALID_ARGUMENT for neither.
pub(crate) fn parse_config(text: &str) -> Result<Vec<u8>> {
    let Some(digits) = text.strip_prefix("hex:") else {
        let profile = text.parse::<Profile>()?;
        return Ok(profile.config().to_vec());
    };
    let value = |digit: u8| (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks();
    let bytes = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?));
    let bytes: Option<Vec<u8>> = if rest.is_empty() { bytes.collect() } else { None };
    bytes.ok_or_else(|| {
        let text = shown(text);
        Refusal::invalid(format!("config \"{text}\" is not an even number of hex digits"))
    })
}

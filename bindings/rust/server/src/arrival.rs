//! How the bytes of a request arrive: within bounds, or not at all.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use stele::Code;

use crate::refusal::{Refusal, Result};
use crate::services::Services;

/// How long a request may stop arriving.
const PAUSE: Duration = Duration::from_secs(30);

/// # Errors
/// RESOURCE_EXHAUSTED for more bytes than a request may have.
pub(crate) fn check_length(services: &Services, length: usize) -> Result<()> {
    let limit = services.options.max_message;
    if length <= limit {
        return Ok(());
    }
    let message = format!("the request has {length} bytes; this server takes {limit}");
    Err(Refusal::new(Code::ResourceExhausted, message))
}

/// The next bytes of a body; `None` at its end.
///
/// # Errors
/// DEADLINE_EXCEEDED if they do not arrive; INVALID_ARGUMENT if the body breaks off.
pub(crate) async fn more(body: &mut Incoming) -> Result<Option<Bytes>> {
    loop {
        let frame = tokio::time::timeout(PAUSE, body.frame()).await.map_err(|_| {
            let message = format!("no byte of the request arrived for {} s", PAUSE.as_secs());
            Refusal::new(Code::DeadlineExceeded, message)
        })?;
        let broken = |_| Refusal::invalid("the request ends before its message does");
        let Some(frame) = frame.transpose().map_err(broken)? else { return Ok(None) };
        match frame.into_data() {
            Ok(data) if !data.is_empty() => return Ok(Some(data)),
            _ => {}
        }
    }
}

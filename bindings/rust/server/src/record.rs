//! What there is to tell about a call that has been answered.

use std::time::Duration;

use serde_json::json;

use crate::log::now;
use crate::method::Method;
use crate::refusal::{Refusal, cut};

/// A client chooses the model's name and much of a message: not a line's length.
const LONGEST: usize = 500;

/// One answered call.
pub(crate) struct Record<'a> {
    pub(crate) method: Method,
    /// As the client names it; may be none of ours. Empty if it names none.
    pub(crate) model: &'a str,
    /// Bytes of the response, or why there is none.
    pub(crate) outcome: Result<usize, &'a Refusal>,
    /// From the request's arrival to the answer.
    pub(crate) elapsed: Duration,
    /// Bytes of the request.
    pub(crate) received: usize,
    /// Where the client is, as gRPC writes it.
    pub(crate) peer: &'a str,
}

impl Record<'_> {
    /// The answer's code.
    pub(crate) fn code_name(&self) -> &'static str {
        self.outcome.map_or_else(|refusal| refusal.code.name(), |_| "OK")
    }

    /// A line of the access log.
    pub(crate) fn line(&self) -> String {
        let ms = (self.elapsed.as_secs_f64() * 1e6).round() / 1e3;
        let mut fields = json!({
            "time": now(),
            "peer": self.peer,
            "method": self.method.path(),
            "model": cut(self.model, LONGEST),
            "code": self.code_name(),
            "ms": ms,
            "received": self.received,
            "sent": self.outcome.unwrap_or(0),
        });
        if let Err(refusal) = self.outcome {
            fields["message"] = cut(&refusal.message, LONGEST).into();
        }
        format!("{fields}\n")
    }
}

//! What gRPC says, in the words of this crate.

use std::error::Error as StdError;

use tonic::Status;

use crate::error::{Code, Error};

/// How tonic begins to tell, with OUT_OF_RANGE, that a message is beyond the limit.
const TOO_LARGE: &str = "Error, decoded message length too large";

/// The error of a call. A server's code and words are kept; where tonic itself
/// made the status, it is what gRPC means.
pub(super) fn error(status: &Status, address: &str) -> Error {
    if let Some(source) = status.source() {
        // The status of a server has no source in this process.
        let message = format!("no answer from {address}: {}", cause(source));
        return Error::Remote { code: Code::Unavailable, message };
    }
    let message = status.message().to_string();
    let code = match Code::from_number(status.code() as i32) {
        Code::OutOfRange if message.starts_with(TOO_LARGE) => Code::ResourceExhausted,
        code => code,
    };
    Error::Remote { code, message }
}

/// The first cause of an error, which says most.
pub(super) fn cause(mut error: &(dyn StdError + 'static)) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

//! The one error type, and the canonical codes it carries.

use std::fmt;
use std::io;
use std::path::Path;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A canonical status code: the numbering that `TF_Code`, `absl::StatusCode` and
/// gRPC share, so that one bad input has one code in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs)] // The names are the definition.
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    /// Every code with its name.
    const NAMES: [(Code, &'static str); 16] = [
        (Code::Cancelled, "CANCELLED"),
        (Code::Unknown, "UNKNOWN"),
        (Code::InvalidArgument, "INVALID_ARGUMENT"),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        (Code::NotFound, "NOT_FOUND"),
        (Code::AlreadyExists, "ALREADY_EXISTS"),
        (Code::PermissionDenied, "PERMISSION_DENIED"),
        (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
        (Code::FailedPrecondition, "FAILED_PRECONDITION"),
        (Code::Aborted, "ABORTED"),
        (Code::OutOfRange, "OUT_OF_RANGE"),
        (Code::Unimplemented, "UNIMPLEMENTED"),
        (Code::Internal, "INTERNAL"),
        (Code::Unavailable, "UNAVAILABLE"),
        (Code::DataLoss, "DATA_LOSS"),
        (Code::Unauthenticated, "UNAUTHENTICATED"),
    ];

    /// The code with this number; [`Code::Unknown`] for a number without one.
    pub fn from_number(number: i32) -> Code {
        let named = Code::NAMES.iter().find(|(code, _)| *code as i32 == number);
        named.map_or(Code::Unknown, |(code, _)| *code)
    }

    /// The number that TensorFlow, absl and gRPC use.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The canonical name, such as `INVALID_ARGUMENT`.
    pub fn name(self) -> &'static str {
        let named = Code::NAMES.iter().find(|(code, _)| *code == self);
        named.map_or("UNKNOWN", |(_, name)| name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<&io::Error> for Code {
    /// The code of a system error, as absl has it; the contract's `errors.tsv` holds
    /// every binding to it. Rust's own refusal of a NUL in a path has no number.
    fn from(error: &io::Error) -> Code {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV | libc::ENXIO | libc::ESRCH) => Code::NotFound,
            Some(libc::EEXIST) => Code::AlreadyExists,
            Some(libc::EACCES | libc::EPERM | libc::EROFS) => Code::PermissionDenied,
            Some(
                libc::EISDIR
                | libc::ENOTDIR
                | libc::ENOTEMPTY
                | libc::EBADF
                | libc::EBUSY
                | libc::EPIPE
                | libc::ETXTBSY,
            ) => Code::FailedPrecondition,
            Some(
                libc::ENOSPC
                | libc::EDQUOT
                | libc::EMFILE
                | libc::ENFILE
                | libc::EMLINK
                | libc::ENOMEM
                | libc::ENOBUFS,
            ) => Code::ResourceExhausted,
            Some(
                libc::EINVAL
                | libc::ENAMETOOLONG
                | libc::E2BIG
                | libc::EILSEQ
                | libc::ESPIPE
                | libc::ENOTTY,
            ) => Code::InvalidArgument,
            Some(libc::EFBIG | libc::EOVERFLOW | libc::ERANGE) => Code::OutOfRange,
            Some(libc::ENOSYS | libc::ENOTSUP | libc::EXDEV) => Code::Unimplemented,
            Some(
                libc::EAGAIN
                | libc::EINTR
                | libc::ECONNREFUSED
                | libc::ECONNRESET
                | libc::ECONNABORTED
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::ENETDOWN,
            ) => Code::Unavailable,
            Some(libc::EDEADLK | libc::ESTALE) => Code::Aborted,
            Some(libc::ETIMEDOUT) => Code::DeadlineExceeded,
            Some(libc::ECANCELED) => Code::Cancelled,
            None if error.kind() == io::ErrorKind::InvalidInput => Code::InvalidArgument,
            _ => Code::Unknown,
        }
    }
}

/// What went wrong. Every variant has a canonical [`code`](Error::code) and a
/// message that names the culprit and what was expected instead.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder is missing or cannot be read or written.
    File {
        /// `NOT_FOUND`, `PERMISSION_DENIED`, …
        code: Code,
        /// The path and the system's reason.
        message: String,
    },
    /// libtensorflow was not found or cannot be loaded.
    Library {
        /// `NOT_FOUND`, or `FAILED_PRECONDITION` when the one that was found
        /// does not do.
        code: Code,
        /// Everything that was tried, and what to do.
        message: String,
    },
    /// A model on disk is damaged: `DATA_LOSS`.
    Corrupt(String),
    /// No graph of the model has the tags asked for: `NOT_FOUND`.
    Tags(String),
    /// The configuration, of a session or of a connection, is none:
    /// `INVALID_ARGUMENT`.
    Config(String),
    /// The model has no signature of that name: `NOT_FOUND`.
    Signature(String),
    /// An input or output is missing, unknown, given twice, or no tensor of the
    /// graph, or a name or path holds a NUL: `INVALID_ARGUMENT`.
    Name(String),
    /// A tensor has another dtype than expected: `INVALID_ARGUMENT`.
    DType(String),
    /// A tensor has another shape than expected, or one that is not possible:
    /// `INVALID_ARGUMENT`.
    Shape(String),
    /// The bytes of a tensor are not what its dtype needs: `INVALID_ARGUMENT`.
    Value(String),
    /// There is no memory for a tensor: `RESOURCE_EXHAUSTED`.
    Memory(String),
    /// The signature has a tensor that cannot be given or taken, such as a
    /// sparse one: `UNIMPLEMENTED`.
    Unsupported(String),
    /// TensorFlow was started before this process was forked, and its threads are
    /// the parent's: `FAILED_PRECONDITION`.
    Forked,
    /// TensorFlow refused or failed: its own code and message.
    TensorFlow {
        /// TensorFlow's code.
        code: Code,
        /// TensorFlow's message.
        message: String,
    },
    /// A server refused, failed, or did not answer.
    Remote {
        /// The server's code; `UNAVAILABLE` and `DEADLINE_EXCEEDED` if it did not
        /// answer, `INTERNAL` if its answer does not add up.
        code: Code,
        /// The server's message, or the server's address and what happened.
        message: String,
    },
}

impl Error {
    /// The canonical code.
    pub fn code(&self) -> Code {
        match self {
            Error::File { code, .. }
            | Error::Library { code, .. }
            | Error::TensorFlow { code, .. }
            | Error::Remote { code, .. } => *code,
            Error::Corrupt(_) => Code::DataLoss,
            Error::Tags(_) | Error::Signature(_) => Code::NotFound,
            Error::Config(_)
            | Error::Name(_)
            | Error::DType(_)
            | Error::Shape(_)
            | Error::Value(_) => Code::InvalidArgument,
            Error::Memory(_) => Code::ResourceExhausted,
            Error::Unsupported(_) => Code::Unimplemented,
            Error::Forked => Code::FailedPrecondition,
        }
    }

    /// The message, without the code.
    pub fn message(&self) -> &str {
        match self {
            Error::File { message, .. }
            | Error::Library { message, .. }
            | Error::TensorFlow { message, .. }
            | Error::Remote { message, .. }
            | Error::Corrupt(message)
            | Error::Tags(message)
            | Error::Config(message)
            | Error::Signature(message)
            | Error::Name(message)
            | Error::DType(message)
            | Error::Shape(message)
            | Error::Value(message)
            | Error::Memory(message)
            | Error::Unsupported(message) => message,
            Error::Forked => {
                "TensorFlow was started before this process was forked and cannot run in the \
                 child; load models after the fork, or start the process with spawn"
            }
        }
    }

    /// A system error about a path.
    pub fn file(path: impl AsRef<Path>, error: &io::Error) -> Error {
        let message = format!("\"{}\": {error}", path.as_ref().display());
        Error::File { code: error.into(), message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

/// As displayed: a `main` that returns an error prints it this way, and some
/// messages have several lines.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_its_number() {
        for number in 1..=16 {
            assert_eq!(Code::from_number(number).number(), number);
        }
        assert_eq!(Code::from_number(0), Code::Unknown);
        assert_eq!(Code::from_number(99), Code::Unknown);
        assert_eq!(Code::DataLoss.to_string(), "DATA_LOSS");
    }

    #[test]
    fn a_system_error_names_the_path() {
        let missing = io::Error::from_raw_os_error(libc::ENOENT);
        let error = Error::file("a/b", &missing);
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.to_string().starts_with("NOT_FOUND: \"a/b\": "), "{error}");
    }
}

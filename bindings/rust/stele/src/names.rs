//! Names and paths that callers give.

use crate::error::{Error, Result};

/// That a name holds no NUL: a C string would end there and name something else.
///
/// # Errors
/// [`Error::Name`].
pub(crate) fn check(name: &str) -> Result<()> {
    if name.contains('\0') { Err(with_nul(name)) } else { Ok(()) }
}

/// What is said of a name or path with a NUL.
pub(crate) fn with_nul(name: &str) -> Error {
    Error::Name(format!("a name or path holds a NUL: \"{}\"", name.replace('\0', "\\0")))
}

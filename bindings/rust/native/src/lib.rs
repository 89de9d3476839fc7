//! The compiled half of the Python package `stele_native`.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod array;
mod ending;
mod errors;
mod model;
#[cfg(feature = "serving")]
mod server;
mod signature;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::ending::_wait_for_calls;
    #[pymodule_export]
    use super::model::{Model, Runner, tensorflow_version};

    #[cfg(feature = "serving")]
    #[pymodule_export]
    use super::server::{Server, Services};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

//! The worker of the binding `rust-grpc`: `stele::remote`, behind protocol 1.
//!
//! `python -m stele.remote.launch` starts it beside a server, and says what the
//! two variables mean.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, io, process};

use stele::remote::Connection;
use stele_worker::{
    Backend, Call, Description, Model, Prepared, Refusal, Tensors, describe, serve,
};

/// The server's `host:port`.
const ADDRESS: &str = "STELE_REMOTE";

/// A model that the server has, to be used whatever `load` says.
const MODEL: &str = "STELE_REMOTE_MODEL";

struct Remote {
    connection: Connection,
    served: Option<String>,
    loads: AtomicUsize,
}

impl Backend for Remote {
    fn binding(&self) -> &str {
        "rust-grpc"
    }

    /// The server's business.
    fn tensorflow(&self) -> String {
        String::new()
    }

    fn load(&self, dir: &Path, tags: &[&str], config: &[u8]) -> Result<Box<dyn Model>, Refusal> {
        if let Some(name) = &self.served {
            let model = self.connection.model(name)?;
            return Ok(Box::new(Loaded { model, own: None }));
        }
        // A name for each load: one that fails leaves the model before it alone.
        let number = self.loads.fetch_add(1, Ordering::Relaxed);
        let name = format!("worker-{}-{number}", process::id());
        self.connection.load(&name, dir, tags, config)?;
        let model = self.connection.model(&name)?;
        Ok(Box::new(Loaded { model, own: Some((self.connection.clone(), name)) }))
    }
}

struct Loaded {
    model: stele::remote::Model,
    /// What to unload, unless the model is everybody's.
    own: Option<(Connection, String)>,
}

impl Model for Loaded {
    fn prepare<'m>(
        &'m self,
        signature: &str,
        inputs: Tensors,
    ) -> Result<Box<dyn Call + 'm>, Refusal> {
        let runner = self.model.runner(signature)?;
        Ok(Box::new(Prepared::new(inputs, move |inputs: &Tensors| {
            runner.run(inputs.iter().map(|(name, tensor)| (name, tensor)))
        })))
    }

    fn describe(&self) -> Result<Vec<Description<'_>>, Refusal> {
        Ok(describe(self.model.signatures()))
    }

    fn close(self: Box<Self>) -> Result<(), Refusal> {
        if let Some((connection, name)) = self.own {
            connection.unload(&name)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var(ADDRESS).map_err(|error| format!("{ADDRESS}: {error}"))?;
    let connection = Connection::open(&address)?;
    let remote = Remote { connection, served: env::var(MODEL).ok(), loads: AtomicUsize::new(0) };
    Ok(serve(&remote, io::stdin().lock(), io::stdout().lock())?)
}

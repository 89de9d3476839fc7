//! The worker of the binding `rust`, through the public surface of the crate.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::io;
use std::path::Path;

use stele::Library;
use stele_worker::{
    Backend, Call, Description, Model, Prepared, Refusal, Tensors, describe, serve,
};

struct Stele;

impl Backend for Stele {
    fn binding(&self) -> &str {
        "rust"
    }

    fn tensorflow(&self) -> String {
        Library::find().map(|library| library.version()).unwrap_or_default()
    }

    fn load(&self, dir: &Path, tags: &[&str], config: &[u8]) -> Result<Box<dyn Model>, Refusal> {
        let builder = stele::Model::builder().tags(tags.iter().copied()).config(config);
        Ok(Box::new(Loaded(builder.load(dir)?)))
    }
}

struct Loaded(stele::Model);

impl Model for Loaded {
    fn prepare<'m>(
        &'m self,
        signature: &str,
        inputs: Tensors,
    ) -> Result<Box<dyn Call + 'm>, Refusal> {
        let runner = self.0.runner(signature)?;
        Ok(Box::new(Prepared::new(inputs, move |inputs: &Tensors| {
            runner.run(inputs.iter().map(|(name, tensor)| (name, tensor)))
        })))
    }

    fn describe(&self) -> Result<Vec<Description<'_>>, Refusal> {
        Ok(describe(self.0.signatures()))
    }
}

fn main() -> io::Result<()> {
    serve(&Stele, io::stdin().lock(), io::stdout().lock())
}

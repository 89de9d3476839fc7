//! The worker of the binding `rust`, through the public surface of the crate.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::io;
use std::path::Path;

use stele::{Library, Outputs, Runner};
use stele_worker::{Backend, Call, Description, Model, Refusal, Tensors, serve};

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
        Ok(Box::new(Prepared { runner, inputs, outputs: None }))
    }

    fn describe(&self) -> Result<Vec<Description<'_>>, Refusal> {
        let mut rows = Vec::new();
        for signature in self.0.signatures().iter() {
            for (kind, specs) in [("input", &signature.inputs), ("output", &signature.outputs)] {
                rows.extend(specs.iter().map(|spec| Description {
                    signature: &signature.name,
                    kind,
                    name: &spec.name,
                    dtype: spec.dtype,
                    dims: spec.shape.dims().map(<[_]>::to_vec),
                }));
            }
        }
        Ok(rows)
    }
}

struct Prepared {
    runner: Runner,
    inputs: Tensors,
    outputs: Option<Outputs>,
}

impl Call for Prepared {
    fn run(&mut self) -> Result<(), Refusal> {
        let inputs = self.inputs.iter().map(|(name, tensor)| (name, tensor));
        self.outputs = Some(self.runner.run(inputs)?);
        Ok(())
    }

    fn outputs(&mut self) -> Result<Tensors, Refusal> {
        Ok(self.outputs.take().into_iter().flatten().collect())
    }
}

fn main() -> io::Result<()> {
    serve(&Stele, io::stdin().lock(), io::stdout().lock())
}

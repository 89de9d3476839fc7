//! The worker of the comparator `rust-tensorflow`: the official crate as its
//! documentation says to use it, with no check that it does not make itself.

mod tensors;

use std::io;
use std::path::Path;

use stele::Code;
use stele_worker::{Backend, Call, Description, Model, Refusal, Tensors, serve};
use tensorflow::{
    DataType, Graph, Operation, SavedModelBundle, SessionOptions, SessionRunArgs, SignatureDef,
    Status,
};

use crate::tensors::{Fed, Fetched};

struct Official;

impl Backend for Official {
    fn binding(&self) -> &str {
        "rust-tensorflow"
    }

    fn tensorflow(&self) -> String {
        tensorflow::version().unwrap_or_default()
    }

    fn load(&self, dir: &Path, tags: &[&str], config: &[u8]) -> Result<Box<dyn Model>, Refusal> {
        let mut options = SessionOptions::new();
        options.set_config(config).map_err(refusal)?;
        let mut graph = Graph::new();
        let bundle = SavedModelBundle::load(&options, tags, &mut graph, dir).map_err(refusal)?;
        Ok(Box::new(Loaded { graph, bundle }))
    }
}

struct Loaded {
    graph: Graph,
    bundle: SavedModelBundle,
}

/// One tensor of the graph.
struct Port {
    name: String,
    operation: Operation,
    index: i32,
    dtype: DataType,
}

impl Loaded {
    fn port(&self, name: &str, info: &tensorflow::TensorInfo) -> Result<Port, Refusal> {
        let operation = self.graph.operation_by_name_required(&info.name().name);
        let (operation, index) = (operation.map_err(refusal)?, info.name().index);
        Ok(Port { name: name.to_string(), operation, index, dtype: info.dtype() })
    }

    /// Those for users: the crate lists TensorFlow's own among them.
    fn signatures(&self) -> impl Iterator<Item = (&String, &SignatureDef)> {
        let signatures = self.bundle.meta_graph_def().signatures().iter();
        signatures.filter(|(name, _)| !name.starts_with("__saved_model_"))
    }

    fn signature(&self, name: &str) -> Result<&SignatureDef, Refusal> {
        let signature = self.signatures().find(|(own, _)| *own == name);
        signature.map(|(_, signature)| signature).ok_or_else(|| {
            let mut names: Vec<_> =
                self.signatures().map(|(name, _)| format!("\"{name}\"")).collect();
            // The crate has them in a map without order.
            names.sort();
            let names = names.join(", ");
            let message = format!("no signature \"{name}\"; this model has {names}");
            Refusal::Error(Code::NotFound, message)
        })
    }
}

impl Model for Loaded {
    fn prepare<'m>(
        &'m self,
        signature: &str,
        inputs: Tensors,
    ) -> Result<Box<dyn Call + 'm>, Refusal> {
        let signature = self.signature(signature)?;
        let mut feeds = Vec::new();
        for (name, tensor) in &inputs {
            let info = signature.get_input(name).map_err(refusal)?;
            feeds.push((self.port(name, info)?, tensors::feed(tensor)?));
        }
        let fetches = signature.outputs().iter();
        let fetches =
            fetches.map(|(name, info)| self.port(name, info)).collect::<Result<_, _>>()?;
        Ok(Box::new(Prepared { bundle: &self.bundle, feeds, fetches, outputs: Vec::new() }))
    }

    fn describe(&self) -> Result<Vec<Description<'_>>, Refusal> {
        let mut rows = Vec::new();
        for (signature, def) in self.signatures() {
            for (kind, tensors) in [("input", def.inputs()), ("output", def.outputs())] {
                rows.extend(tensors.iter().map(|(name, info)| Description {
                    signature,
                    kind,
                    name,
                    dtype: tensors::dtype(info.dtype()),
                    dims: tensors::dims(info.shape()),
                }));
            }
        }
        Ok(rows)
    }
}

struct Prepared<'m> {
    bundle: &'m SavedModelBundle,
    feeds: Vec<(Port, Box<dyn Fed>)>,
    fetches: Vec<Port>,
    outputs: Vec<Box<dyn Fetched>>,
}

impl Call for Prepared<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        let mut step = SessionRunArgs::new();
        for (port, tensor) in &self.feeds {
            tensor.add_to(&mut step, &port.operation, port.index);
        }
        let tokens: Vec<_> = self
            .fetches
            .iter()
            .map(|port| step.request_fetch(&port.operation, port.index))
            .collect();
        self.bundle.session.run(&mut step).map_err(refusal)?;
        self.outputs.clear();
        for (port, token) in self.fetches.iter().zip(tokens) {
            self.outputs.push(tensors::fetch(&mut step, port.dtype, token)?);
        }
        Ok(())
    }

    fn outputs(&mut self) -> Result<Tensors, Refusal> {
        let named = self.fetches.iter().zip(&self.outputs);
        named.map(|(port, output)| Ok((port.name.clone(), output.to_stele()?))).collect()
    }
}

fn refusal(status: Status) -> Refusal {
    Refusal::Error(Code::from_number(number(status.code())), status.to_string())
}

/// The crate keeps the number of a code to itself.
fn number(code: tensorflow::Code) -> i32 {
    use tensorflow::Code as C;
    match code {
        C::Cancelled => 1,
        C::InvalidArgument => 3,
        C::DeadlineExceeded => 4,
        C::NotFound => 5,
        C::AlreadyExists => 6,
        C::PermissionDenied => 7,
        C::ResourceExhausted => 8,
        C::FailedPrecondition => 9,
        C::Aborted => 10,
        C::OutOfRange => 11,
        C::Unimplemented => 12,
        C::Internal => 13,
        C::Unavailable => 14,
        C::DataLoss => 15,
        C::Unauthenticated => 16,
        _ => 2,
    }
}

fn main() -> io::Result<()> {
    serve(&Official, io::stdin().lock(), io::stdout().lock())
}

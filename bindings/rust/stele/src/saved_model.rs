//! A SavedModel on disk: what it offers, and whether it is whole, without
//! libtensorflow.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{Error, Result};
use crate::folder;
use crate::graph::Graph;
use crate::names;
use crate::proto;
use crate::signature::Signatures;

/// A SavedModel folder that has been read and not loaded. Reading takes no
/// libtensorflow.
///
/// ```
/// # let models = std::env::var("STELE_MODELS")?;
/// let model = stele::SavedModel::read(format!("{models}/digits/saved_model"))?;
/// let signatures = model.signatures(["serve"])?;
/// assert_eq!(signatures.named("serving_default")?.inputs[0].to_string(), "image FP32 [?,8,8,1]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SavedModel {
    dir: PathBuf,
    meta_graphs: Vec<proto::MetaGraphDef>,
}

impl SavedModel {
    /// Reads `<dir>/saved_model.pb`.
    ///
    /// # Errors
    /// [`Error::File`], with `NOT_FOUND` and what to do for what is no SavedModel
    /// folder; [`Error::Corrupt`] when it is cut short, no regular file, or a Git
    /// LFS pointer.
    pub fn read(dir: impl AsRef<Path>) -> Result<SavedModel> {
        let dir = folder::local(dir.as_ref());
        let file = folder::model_file(dir)?;
        let bytes = fs::read(&file).map_err(|error| Error::file(&file, &error))?;
        let meta_graphs = parse(bytes.into()).map_err(|what| {
            Error::Corrupt(format!("\"{}\" is damaged or no SavedModel: {what}", file.display()))
        })?;
        Ok(SavedModel { dir: dir.to_path_buf(), meta_graphs })
    }

    /// The sets of tags there: one for each graph.
    pub fn tags(&self) -> impl Iterator<Item = BTreeSet<&str>> {
        self.meta_graphs.iter().map(tags_of)
    }

    /// The signatures of the graph that has exactly these tags, after a check
    /// that the variables it needs are there.
    ///
    /// # Errors
    /// [`Error::Tags`] lists the tags there; [`Error::File`] with `NOT_FOUND`
    /// names the missing index of the variables.
    pub fn signatures<S: AsRef<str>>(
        &self,
        tags: impl IntoIterator<Item = S>,
    ) -> Result<Signatures> {
        let graph = self.meta_graph(tags)?;
        let nodes = LazyCell::new(|| Graph::read(graph.graph_def.clone()));
        Ok(Signatures::read(graph.signature_def.clone(), |tensor| nodes.shape(tensor)))
    }

    /// The graph that has exactly these tags, and its variables.
    ///
    /// # Errors
    /// As [`SavedModel::signatures`].
    pub(crate) fn meta_graph<S: AsRef<str>>(
        &self,
        tags: impl IntoIterator<Item = S>,
    ) -> Result<&proto::MetaGraphDef> {
        let tags: Vec<S> = tags.into_iter().collect();
        let wanted: BTreeSet<&str> = tags.iter().map(AsRef::as_ref).collect();
        wanted.iter().try_for_each(|tag| names::check(tag))?;
        let graph = self.meta_graphs.iter().find(|graph| tags_of(graph) == wanted);
        let graph = graph.ok_or_else(|| self.no_graph(&wanted))?;
        // TensorFlow 2.21 loads a model whose index is missing, without its
        // variables, and says nothing.
        if !graph.saver_def.is_empty() {
            folder::check_variables(&self.dir)?;
        }
        Ok(graph)
    }

    fn no_graph(&self, wanted: &BTreeSet<&str>) -> Error {
        let known: Vec<_> = self.tags().map(|tags| braced(&tags)).collect();
        Error::Tags(format!(
            "no MetaGraphDef with tags {} in \"{}\"; there is {}",
            braced(wanted),
            self.dir.display(),
            known.join(", ")
        ))
    }
}

/// Reads the graphs of a serialized SavedModel.
///
/// Any bytes may come in; this is what the fuzz target calls.
fn parse(bytes: Bytes) -> std::result::Result<Vec<proto::MetaGraphDef>, String> {
    let model = proto::SavedModel::decode(bytes).map_err(|error| error.to_string())?;
    if model.meta_graphs.is_empty() {
        return Err("it holds no MetaGraphDef".to_string());
    }
    Ok(model.meta_graphs)
}

fn tags_of(graph: &proto::MetaGraphDef) -> BTreeSet<&str> {
    graph.meta_info_def.iter().flat_map(|info| &info.tags).map(String::as_str).collect()
}

fn braced(tags: &BTreeSet<&str>) -> String {
    format!("{{{}}}", tags.iter().copied().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod fuzz {
    //! The reader of signatures, on bytes that nobody would write. What it must
    //! not do is panic, or disagree with itself.

    use std::{env, fs};

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::proto::{MetaGraphDef, SavedModel as Proto};
    use crate::tensor::{Tensor, TensorView};
    use crate::{Signatures, check};

    /// Everything that is done with signatures before TensorFlow is called.
    fn read(bytes: Vec<u8>) {
        let Ok(graphs) = parse(bytes.into()) else { return };
        let scalar = Tensor::new([], &[0f32]).unwrap();
        for graph in graphs {
            let _ = tags_of(&graph);
            let nodes = Graph::read(graph.graph_def);
            let signatures = Signatures::read(graph.signature_def, |tensor| nodes.shape(tensor));
            for (at, signature) in signatures.iter().enumerate() {
                assert_eq!(signatures.position(&signature.name), Ok(at));
                let _ = signature.check_supported();
                let specs = signature.inputs.iter().chain(&signature.outputs);
                let _: Vec<_> = specs.map(ToString::to_string).collect();
                let inputs = signature.inputs.iter();
                let given = inputs.map(|spec| (&spec.name, TensorView::from(&scalar)));
                let _ = check::inputs(signature, &given.collect::<Vec<_>>());
            }
        }
    }

    /// A real model without its graph, so that mutations hit what is read.
    fn seed() -> Vec<u8> {
        let models = env::var("STELE_MODELS").expect("the Makefile and .cargo/config.toml set it");
        let bytes = fs::read(format!("{models}/dtypes/saved_model/saved_model.pb")).unwrap();
        let mut model = Proto::decode(Bytes::from(bytes)).unwrap();
        for graph in &mut model.meta_graphs {
            let signature_def = std::mem::take(&mut graph.signature_def);
            let meta_info_def = graph.meta_info_def.take();
            *graph = MetaGraphDef { meta_info_def, signature_def, ..Default::default() };
        }
        model.encode_to_vec()
    }

    /// One change to a byte string.
    #[derive(Clone, Debug)]
    enum Mutation {
        Set(Index, u8),
        Flip(Index, u8),
        Insert(Index, Vec<u8>),
        Remove(Index, usize),
        Repeat(Index, usize),
        Cut(Index),
    }

    impl Mutation {
        fn apply(&self, bytes: &mut Vec<u8>) {
            let len = bytes.len();
            let at = |index: &Index| index.index(len.max(1));
            let piece = |index: &Index, count: usize| at(index)..(at(index) + count).min(len);
            match self {
                _ if bytes.is_empty() => {}
                Mutation::Set(index, byte) => bytes[at(index)] = *byte,
                Mutation::Flip(index, bit) => bytes[at(index)] ^= 1 << (bit % 8),
                Mutation::Insert(index, more) => {
                    bytes.splice(at(index)..at(index), more.iter().copied());
                }
                Mutation::Remove(index, count) => {
                    bytes.drain(piece(index, *count));
                }
                Mutation::Repeat(index, count) => {
                    let again = bytes[piece(index, *count)].to_vec();
                    bytes.splice(at(index)..at(index), again);
                }
                Mutation::Cut(index) => bytes.truncate(at(index)),
            }
        }
    }

    fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
        let index = any::<Index>;
        let mutation = prop_oneof![
            4 => (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
            4 => (index(), any::<u8>()).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
            2 => (index(), prop::collection::vec(any::<u8>(), 1..12))
                .prop_map(|(at, more)| Mutation::Insert(at, more)),
            2 => (index(), 1usize..200).prop_map(|(at, count)| Mutation::Remove(at, count)),
            2 => (index(), 1usize..200).prop_map(|(at, count)| Mutation::Repeat(at, count)),
            1 => index().prop_map(Mutation::Cut),
        ];
        prop::collection::vec(mutation, 1..6)
    }

    /// The number of inputs tried; `PROPTEST_CASES` sets another.
    fn config() -> ProptestConfig {
        let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        ProptestConfig { cases: cases.unwrap_or(50_000), ..ProptestConfig::default() }
    }

    #[test]
    fn the_seed_is_read_whole() {
        let graphs = parse(seed().into()).unwrap();
        assert!(graphs[0].signature_def.len() >= 16);
        read(seed());
    }

    #[test]
    fn mutated_models() {
        let seed = seed();
        proptest!(config(), |(mutations in mutations())| {
            let mut bytes = seed.clone();
            mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
            read(bytes);
        });
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            read(bytes);
        }
    }
}

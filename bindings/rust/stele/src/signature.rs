//! Signatures: the named inputs and outputs by which a model is called.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use prost::bytes::Bytes;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::names;
use crate::proto;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::tensor_proto;

/// The signature that a model's `run` runs.
pub(crate) const DEFAULT_SIGNATURE: &str = "serving_default";

/// Names of this prefix are TensorFlow's own and not for users.
const INTERNAL_PREFIX: &str = "__saved_model_";

/// What TensorFlow's `DataType` adds to a dtype's number for a reference to it.
const REFERENCE: i32 = 100;

/// An input or output of a signature; displayed as `image FP32 [?,8,8,1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// The name that a caller uses.
    pub name: String,
    /// The element type.
    pub dtype: DType,
    /// The shape, with unknown dimensions.
    pub shape: Shape,
    /// What an input is that is not given; `None` if it must be.
    pub default: Option<Tensor>,
    /// The tensor in the graph, `op:index`; empty for a sparse or composite one.
    pub(crate) tensor: String,
}

impl fmt::Display for TensorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.dtype, self.shape)
    }
}

/// One way to call a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name, often `serving_default`.
    pub name: String,
    /// The inputs, sorted by name.
    pub inputs: Vec<TensorSpec>,
    /// The outputs, sorted by name.
    pub outputs: Vec<TensorSpec>,
}

impl Signature {
    /// That every tensor can be given and taken by this crate.
    ///
    /// # Errors
    /// [`Error::Unsupported`] names the first that cannot.
    pub(crate) fn check_supported(&self) -> Result<()> {
        let inputs = self.inputs.iter().map(|spec| ("input", spec));
        let outputs = self.outputs.iter().map(|spec| ("output", spec));
        for (kind, TensorSpec { name, dtype, tensor, .. }) in inputs.chain(outputs) {
            let what = match dtype {
                _ if tensor.is_empty() => "is sparse or composite".to_string(),
                DType::Other(_) => format!("has dtype {dtype}"),
                _ => continue,
            };
            return Err(Error::Unsupported(format!(
                "{kind} \"{name}\" of signature \"{}\" {what}",
                self.name
            )));
        }
        Ok(())
    }
}

/// The signatures of a model, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(Vec<Arc<Signature>>);

impl Signatures {
    /// The only signature of a model.
    #[cfg(feature = "remote")]
    pub(crate) fn one(signature: Signature) -> Signatures {
        Signatures(vec![Arc::new(signature)])
    }

    /// The signature of this name.
    ///
    /// # Errors
    /// [`Error::Signature`] lists those that there are; [`Error::Name`] for a NUL.
    pub fn named(&self, name: &str) -> Result<&Arc<Signature>> {
        self.position(name).map(|position| &self.0[position])
    }

    pub(crate) fn position(&self, name: &str) -> Result<usize> {
        let position = self.0.binary_search_by(|signature| signature.name.as_str().cmp(name));
        position.map_err(|_| {
            if let Err(error) = names::check(name) {
                return error;
            }
            let names: Vec<_> = self.0.iter().map(|signature| &*signature.name).collect();
            let names = quoted(&names);
            Error::Signature(format!("no signature \"{name}\"; this model has {names}"))
        })
    }
}

impl Deref for Signatures {
    type Target = [Arc<Signature>];

    fn deref(&self) -> &[Arc<Signature>] {
        &self.0
    }
}

impl Signatures {
    /// Reads the signatures of a graph, which `graph_shape` is asked for the shapes
    /// that they do not say.
    pub(crate) fn read(
        signatures: BTreeMap<String, proto::SignatureDef>,
        graph_shape: impl Fn(&str) -> Shape,
    ) -> Signatures {
        let for_users =
            signatures.into_iter().filter(|(name, _)| !name.starts_with(INTERNAL_PREFIX));
        let signatures = for_users.map(|(name, def)| {
            let mut inputs = specs(def.inputs, &graph_shape);
            set_defaults(&mut inputs, def.defaults);
            let outputs = specs(def.outputs, &graph_shape);
            Arc::new(Signature { name, inputs, outputs })
        });
        Signatures(signatures.collect())
    }
}

/// Sorted by name, as the map is.
fn specs(
    tensors: BTreeMap<String, proto::TensorInfo>,
    graph_shape: impl Fn(&str) -> Shape,
) -> Vec<TensorSpec> {
    let spec = |(name, info): (String, proto::TensorInfo)| TensorSpec {
        name,
        dtype: DType::from_number(base(info.dtype)),
        shape: info.tensor_shape.as_ref().map_or_else(|| graph_shape(&info.name), Shape::from),
        tensor: info.name,
        default: None,
    };
    tensors.into_iter().map(spec).collect()
}

/// A default that cannot be read, or does not fit its own input, is none: the caller
/// has to give the input.
fn set_defaults(inputs: &mut [TensorSpec], mut defaults: BTreeMap<String, Bytes>) {
    for spec in inputs {
        let default = defaults.remove(&spec.name).and_then(tensor_proto::read);
        spec.default = default
            .filter(|tensor| tensor.dtype() == spec.dtype && spec.shape.accepts(tensor.shape()));
    }
}

/// A reference to a variable is read as a session reads it: by its value, whose
/// dtype has the same number less 100.
fn base(number: i32) -> i32 {
    if number > REFERENCE { number - REFERENCE } else { number }
}

/// Any negative dimension is an unknown one.
impl From<&proto::TensorShape> for Shape {
    fn from(shape: &proto::TensorShape) -> Shape {
        if shape.unknown_rank {
            return Shape::unknown_rank();
        }
        Shape::new(shape.dim.iter().map(|dim| usize::try_from(dim.size).ok()).collect())
    }
}

/// Names as messages list them: `"a", "b"`.
pub(crate) fn quoted(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_string();
    }
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{table, unhex};
    use crate::proto::tensor_shape::Dim;
    use crate::tensor::TensorView;

    fn info(dtype: i32, dims: &[i64], name: &str) -> proto::TensorInfo {
        let dim = dims.iter().map(|size| Dim { size: *size, ..Default::default() }).collect();
        let tensor_shape = Some(proto::TensorShape { dim, unknown_rank: false });
        proto::TensorInfo { name: name.to_string(), dtype, tensor_shape }
    }

    fn signatures(inputs: &[(&str, proto::TensorInfo)]) -> Signatures {
        let inputs = inputs.iter().map(|(name, info)| (name.to_string(), info.clone())).collect();
        let signature = proto::SignatureDef { inputs, ..Default::default() };
        let names = ["zebra", "ant", "__saved_model_init_op"].map(String::from);
        let signatures = names.into_iter().map(|name| (name, signature.clone())).collect();
        Signatures::read(signatures, |tensor| {
            assert_eq!(tensor, "op:2", "the others have shapes of their own");
            Shape::new(vec![Some(3)])
        })
    }

    #[test]
    fn signatures_and_inputs_are_sorted_and_for_users() {
        let signatures = signatures(&[
            ("y", info(1, &[-1, 8, -5], "op:1")),
            ("x", proto::TensorInfo { dtype: 7, ..info(7, &[], "op") }),
            ("z", proto::TensorInfo { tensor_shape: None, ..info(9, &[], "op:2") }),
        ]);
        let names: Vec<_> = signatures.iter().map(|signature| &*signature.name).collect();
        assert_eq!(names, ["ant", "zebra"]);
        let inputs: Vec<_> = signatures[0].inputs.iter().map(ToString::to_string).collect();
        assert_eq!(inputs, ["x BYTES []", "y FP32 [?,8,?]", "z INT64 [3]"]);
        assert_eq!(signatures[0].check_supported(), Ok(()));
        let error = signatures.named("bee").unwrap_err();
        assert_eq!(error.message(), "no signature \"bee\"; this model has \"ant\", \"zebra\"");
    }

    /// "2,-1"; nothing is a scalar, and "?" an unknown rank.
    fn tensor_shape(text: &str) -> proto::TensorShape {
        let sizes = text.split(',').filter(|size| !size.is_empty() && *size != "?");
        let size = |size: &str| Dim { size: size.parse().unwrap(), ..Default::default() };
        proto::TensorShape { dim: sizes.map(size).collect(), unknown_rank: text == "?" }
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let columns = ["case", "dtype", "shape", "default", "value_shape", "value"];
        for [case, dtype, shape, default, value_shape, value] in table("defaults.tsv", &columns) {
            let dtype = DType::from_name(&dtype).unwrap().number();
            let x = proto::TensorInfo {
                tensor_shape: Some(tensor_shape(&shape)),
                ..info(dtype, &[], "op")
            };
            let inputs =
                [("x", x.clone()), ("y", x)].map(|(name, info)| (name.to_string(), info)).into();
            let defaults = [("x".to_string(), unhex(&default).into())].into();
            let def = proto::SignatureDef { inputs, defaults, ..Default::default() };
            let signatures =
                Signatures::read([("s".to_string(), def)].into(), |_| Shape::unknown_rank());
            let [x, y] = &signatures[0].inputs[..] else { panic!("two inputs") };
            assert_eq!(y.default, None);
            let got = x.default.as_ref().map(|tensor| {
                let contents = TensorView::from(tensor).raw_contents().unwrap().into_owned();
                (Shape::new(tensor.shape().iter().copied().map(Some).collect()), contents)
            });
            let expected =
                (value != "-").then(|| (Shape::from(&tensor_shape(&value_shape)), unhex(&value)));
            assert_eq!(got, expected, "{case}");
        }
    }

    #[test]
    fn what_cannot_be_given_is_unsupported() {
        for (info, what) in [(info(1, &[], ""), "sparse"), (info(20, &[], "op:0"), "TF_20")] {
            let error = signatures(&[("x", info)])[0].check_supported().unwrap_err();
            assert!(matches!(error, Error::Unsupported(_)), "{error}");
            assert!(error.message().contains("\"x\"") && error.message().contains(what), "{error}");
        }
    }
}

//! The check of a call's inputs, made before TensorFlow sees them.
//!
//! TensorFlow 2.21 aborts the process on some wrong ranks and answers silently
//! on some wrong dimensions.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::names;
use crate::shape;
use crate::signature::{Signature, TensorSpec, quoted};
use crate::tensor::TensorView;

/// Puts a call's inputs into the order of the signature, whose defaults stand for
/// those that are missing.
///
/// # Errors
/// In this order: a name given twice, an unknown one, a missing one
/// ([`Error::Name`]); then input by input, as the signature has them, a wrong dtype
/// ([`Error::DType`]), and a wrong rank or known dimension ([`Error::Shape`]).
pub(crate) fn inputs<'t, K: AsRef<str>>(
    signature: &'t Signature,
    given: &[(K, TensorView<'t>)],
) -> Result<Vec<TensorView<'t>>> {
    let mut slots: Vec<Option<TensorView<'t>>> = vec![None; signature.inputs.len()];
    for (name, tensor) in given {
        match position(signature, name.as_ref()).and_then(|position| slots.get_mut(position)) {
            Some(slot @ None) => *slot = Some(*tensor),
            _ => return Err(wrong_name(signature, given.iter().map(|(name, _)| name.as_ref()))),
        }
    }
    let mut tensors = Vec::with_capacity(slots.len());
    for (spec, slot) in signature.inputs.iter().zip(slots) {
        let tensor = slot.or_else(|| spec.default.as_ref().map(TensorView::from));
        tensors.push(tensor.ok_or_else(|| missing(signature, spec))?);
    }
    for (spec, tensor) in signature.inputs.iter().zip(&tensors) {
        dtype(spec, tensor)?;
        dims(spec, tensor)?;
    }
    Ok(tensors)
}

impl Signature {
    /// The check that a run makes, for a caller who has something else to do between
    /// that and the run.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::DType`] or [`Error::Shape`], as
    /// [`Runner::run`](crate::Runner::run) has them.
    pub fn check<K: AsRef<str>>(&self, given: &[(K, TensorView<'_>)]) -> Result<()> {
        inputs(self, given).map(drop)
    }

    /// That these are names of inputs, each once, and that no input is missing that
    /// has no default: the first part of the check that a run makes, for a caller
    /// who has yet to make tensors.
    ///
    /// # Errors
    /// [`Error::Name`] for the first name given twice, unknown, or missing.
    pub fn check_names<K: AsRef<str>>(&self, names: &[K]) -> Result<()> {
        let mut slots = vec![false; self.inputs.len()];
        for name in names {
            match position(self, name.as_ref()).and_then(|position| slots.get_mut(position)) {
                Some(slot @ false) => *slot = true,
                _ => return Err(wrong_name(self, names.iter().map(AsRef::as_ref))),
            }
        }
        let mut specs = self.inputs.iter().zip(slots);
        match specs.find(|(spec, given)| !given && spec.default.is_none()) {
            Some((spec, _)) => Err(missing(self, spec)),
            None => Ok(()),
        }
    }
}

/// Inputs are sorted by name.
fn position(signature: &Signature, name: &str) -> Option<usize> {
    signature.inputs.binary_search_by(|spec| spec.name.as_str().cmp(name)).ok()
}

/// What is wrong with names of which one is: one pass, however many there are.
fn wrong_name<'n>(signature: &Signature, names: impl Iterator<Item = &'n str> + Clone) -> Error {
    let mut seen = HashSet::new();
    if let Some(name) = names.clone().find(|name| !seen.insert(*name)) {
        return Error::Name(format!("input \"{name}\" is given twice"));
    }
    let name = names.into_iter().find(|name| position(signature, name).is_none());
    let name = name.unwrap_or_default();
    if let Err(error) = names::check(name) {
        return error;
    }
    let known: Vec<_> = signature.inputs.iter().map(|spec| &*spec.name).collect();
    let (signature, known) = (&signature.name, quoted(&known));
    Error::Name(format!("no input \"{name}\"; signature \"{signature}\" has {known}"))
}

fn missing(signature: &Signature, spec: &TensorSpec) -> Error {
    let (input, signature) = (&spec.name, &signature.name);
    Error::Name(format!("input \"{input}\" of signature \"{signature}\" is missing"))
}

fn dtype(spec: &TensorSpec, tensor: &TensorView<'_>) -> Result<()> {
    if tensor.dtype() == spec.dtype {
        return Ok(());
    }
    let (TensorSpec { name, dtype, .. }, given) = (spec, tensor.dtype());
    Err(Error::DType(format!("input \"{name}\" has dtype {given}, expected {dtype}")))
}

fn dims(spec: &TensorSpec, tensor: &TensorView<'_>) -> Result<()> {
    if spec.shape.accepts(tensor.shape()) {
        return Ok(());
    }
    let (TensorSpec { name, shape, .. }, given) = (spec, shape::display(tensor.shape()));
    Err(Error::Shape(format!("input \"{name}\" has shape {given}, expected {shape}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::shape::Shape;
    use crate::tensor::Tensor;

    fn spec(name: &str, dtype: DType, dims: &[Option<usize>]) -> TensorSpec {
        let (name, tensor) = (name.to_string(), "op:0".to_string());
        TensorSpec { name, dtype, shape: Shape::new(dims.to_vec()), tensor, default: None }
    }

    fn signature() -> Signature {
        Signature {
            name: "s".to_string(),
            inputs: vec![
                spec("a", DType::Fp32, &[None, Some(2)]),
                spec("b", DType::Bytes, &[Some(1)]),
            ],
            outputs: vec![],
        }
    }

    fn refusal(given: Vec<(&str, TensorView<'_>)>) -> String {
        let (signature, names) = (signature(), given.iter().map(|(name, _)| *name));
        let error = inputs(&signature, &given).unwrap_err();
        if matches!(error, Error::Name(_)) {
            let names: Vec<_> = names.collect();
            assert_eq!(signature.check_names(&names), Err(error.clone()));
        }
        error.to_string()
    }

    #[test]
    fn every_refusal_names_the_culprit() {
        let a = TensorView::new(&[3, 2], &[0f32; 6]).unwrap();
        let b = Tensor::from_strings([1], ["x"]).unwrap();
        let b = TensorView::from(&b);
        let double = TensorView::new(&[3, 2], &[0f64; 6]).unwrap();
        let flat = TensorView::new(&[6], &[0f32; 6]).unwrap();
        let wide = TensorView::new(&[2, 3], &[0f32; 6]).unwrap();
        let rows = [
            (vec![("a", a), ("a", a), ("c", a)], "input \"a\" is given twice"),
            (vec![("c", a), ("c", a)], "input \"c\" is given twice"),
            (vec![("\0", a)], "a name or path holds a NUL: \"\\0\""),
            (vec![("a", a), ("c", a)], "no input \"c\"; signature \"s\" has \"a\", \"b\""),
            (vec![("b", b)], "input \"a\" of signature \"s\" is missing"),
            (vec![("a", double), ("b", b)], "input \"a\" has dtype FP64, expected FP32"),
            (vec![("b", a), ("a", a)], "input \"b\" has dtype FP32, expected BYTES"),
            (vec![("a", flat), ("b", b)], "input \"a\" has shape [6], expected [?,2]"),
            (vec![("a", wide), ("b", b)], "input \"a\" has shape [2,3], expected [?,2]"),
        ];
        for (given, message) in rows {
            assert_eq!(refusal(given), format!("INVALID_ARGUMENT: {message}"));
        }
    }

    #[test]
    fn inputs_come_out_in_the_order_of_the_signature() {
        let a = TensorView::new(&[0, 2], &[0f32; 0]).unwrap();
        let b = Tensor::from_strings([1], ["x"]).unwrap();
        let b = TensorView::from(&b);
        let signature = signature();
        let ordered = inputs(&signature, &[("b", b), ("a", a)]).unwrap();
        let dtypes: Vec<_> = ordered.iter().map(TensorView::dtype).collect();
        assert_eq!(dtypes, [DType::Fp32, DType::Bytes]);
    }

    #[test]
    fn a_default_stands_for_a_missing_input() {
        let mut signature = signature();
        signature.inputs[0].default = Some(Tensor::new([1, 2], &[3f32, 4.0]).unwrap());
        let b = Tensor::from_strings([1], ["x"]).unwrap();
        let tensors = inputs(&signature, &[("b", TensorView::from(&b))]).unwrap();
        assert_eq!(tensors[0].shape(), [1, 2]);
        assert_eq!(signature.check_names(&["b"]), Ok(()));
        assert!(signature.check_names(&["a"]).is_err());
    }

    #[test]
    fn a_hundred_thousand_wrong_names_are_refused_at_once() {
        let a = TensorView::new(&[], &[0f32]).unwrap();
        let given: Vec<_> = (0..100_000).map(|index| (format!("x{index}"), a)).collect();
        let started = std::time::Instant::now();
        let signature = signature();
        let error = inputs(&signature, &given).unwrap_err();
        assert!(error.message().starts_with("no input \"x0\""), "{error}");
        assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
    }
}

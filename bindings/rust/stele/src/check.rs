//! The check of a call's inputs, made before TensorFlow sees them.
//!
//! TensorFlow 2.21 aborts the process on some wrong ranks and answers silently
//! on some wrong dimensions.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::shape;
use crate::signature::{Signature, TensorSpec, quoted};
use crate::tensor::TensorView;

/// Puts a call's inputs into the order of the signature.
///
/// # Errors
/// In this order: a name given twice, an unknown one, a missing one
/// ([`Error::Name`]); then input by input, as the signature has them, a wrong dtype
/// ([`Error::DType`]), and a wrong rank or known dimension ([`Error::Shape`]).
pub(crate) fn inputs<'t, K: AsRef<str>>(
    signature: &Signature,
    given: Vec<(K, TensorView<'t>)>,
) -> Result<Vec<TensorView<'t>>> {
    twice(&given)?;
    let mut slots: Vec<Option<TensorView<'t>>> = vec![None; signature.inputs.len()];
    for (name, tensor) in given {
        let name = name.as_ref();
        // Sorted by name: a signature has them so.
        let position = signature.inputs.binary_search_by(|spec| spec.name.as_str().cmp(name));
        match position.ok().and_then(|position| slots.get_mut(position)) {
            Some(slot) => *slot = Some(tensor),
            None => return Err(unknown(signature, name)),
        }
    }
    let mut tensors = Vec::with_capacity(slots.len());
    for (spec, slot) in signature.inputs.iter().zip(slots) {
        tensors.push(slot.ok_or_else(|| {
            let (input, signature) = (&spec.name, &signature.name);
            Error::Name(format!("input \"{input}\" of signature \"{signature}\" is missing"))
        })?);
    }
    for (spec, tensor) in signature.inputs.iter().zip(&tensors) {
        dtype(spec, tensor)?;
        dims(spec, tensor)?;
    }
    Ok(tensors)
}

/// One pass over the names, however many there are.
fn twice<K: AsRef<str>, T>(given: &[(K, T)]) -> Result<()> {
    let mut names = HashSet::with_capacity(given.len());
    match given.iter().find(|(name, _)| !names.insert(name.as_ref())) {
        None => Ok(()),
        Some((name, _)) => Err(Error::Name(format!("input \"{}\" is given twice", name.as_ref()))),
    }
}

fn unknown(signature: &Signature, name: &str) -> Error {
    let there: Vec<_> = signature.inputs.iter().map(|spec| &*spec.name).collect();
    let (signature, there) = (&signature.name, quoted(&there));
    Error::Name(format!("no input \"{name}\"; signature \"{signature}\" has {there}"))
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
        TensorSpec { name, dtype, shape: Shape::new(dims.to_vec()), tensor }
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
        inputs(&signature(), given).unwrap_err().to_string()
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
        let ordered = inputs(&signature(), vec![("b", b), ("a", a)]).unwrap();
        let dtypes: Vec<_> = ordered.iter().map(TensorView::dtype).collect();
        assert_eq!(dtypes, [DType::Fp32, DType::Bytes]);
    }
}

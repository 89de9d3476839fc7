//! Tensors without TensorFlow: any elements come out as they went in, and what
//! does not add up is refused.

use half::{bf16, f16};
use num_complex::Complex;
use proptest::prelude::*;
use stele::{DType, Element, Error, Tensor, TensorView, half, num_complex};

/// A shape and as many elements.
fn shaped<T: std::fmt::Debug + Clone>(
    element: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = (Vec<usize>, Vec<T>)> {
    prop::collection::vec(0usize..4, 0..5).prop_flat_map(move |shape| {
        let count = shape.iter().product::<usize>();
        (Just(shape), prop::collection::vec(element.clone(), count))
    })
}

fn survives<T: Element + std::fmt::Debug>(shape: &[usize], values: Vec<T>) {
    let bytes = |tensor: &Tensor| tensor.bytes().unwrap().to_vec();
    let copied = Tensor::new(shape, &values).unwrap();
    assert_eq!((copied.dtype(), copied.shape()), (T::DTYPE, shape));
    assert_eq!(copied.data::<T>().unwrap().len(), values.len());
    assert_eq!(copied.element_count(), values.len());
    let view = TensorView::new(shape, &values).unwrap();
    assert_eq!((view.dtype(), view.shape()), (T::DTYPE, shape));
    let raw = Tensor::from_bytes(T::DTYPE, shape, &bytes(&copied)).unwrap();
    assert_eq!(bytes(&raw), bytes(&copied));
    let owned = Tensor::from_owner(shape, values).unwrap();
    assert_eq!(bytes(&owned), bytes(&copied));
    let owned = Tensor::from_owner_bytes(T::DTYPE, shape, bytes(&copied)).unwrap();
    assert_eq!(bytes(&owned), bytes(&copied));
}

proptest! {
    #[test]
    fn floats((shape, values) in shaped(any::<u32>())) {
        survives(&shape, values.iter().map(|bits| f32::from_bits(*bits)).collect());
    }

    #[test]
    fn halves((shape, values) in shaped(any::<u16>())) {
        survives(&shape, values.iter().map(|bits| f16::from_bits(*bits)).collect());
        survives(&shape, values.iter().map(|bits| bf16::from_bits(*bits)).collect());
    }

    #[test]
    fn complex((shape, values) in shaped(any::<(f64, f64)>())) {
        survives(&shape, values.iter().map(|(re, im)| Complex::new(*re, *im)).collect());
    }

    #[test]
    fn bools((shape, values) in shaped(any::<bool>())) {
        let tensor = Tensor::new(shape.as_slice(), &values).unwrap();
        prop_assert_eq!(tensor.data(), Ok(&*values));
        survives(&shape, values);
    }

    #[test]
    fn integers((shape, values) in shaped(any::<i64>())) {
        let tensor = Tensor::new(shape.as_slice(), &values).unwrap();
        prop_assert_eq!(tensor.data(), Ok(&*values));
        survives(&shape, values);
    }

    #[test]
    fn strings((shape, values) in shaped(prop::collection::vec(any::<u8>(), 0..40))) {
        let tensor = Tensor::from_strings(shape, &values).unwrap();
        let read: Vec<_> = tensor.strings().unwrap().map(<[u8]>::to_vec).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn any_shape_is_taken_or_refused(
        shape in prop::collection::vec(prop_oneof![0usize..3, any::<usize>()], 0..6),
        values in prop::collection::vec(any::<f64>(), 0..5),
    ) {
        let fits = shape.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim));
        let made = Tensor::new(shape.clone(), &values);
        prop_assert!(made.is_ok() <= (fits == Some(values.len())));
        let strings = Tensor::from_strings(shape, vec![b"x"; values.len()]);
        prop_assert!(strings.is_ok() <= (fits == Some(values.len())));
    }
}

#[test]
fn a_tensor_is_read_as_what_it_is() {
    let tensor = Tensor::new([2], &[1i32, 2]).unwrap();
    assert!(matches!(tensor.data::<u32>(), Err(Error::DType(_))));
    assert!(matches!(tensor.strings(), Err(Error::DType(_))));
    let text = Tensor::from_strings([1], ["x"]).unwrap();
    assert!(matches!(text.data::<u8>(), Err(Error::DType(_))));
    assert!(matches!(text.bytes(), Err(Error::DType(_))));
}

#[test]
fn what_does_not_add_up_is_refused() {
    let value = |dtype, shape: &[usize], bytes: &[u8]| Tensor::from_bytes(dtype, shape, bytes);
    assert!(matches!(value(DType::Int16, &[2], &[0; 3]), Err(Error::Value(_))));
    assert!(matches!(value(DType::Bool, &[2], &[1, 2]), Err(Error::Value(_))));
    assert!(matches!(value(DType::Bytes, &[1], b"x"), Err(Error::DType(_))));
    assert!(matches!(value(DType::Other(20), &[1], b"x"), Err(Error::DType(_))));
    assert!(matches!(value(DType::UInt8, &[1 << 40, 1 << 40], b""), Err(Error::Shape(_))));
    assert!(matches!(value(DType::UInt8, &[0, 1 << 40, 1 << 40], b""), Err(Error::Shape(_))));
    assert!(matches!(value(DType::UInt8, &[1; 255], b"x"), Err(Error::Shape(_))));
    assert!(matches!(Tensor::new([2, 2], &[1f32; 3]), Err(Error::Shape(_))));
    assert!(matches!(TensorView::new(&[2, 2], &[1f32; 5]), Err(Error::Shape(_))));
    assert!(matches!(Tensor::from_strings([2], ["x"]), Err(Error::Shape(_))));
}

#[test]
fn a_clone_shares_and_a_sole_tensor_can_be_changed() {
    let mut tensor = Tensor::new([2], &[1u8, 2]).unwrap();
    let clone = tensor.clone();
    assert!(tensor.bytes_mut().is_none());
    drop(clone);
    tensor.bytes_mut().unwrap()[0] = 9;
    assert_eq!(tensor.data::<u8>(), Ok(&[9, 2][..]));
    let mut foreign = Tensor::from_owner::<u8, _>([2], vec![1u8, 2]).unwrap();
    assert!(foreign.bytes_mut().is_none());
}

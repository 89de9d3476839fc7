//! Tensors: a dtype, a shape, and elements in row-major order.

use std::sync::Arc;

use crate::buffer::{Buffer, Elements, StringBuffer};
use crate::dtype::{DType, Element};
use crate::error::{Code, Error, Result};
use crate::shape;
use crate::strings::{Source, Strings};
use crate::sys::{Api, Feed, RawTensor};

/// A tensor that owns its elements, or shares them with TensorFlow.
///
/// Inputs are made from slices, from any owner of a slice, or from strings;
/// outputs refer to TensorFlow's memory and are read in place. A clone shares
/// the elements. No libtensorflow is needed to make or read one.
///
/// ```
/// use stele::Tensor;
///
/// let matrix = Tensor::new([2, 3], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(matrix.data::<f32>()?[3], 4.0);
/// let words = Tensor::from_strings([2], ["naïve", "stele"])?;
/// assert_eq!(words.strings()?.last(), Some(&b"stele"[..]));
/// # Ok::<(), stele::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    Host(Arc<Buffer>),
    Strings(Arc<StringBuffer>),
    TensorFlow(Arc<RawTensor>),
}

impl Tensor {
    /// Copies elements into a tensor. The shape of a scalar is `[]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape has another number of elements, or more
    /// than TensorFlow can count; [`Error::Memory`] if there is none for the copy.
    pub fn new<T: Element>(shape: impl Into<Vec<usize>>, values: &[T]) -> Result<Tensor> {
        let shape = shape.into();
        check_count(&shape, T::DTYPE, values.len())?;
        let buffer = Buffer::copy_of(bytemuck::cast_slice(values))?;
        Ok(Tensor { dtype: T::DTYPE, shape, data: Data::Host(Arc::new(buffer)) })
    }

    /// Copies a tensor from its bytes: elements in row-major order and in this
    /// machine's byte order.
    ///
    /// # Errors
    /// [`Error::Shape`] as [`Tensor::new`]; [`Error::Value`] if the bytes are
    /// not as many as the shape needs, or one of a BOOL is neither 0 nor 1;
    /// [`Error::DType`] for BYTES and dtypes without a name.
    pub fn from_bytes(dtype: DType, shape: impl Into<Vec<usize>>, bytes: &[u8]) -> Result<Tensor> {
        let shape = shape.into();
        check_bytes(dtype, &shape, bytes)?;
        Ok(Tensor { dtype, shape, data: Data::Host(Arc::new(Buffer::copy_of(bytes)?)) })
    }

    /// Takes over elements without a copy, from a `Vec`, an `Arc<[T]>`, a memory
    /// map, ….
    ///
    /// TensorFlow reads memory in place when it is aligned to 64 bytes, and
    /// copies it on each run when it is not; [`Tensor::new`] makes aligned
    /// memory. The owner is dropped when neither a tensor nor TensorFlow refers
    /// to it, on whatever thread that happens.
    ///
    /// # Errors
    /// As [`Tensor::new`].
    pub fn from_owner<T, O>(shape: impl Into<Vec<usize>>, owner: O) -> Result<Tensor>
    where
        T: Element,
        O: AsRef<[T]> + Send + Sync + 'static,
    {
        let shape = shape.into();
        check_count(&shape, T::DTYPE, owner.as_ref().len())?;
        let buffer = Buffer::Foreign(Box::new(Elements::<T, O>::new(owner)));
        Ok(Tensor { dtype: T::DTYPE, shape, data: Data::Host(Arc::new(buffer)) })
    }

    /// [`Tensor::from_owner`] for a dtype that is known at run time: takes over
    /// the bytes of the elements.
    ///
    /// # Errors
    /// As [`Tensor::from_bytes`].
    pub fn from_owner_bytes<O>(
        dtype: DType,
        shape: impl Into<Vec<usize>>,
        owner: O,
    ) -> Result<Tensor>
    where
        O: AsRef<[u8]> + Send + Sync + 'static,
    {
        let shape = shape.into();
        check_bytes(dtype, &shape, owner.as_ref())?;
        // Elements are read in place, hence at addresses that are theirs.
        let alignment = dtype.size().map_or(1, |size| size.min(align_of::<u64>()));
        let buffer = if owner.as_ref().as_ptr().align_offset(alignment) == 0 {
            Buffer::Foreign(Box::new(owner))
        } else {
            Buffer::copy_of(owner.as_ref())?
        };
        Ok(Tensor { dtype, shape, data: Data::Host(Arc::new(buffer)) })
    }

    /// Copies strings, each of any bytes, into a BYTES tensor.
    ///
    /// # Errors
    /// As [`Tensor::new`].
    pub fn from_strings<S: AsRef<[u8]>>(
        shape: impl Into<Vec<usize>>,
        strings: impl IntoIterator<Item = S>,
    ) -> Result<Tensor> {
        let shape = shape.into();
        let strings: StringBuffer = strings.into_iter().collect();
        check_count(&shape, DType::Bytes, strings.len())?;
        Ok(Tensor { dtype: DType::Bytes, shape, data: Data::Strings(Arc::new(strings)) })
    }

    /// An output of TensorFlow, in its memory if nobody else refers to that.
    ///
    /// A graph may return a constant, a variable or one of its inputs: that is
    /// copied, so that neither a later call nor the caller's changes show.
    pub(crate) fn from_raw(mut raw: RawTensor) -> Result<Tensor> {
        let internal = |what: &str| Error::TensorFlow {
            code: Code::Internal,
            message: format!("TensorFlow returned a tensor {what}"),
        };
        let dtype = DType::from_number(raw.dtype());
        let shape = raw.shape().ok_or_else(|| internal("with a negative dimension"))?;
        let count = shape::count(&shape, dtype.size().unwrap_or(0))?;
        let whole = match dtype {
            DType::Bytes => raw.string_count() == count,
            DType::Other(_) => {
                return Err(Error::Unsupported(format!("an output has the dtype {dtype}")));
            }
            _ => dtype.size().map(|size| size * count) == Some(raw.bytes().len()),
        };
        if !whole {
            return Err(internal("whose size is not that of its shape"));
        }
        let data = if raw.is_sole() {
            Data::TensorFlow(Arc::new(raw))
        } else if dtype == DType::Bytes {
            Data::Strings(Arc::new(Strings::new(Source::TensorFlow(&raw)).collect()))
        } else {
            Data::Host(Arc::new(Buffer::copy_of(raw.bytes())?))
        };
        Ok(Tensor { dtype, shape, data })
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions; none for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn element_count(&self) -> usize {
        self.shape.iter().product()
    }

    /// The elements in row-major order, without a copy.
    ///
    /// # Errors
    /// [`Error::DType`] if they are not of this type; [`Error::Value`] for a
    /// `bool` that TensorFlow stored as something else than 0 and 1.
    pub fn data<T: Element>(&self) -> Result<&[T]> {
        let wrong =
            || Error::DType(format!("tensor has dtype {}, read as {}", self.dtype, T::DTYPE));
        if self.dtype != T::DTYPE {
            return Err(wrong());
        }
        let bytes = self.bytes()?;
        if bytes.is_empty() {
            return Ok(&[]);
        }
        bytemuck::checked::try_cast_slice(bytes)
            .map_err(|error| Error::Value(format!("tensor of dtype {}: {error}", self.dtype)))
    }

    /// The bytes of the elements, without a copy.
    ///
    /// # Errors
    /// [`Error::DType`] for BYTES, whose elements are read by
    /// [`Tensor::strings`].
    pub fn bytes(&self) -> Result<&[u8]> {
        match (&self.data, self.dtype) {
            (Data::Host(buffer), _) => Ok(buffer.bytes()),
            (Data::TensorFlow(raw), dtype) if dtype != DType::Bytes => Ok(raw.bytes()),
            _ => Err(Error::DType("tensor has dtype BYTES, read as numbers".to_string())),
        }
    }

    /// The bytes of the elements, to be changed in place; `None` while anybody
    /// else, TensorFlow included, refers to them, and for BYTES.
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        match &mut self.data {
            Data::Host(buffer) => Arc::get_mut(buffer)?.bytes_mut(),
            Data::TensorFlow(raw) if self.dtype != DType::Bytes => Arc::get_mut(raw)?.bytes_mut(),
            _ => None,
        }
    }

    /// The strings of a BYTES tensor in row-major order, without a copy.
    ///
    /// # Errors
    /// [`Error::DType`] for any other dtype.
    pub fn strings(&self) -> Result<Strings<'_>> {
        match (&self.data, self.dtype) {
            (Data::Strings(buffer), _) => Ok(Strings::new(Source::Host(buffer))),
            (Data::TensorFlow(raw), DType::Bytes) => Ok(Strings::new(Source::TensorFlow(raw))),
            _ => Err(not_strings(self.dtype)),
        }
    }
}

/// The same dtype, shape and bits: a NaN equals itself, and 0.0 is not -0.0.
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        if (self.dtype, &self.shape) != (other.dtype, &other.shape) {
            return false;
        }
        match (self.strings(), other.strings()) {
            (Ok(ours), Ok(theirs)) => ours.eq(theirs),
            _ => self.bytes() == other.bytes(),
        }
    }
}

impl Eq for Tensor {}

/// An input: a [`Tensor`], or elements borrowed for the length of a call.
///
/// TensorFlow may keep an input longer than a call lasts (a model can store it
/// in a variable), so borrowed elements are copied on each call; a [`Tensor`]
/// that is used again is not.
///
/// ```
/// use stele::TensorView;
///
/// let pixels = [0.0f32; 64];
/// let image = TensorView::new(&[1, 8, 8, 1], &pixels)?;
/// assert_eq!(image.shape(), [1, 8, 8, 1]);
/// # Ok::<(), stele::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    dtype: DType,
    shape: &'a [usize],
    data: ViewData<'a>,
}

#[derive(Clone, Copy, Debug)]
enum ViewData<'a> {
    Tensor(&'a Tensor),
    Bytes(&'a [u8]),
}

impl<'a> TensorView<'a> {
    /// Borrows elements in row-major order.
    ///
    /// # Errors
    /// As [`Tensor::new`].
    pub fn new<T: Element>(shape: &'a [usize], values: &'a [T]) -> Result<TensorView<'a>> {
        check_count(shape, T::DTYPE, values.len())?;
        let data = ViewData::Bytes(bytemuck::cast_slice(values));
        Ok(TensorView { dtype: T::DTYPE, shape, data })
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions; none for a scalar.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// The bytes of the elements.
    ///
    /// # Errors
    /// As [`Tensor::bytes`].
    pub(crate) fn bytes(self) -> Result<&'a [u8]> {
        match self.data {
            ViewData::Bytes(bytes) => Ok(bytes),
            ViewData::Tensor(tensor) => tensor.bytes(),
        }
    }

    /// The strings of a BYTES tensor.
    ///
    /// # Errors
    /// As [`Tensor::strings`].
    pub(crate) fn strings(self) -> Result<Strings<'a>> {
        match self.data {
            ViewData::Bytes(_) => Err(not_strings(self.dtype)),
            ViewData::Tensor(tensor) => tensor.strings(),
        }
    }

    /// The tensor in TensorFlow's form.
    pub(crate) fn to_raw(self, api: &'static Api) -> Result<Feed<'a>> {
        let (dtype, shape) = (self.dtype.number(), self.shape);
        Ok(match self.data {
            ViewData::Bytes(bytes) => Feed::Own(RawTensor::copy_of(api, dtype, shape, bytes)?),
            ViewData::Tensor(tensor) => match &tensor.data {
                Data::TensorFlow(raw) => Feed::Borrowed(raw),
                Data::Host(buffer) => Feed::Own(RawTensor::sharing(api, dtype, shape, buffer)?),
                Data::Strings(strings) => Feed::Own(RawTensor::of_strings(api, shape, strings)?),
            },
        })
    }

    /// A copy, for an output that is an input of the same call.
    ///
    /// # Errors
    /// [`Error::Memory`] if there is none for it.
    pub(crate) fn to_tensor(self) -> Result<Tensor> {
        let host = |bytes| Ok(Data::Host(Arc::new(Buffer::copy_of(bytes)?)));
        let data = match self.data {
            ViewData::Bytes(bytes) => host(bytes)?,
            ViewData::Tensor(tensor) => match &tensor.data {
                Data::Host(buffer) => host(buffer.bytes())?,
                Data::Strings(strings) => Data::Strings(Arc::clone(strings)),
                Data::TensorFlow(raw) if self.dtype == DType::Bytes => {
                    Data::Strings(Arc::new(Strings::new(Source::TensorFlow(raw)).collect()))
                }
                Data::TensorFlow(raw) => host(raw.bytes())?,
            },
        };
        Ok(Tensor { dtype: self.dtype, shape: self.shape.to_vec(), data })
    }
}

impl<'a> From<&'a Tensor> for TensorView<'a> {
    fn from(tensor: &'a Tensor) -> TensorView<'a> {
        TensorView { dtype: tensor.dtype, shape: &tensor.shape, data: ViewData::Tensor(tensor) }
    }
}

fn not_strings(dtype: DType) -> Error {
    Error::DType(format!("tensor has dtype {dtype}, read as BYTES"))
}

fn check_count(shape: &[usize], dtype: DType, given: usize) -> Result<()> {
    let expected = shape::count(shape, dtype.size().unwrap_or(0))?;
    if given == expected {
        return Ok(());
    }
    let shape = shape::display(shape);
    Err(Error::Shape(format!("shape {shape} has {expected} elements, {given} given")))
}

fn check_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<()> {
    let size = dtype
        .size()
        .ok_or_else(|| Error::DType(format!("elements of dtype {dtype} have no fixed size")))?;
    let (expected, given) = (shape::count(shape, size)? * size, bytes.len());
    if given != expected {
        let shape = shape::display(shape);
        return Err(Error::Value(format!("{dtype} {shape} has {expected} bytes, {given} given")));
    }
    if dtype == DType::Bool && bytes.iter().any(|byte| *byte > 1) {
        return Err(Error::Value("a BOOL byte is neither 0 nor 1".to_string()));
    }
    Ok(())
}

//! Tensors on disk: a folder with `tensors.tsv` and a raw file for each tensor.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use stele::{DType, Error, Result, Tensor};

use crate::{Tensors, elements, wire};

const INDEX: &str = "tensors.tsv";

/// Reads the tensors of a bundle, in the order of its index.
///
/// # Errors
/// `NOT_FOUND` for a missing file; `INVALID_ARGUMENT`, naming the tensor, for
/// anything that does not add up.
pub fn read(folder: &Path) -> Result<Tensors> {
    let index = folder.join(INDEX);
    let bytes = fs::read(&index).map_err(|error| Error::file(&index, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::Value(format!("\"{}\" is not UTF-8", index.display())))?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let lines = text.strip_suffix('\n').unwrap_or(&text);
    lines.split('\n').map(|line| read_tensor(folder, line)).collect()
}

fn read_tensor(folder: &Path, line: &str) -> Result<(String, Tensor)> {
    let fields = wire::split(line).map_err(|why| Error::Value(format!("{INDEX}: {why}")))?;
    let [name, dtype, shape, nbytes, file] = fields.as_slice() else {
        let (name, count) = (fields.first().map_or("", String::as_str), fields.len());
        return Err(Error::Value(format!("{INDEX}: tensor \"{name}\" has {count} fields, not 5")));
    };
    if let Some(field) = fields.iter().find(|field| field.contains('\0')) {
        return Err(Error::Value(wire::holds_nul(field)));
    }
    let refuse = |what: String| Error::Value(format!("tensor \"{name}\" {what}"));
    let dtype = DType::from_name(dtype).ok_or_else(|| {
        Error::DType(format!("tensor \"{name}\" has the unknown dtype \"{dtype}\""))
    })?;
    let dims =
        parse_shape(shape).ok_or_else(|| refuse(format!("has the malformed shape \"{shape}\"")))?;
    let nbytes =
        parse_size(nbytes).ok_or_else(|| refuse(format!("has the malformed size \"{nbytes}\"")))?;
    if matches!(&**file, "" | "." | "..") || file.contains('/') {
        return Err(refuse(format!("has the file \"{file}\", which is no name in the folder")));
    }
    let path = folder.join(file);
    let bytes = fs::read(&path).map_err(|error| Error::file(&path, &error))?;
    if bytes.len() != nbytes {
        return Err(refuse(format!("has {} bytes on disk, {nbytes} declared", bytes.len())));
    }
    let tensor = elements::tensor(dtype, dims, &bytes);
    let tensor = tensor.map_err(|error| refuse(format!("does not add up: {}", error.message())))?;
    Ok((name.clone(), tensor))
}

fn parse_shape(text: &str) -> Option<Vec<usize>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(parse_size).collect()
}

/// A plain decimal number below 2^63.
fn parse_size(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|size| digits && i64::try_from(*size).is_ok())
}

/// Writes tensors by name to a folder, which is created if its parent is there.
///
/// # Errors
/// The system's error about the path that cannot be written.
pub fn write<'t>(
    folder: &Path,
    tensors: impl IntoIterator<Item = (&'t str, &'t Tensor)>,
) -> Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !folder.is_dir() => {
            let not_a_folder = io::Error::from_raw_os_error(libc::ENOTDIR);
            return Err(Error::file(folder, &not_a_folder));
        }
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Error::file(folder, &error));
        }
        _ => {}
    }
    let mut index = String::new();
    for (position, (name, tensor)) in tensors.into_iter().enumerate() {
        let file = format!("{position}.bin");
        let bytes = elements::stored(tensor)?;
        let shape = join_dims(tensor.shape());
        let (dtype, nbytes) = (tensor.dtype().to_string(), bytes.len().to_string());
        index += &wire::join([name, &dtype, &shape, &nbytes, &file]);
        index.push('\n');
        write_file(&folder.join(file), &bytes)?;
    }
    write_file(&folder.join(INDEX), index.as_bytes())
}

/// Writes a file.
///
/// # Errors
/// The system's error, with the path.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::file(path, &error))
}

pub(crate) fn join_dims<T: ToString>(dims: &[T]) -> String {
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stele::Code;

    fn tensors() -> impl Strategy<Value = Tensor> {
        let dtypes: Vec<_> = DType::all().collect();
        let shape = prop::collection::vec(0usize..4, 0..5);
        (prop::sample::select(dtypes), shape).prop_flat_map(|(dtype, shape)| {
            let count: usize = shape.iter().product();
            match dtype.size() {
                Some(size) => prop::collection::vec(any::<u8>(), count * size)
                    .prop_map(move |mut bytes| {
                        if dtype == DType::Bool {
                            bytes.iter_mut().for_each(|byte| *byte &= 1);
                        }
                        Tensor::from_bytes(dtype, shape.clone(), &bytes).unwrap()
                    })
                    .boxed(),
                None => prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), count)
                    .prop_map(move |strings| Tensor::from_strings(shape.clone(), strings).unwrap())
                    .boxed(),
            }
        })
    }

    fn elements(tensor: &Tensor) -> Vec<Vec<u8>> {
        match tensor.strings() {
            Ok(strings) => strings.map(<[u8]>::to_vec).collect(),
            Err(_) => vec![tensor.bytes().unwrap().to_vec()],
        }
    }

    proptest! {
        #[test]
        fn any_tensor_survives(tensors in prop::collection::vec(("[^\\x00]{0,8}", tensors()), 0..4)) {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("new");
            write(&out, tensors.iter().map(|(name, tensor)| (&**name, tensor))).unwrap();
            let read = read(&out).unwrap();
            prop_assert_eq!(read.len(), tensors.len());
            for ((name, tensor), (read_name, read_tensor)) in tensors.iter().zip(&read) {
                prop_assert_eq!(name, read_name);
                prop_assert_eq!(tensor.dtype(), read_tensor.dtype());
                prop_assert_eq!(tensor.shape(), read_tensor.shape());
                prop_assert_eq!(elements(tensor), elements(read_tensor));
            }
        }

        #[test]
        fn any_index_is_read_or_refused(
            line in "(a|\\\\|\t|-|,|[0-9]{1,20}|FP32|BYTES|BOOL|0\\.bin){0,12}",
            bytes in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(INDEX), line).unwrap();
            fs::write(folder.path().join("0.bin"), bytes).unwrap();
            let _ = read(folder.path());
        }
    }

    fn refusal(line: &str, bytes: &[u8]) -> Error {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(INDEX), line).unwrap();
        fs::write(folder.path().join("0.bin"), bytes).unwrap();
        read(folder.path()).unwrap_err()
    }

    #[test]
    fn every_refusal_names_the_tensor() {
        let rows: [(&str, &[u8]); 20] = [
            ("x\tFP32\t1\t4", &[0; 4]),
            ("x\tFP32\t1\t4\t0.bin\tmore", &[0; 4]),
            ("x\tFLOAT32\t1\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t-1\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t+1\t4\t0.bin", &[0; 4]),
            ("x\tFP32\tone\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t1,\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t4294967296,4294967296\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t4294967296,4294967296,0\t0\t0.bin", &[]),
            ("x\tFP32\t99999999999999999999\t4\t0.bin", &[0; 4]),
            ("x\tFP32\t1\t4\t0.bin", &[0; 3]),
            ("x\tFP32\t1\t4\t0.bin", &[0; 5]),
            ("x\tFP32\t1\t8\t0.bin", &[0; 8]),
            ("x\tBYTES\t1\t4\t0.bin", &[1, 0, 0, 0, 65]),
            ("x\tBYTES\t1\t5\t0.bin", &[2, 0, 0, 0, 65]),
            ("x\tBYTES\t2\t5\t0.bin", &[1, 0, 0, 0, 65]),
            ("x\tBOOL\t1\t1\t0.bin", &[2]),
            ("x\tFP32\t1\t4\t../0.bin", &[0; 4]),
            ("x\tFP32\t1\t4\t..", &[0; 4]),
            ("x\tFP32\t1\t4\t", &[0; 4]),
        ];
        for (line, bytes) in rows {
            let error = refusal(line, bytes);
            assert_eq!(error.code(), Code::InvalidArgument, "{line}: {error}");
            assert!(error.message().contains("\"x\""), "{line}: {error}");
        }
        for line in ["\n", "x\tFP32\t1\t4\t0.bin\n\n", "x\\0y\tFP32\t1\t4\t0.bin"] {
            let error = refusal(line, &[0; 4]);
            assert_eq!(error.code(), Code::InvalidArgument, "{line}: {error}");
        }
        let error = refusal("x\tFP32\t1\t4\tnone.bin", &[0; 4]);
        assert_eq!(error.code(), Code::NotFound, "{error}");
        assert!(error.message().contains("none.bin"), "{error}");
    }
}

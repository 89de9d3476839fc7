//! Calls before the first client's, which would wait for what TensorFlow does only once.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use bytes::Bytes;
use prost::Message;
use stele::{Code, DType, Error, Signature, Tensor, TensorSpec};

use crate::inference::run;
use crate::memory::Memory;
use crate::oip_tensors::Inputs;
use crate::open_inference::DEFAULT_SIGNATURE;
use crate::proto::tensorflow::serving::PredictionLog;
use crate::proto::tensorflow::serving::prediction_log::LogType;
use crate::refusal::{Refusal, Result};
use crate::tfserving::{prepared, tensors};
use crate::version::Version;

/// Where TensorFlow Serving has the requests, in the SavedModel's folder.
const FILE: &str = "assets.extra/tf_serving_warmup_requests";

/// TensorFlow Serving's limit.
const RECORDS: usize = 1000;

/// Bytes that a made input may have.
const MADE: usize = 64 << 20;

/// What was run; its text continues a line of the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Warmed {
    requests: usize,
    /// Requests of methods that are not here, such as Classify.
    passed_over: usize,
    /// Of the made call: none, or its outcome.
    made: Option<Result<()>>,
}

/// Replays the requests that the SavedModel brings along, as TensorFlow Serving does. If
/// there are none, and `make` says so, runs `serving_default` once on zeros.
///
/// # Errors
/// DATA_LOSS if the file is no TFRecord file; INVALID_ARGUMENT for a record that is none,
/// or too many; else those of a request, as Predict has them. What becomes of the zeros is
/// told in the log alone: few models promise anything about them.
pub(crate) fn warm(version: &Version, folder: &Path, make: bool) -> Result<Warmed> {
    let path = folder.join(FILE);
    match File::open(&path) {
        Ok(file) => replay(version, file, &path),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(Warmed { made: make.then(|| once(version)).flatten(), ..Warmed::default() })
        }
        Err(error) => Err(Error::file(&path, &error).into()),
    }
}

/// `None` without such a signature.
fn once(version: &Version) -> Option<Result<()>> {
    let prepared = version.prepare(DEFAULT_SIGNATURE).ok()?;
    let inputs = zeros(prepared.signature());
    Some(inputs.and_then(|inputs| run(&prepared, &inputs)).map(drop))
}

fn replay(version: &Version, file: File, path: &Path) -> Result<Warmed> {
    let mut warmed = Warmed::default();
    let mut records = Records::new(file);
    for number in 1.. {
        let about = |refusal: Refusal| {
            let message = format!("\"{}\", record {number}: {}", path.display(), refusal.message);
            Refusal::new(refusal.code, message)
        };
        let Some(record) = records.next().map_err(about)? else { break };
        if number > RECORDS {
            return Err(about(Refusal::invalid(format!("there may be {RECORDS}"))));
        }
        if rerun(version, record).map_err(about)? {
            warmed.requests += 1;
        } else {
            warmed.passed_over += 1;
        }
    }
    Ok(warmed)
}

/// Whether the request of a record is one that this server runs.
fn rerun(version: &Version, record: Bytes) -> Result<bool> {
    let log = PredictionLog::decode(record);
    let log = log.map_err(|_| Refusal::invalid("this is no PredictionLog"))?;
    let Some(LogType::PredictLog(log)) = log.log_type else { return Ok(false) };
    let request = log.request.unwrap_or_default();
    let name = request.model_spec.map(|spec| spec.signature_name).unwrap_or_default();
    let (_, prepared) = prepared(version, &name)?;
    // No client waits, and what the file has on disk it may have in memory.
    let memory = Memory::new(usize::MAX);
    let inputs = tensors(request.inputs, &memory, &mut Vec::new())?;
    run(&prepared, &inputs)?;
    Ok(true)
}

/// An input of zeros, or empty strings, for each that must be given. Unknown dimensions
/// are 1, of an unknown rank there are none.
fn zeros(signature: &Signature) -> Result<Inputs> {
    let needed = signature.inputs.iter().filter(|spec| spec.default.is_none());
    needed.map(|spec| Ok((spec.name.clone(), zero(spec)?))).collect()
}

fn zero(spec: &TensorSpec) -> Result<Tensor> {
    let dims = spec.shape.dims().unwrap_or_default();
    let shape: Vec<usize> = dims.iter().map(|dim| dim.unwrap_or(1)).collect();
    let count = shape.iter().try_fold(1, |count: usize, dim| count.checked_mul(*dim));
    // A string takes at least its pointer.
    let size = spec.dtype.size().unwrap_or(8);
    let bytes = count.and_then(|count| count.checked_mul(size)).filter(|bytes| *bytes <= MADE);
    let Some(bytes) = bytes else {
        return Err(Refusal::invalid(format!("{spec} is too large for a warm-up")));
    };
    if spec.dtype == DType::Bytes {
        return Ok(Tensor::from_strings(shape, vec![b""; bytes / size])?);
    }
    Ok(Tensor::from_owner_bytes(spec.dtype, shape, vec![0; bytes])?)
}

impl fmt::Display for Warmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.requests + self.passed_over > 0 {
            write!(f, ", warmed up by {} requests of its own", self.requests)?;
        }
        if self.passed_over > 0 {
            write!(f, " ({} are no Predict, and were passed over)", self.passed_over)?;
        }
        match &self.made {
            None => Ok(()),
            Some(Ok(())) => write!(f, ", warmed up"),
            Some(Err(Refusal { code, message })) => {
                write!(f, ", not warmed up, as zeros are refused: {code}: {message}")
            }
        }
    }
}

/// The records of a TFRecord file: length, its checksum, content, its checksum.
struct Records {
    file: BufReader<File>,
}

impl Records {
    fn new(file: File) -> Records {
        Records { file: BufReader::new(file) }
    }

    /// # Errors
    /// DATA_LOSS, as TensorFlow has it, for what is damaged or cut.
    fn next(&mut self) -> Result<Option<Bytes>> {
        let start = self.take(12)?;
        if start.is_empty() {
            return Ok(None);
        }
        let (length, sum) = start.split_at_checked(8).ok_or_else(damaged)?;
        check(length, sum)?;
        let length = u64::from_le_bytes(length.try_into().map_err(|_| damaged())?);
        let content = self.take(length)?;
        let sum = self.take(4)?;
        if content.len() as u64 != length {
            return Err(damaged());
        }
        check(&content, &sum)?;
        Ok(Some(content.into()))
    }

    /// So many bytes, or those that are left: what a damaged length says is not believed.
    fn take(&mut self, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.file.by_ref().take(count).read_to_end(&mut bytes);
        read.map_err(|error| Refusal::new(Code::DataLoss, error.to_string()))?;
        Ok(bytes)
    }
}

/// CRC-32C, rotated and shifted: a sum of what holds sums itself would show little.
fn check(bytes: &[u8], sum: &[u8]) -> Result<()> {
    let masked = crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8);
    if sum == masked.to_le_bytes() { Ok(()) } else { Err(damaged()) }
}

fn damaged() -> Refusal {
    Refusal::new(Code::DataLoss, "this is no TFRecord file, or a damaged one")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file of one record, "abc", as TensorFlow's TFRecordWriter wrote it.
    const ABC: &[u8] = b"\x03\0\0\0\0\0\0\0\xb0\x99I\x0eabcnW\xf1!";

    fn read(bytes: &[u8]) -> Result<Vec<Bytes>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut records = Records::new(file.reopen().unwrap());
        std::iter::from_fn(|| records.next().transpose()).collect()
    }

    #[test]
    fn records_are_read_as_tensorflow_writes_them() {
        assert_eq!(read(ABC).unwrap(), [Bytes::from_static(b"abc")]);
        assert_eq!(read(&ABC.repeat(2)).unwrap().len(), 2);
        assert!(read(b"").unwrap().is_empty());
    }

    #[test]
    fn damage_is_told() {
        for cut in 1..ABC.len() {
            assert_eq!(read(&ABC[..cut]).unwrap_err().code, Code::DataLoss, "{cut}");
        }
        for at in 0..ABC.len() {
            let mut bytes = ABC.to_vec();
            bytes[at] ^= 0x80;
            assert_eq!(read(&bytes).unwrap_err().code, Code::DataLoss, "{at}");
        }
    }
}

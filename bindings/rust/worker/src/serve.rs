//! The loop: requests in, replies out.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use stele::{Code, DType, Profile};

use crate::{Backend, COMPILER_VERSION, Model, Refusal, bundle, wire};

const PROTOCOL: &str = "1";
const PREFIX: &str = "@stele1";
const VERBS: &str = "hello,load,run,describe,bench,unload,bye";

/// The fields behind `ok`.
type Answer = Result<Vec<String>, Refusal>;

/// Answers requests until `bye` or the end of input.
///
/// # Errors
/// Only if a line cannot be read, or a reply not be written.
pub fn serve(
    backend: &dyn Backend,
    requests: impl BufRead,
    mut replies: impl Write,
) -> std::io::Result<()> {
    let mut worker = Worker { backend, model: None };
    for line in requests.split(b'\n') {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let (id, verb, answer) = match fields(line) {
            Ok(fields) => worker.answer(fields),
            Err((id, why)) => (id, String::new(), Err(invalid(why))),
        };
        let reply = match answer {
            Ok(fields) => [vec!["ok".to_string()], fields].concat(),
            Err(Refusal::Unsupported(what)) => vec!["unsupported".to_string(), what],
            Err(Refusal::Error(code, message)) => {
                vec!["error".to_string(), code.to_string(), message]
            }
        };
        let reply = wire::join([PREFIX.to_string(), id].into_iter().chain(reply));
        write!(replies, "\n{reply}\n")?;
        replies.flush()?;
        if verb == "bye" {
            break;
        }
    }
    Ok(())
}

/// The fields of a request; its id and a reason if they cannot be read.
fn fields(line: Vec<u8>) -> Result<Vec<String>, (String, String)> {
    let text = String::from_utf8_lossy(&line);
    let id = text.split('\t').next().unwrap_or_default().to_string();
    let refuse = |why: String| (id.clone(), format!("malformed request: {why}"));
    let text = str::from_utf8(&line).map_err(|_| refuse("it is not UTF-8".to_string()))?;
    wire::split(text).map_err(refuse)
}

fn invalid(message: String) -> Refusal {
    Refusal::Error(Code::InvalidArgument, message)
}

struct Worker<'b> {
    backend: &'b dyn Backend,
    model: Option<Box<dyn Model>>,
}

impl Worker<'_> {
    /// The request's id, its verb, and what to answer.
    fn answer(&mut self, fields: Vec<String>) -> (String, String, Answer) {
        let mut fields = fields.into_iter();
        let id = fields.next().unwrap_or_default();
        let verb = fields.next().unwrap_or_default();
        let arguments: Vec<_> = fields.collect();
        if let Some(argument) = arguments.iter().find(|argument| argument.contains('\0')) {
            return (id, verb, Err(invalid(wire::holds_nul(argument))));
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let answer = match (&*verb, &*arguments) {
            ("hello", [protocol, ..]) => self.hello(protocol),
            ("load", [dir, tags, config, ..]) => self.load(dir, tags, config),
            ("run", [signature, source, target, ..]) => self.run(signature, source, target),
            ("describe", [file, ..]) => self.describe(file),
            ("bench", [signature, source, target, warmup, runs, samples, ..]) => {
                self.bench(signature, source, target, (warmup, runs), samples)
            }
            ("unload" | "bye", _) => self.unload(),
            _ if VERBS.split(',').any(|known| known == verb) => {
                Err(invalid(format!("too few arguments for {verb}")))
            }
            _ => Err(Refusal::Unsupported(format!("verb {verb}"))),
        };
        (id, verb, answer)
    }

    fn hello(&self, protocol: &str) -> Answer {
        if protocol != PROTOCOL {
            return Err(Refusal::Unsupported(format!("protocol {protocol}")));
        }
        let dtypes: Vec<_> = DType::all().map(|dtype| dtype.to_string()).collect();
        Ok(vec![
            format!("protocol={PROTOCOL}"),
            format!("binding={}", self.backend.binding()),
            format!("language=Rust {COMPILER_VERSION}"),
            format!("tensorflow={}", self.backend.tensorflow()),
            format!("verbs={VERBS}"),
            format!("dtypes={}", dtypes.join(",")),
        ])
    }

    fn load(&mut self, dir: &str, tags: &str, config: &str) -> Answer {
        let tags: Vec<_> = tags.split(',').filter(|tag| !tag.is_empty()).collect();
        let model = self.backend.load(Path::new(dir), &tags, &parse_config(config)?)?;
        let before = self.model.replace(model);
        before.map_or(Ok(()), Model::close)?;
        Ok(vec![])
    }

    fn unload(&mut self) -> Answer {
        self.model.take().map_or(Ok(()), Model::close)?;
        Ok(vec![])
    }

    fn loaded(&self) -> Result<&dyn Model, Refusal> {
        let missing = || Refusal::Error(Code::FailedPrecondition, "no model is loaded".to_string());
        self.model.as_deref().ok_or_else(missing)
    }

    fn run(&self, signature: &str, source: &str, target: &str) -> Answer {
        let model = self.loaded()?;
        let mut call = model.prepare(signature, bundle::read(Path::new(source))?)?;
        call.run()?;
        write_outputs(target, &call.outputs()?)
    }

    fn bench(
        &self,
        signature: &str,
        source: &str,
        target: &str,
        (warmup, runs): (&str, &str),
        samples: &str,
    ) -> Answer {
        let model = self.loaded()?;
        let (Some(warmup), Some(runs @ 1..)) = (count(warmup), count(runs)) else {
            return Err(invalid(format!("bad counts \"{warmup}\" and \"{runs}\"")));
        };
        let mut elapsed = room(runs)?;
        let mut call = model.prepare(signature, bundle::read(Path::new(source))?)?;
        for _ in 0..warmup {
            call.run()?;
        }
        for _ in 0..runs {
            let start = Instant::now();
            call.run()?;
            elapsed.push(start.elapsed().as_nanos() as u64);
        }
        let elapsed: Vec<u8> = elapsed.into_iter().flat_map(u64::to_le_bytes).collect();
        bundle::write_file(Path::new(samples), &elapsed)?;
        write_outputs(target, &call.outputs()?)
    }

    fn describe(&self, file: &str) -> Answer {
        let mut lines: Vec<_> = self
            .loaded()?
            .describe()?
            .iter()
            .map(|row| {
                let (dtype, dims) = (row.dtype.to_string(), describe_dims(row.dims.as_deref()));
                wire::join([row.signature, row.kind, row.name, &dtype, &dims]) + "\n"
            })
            .collect();
        lines.sort();
        bundle::write_file(Path::new(file), lines.concat().as_bytes())?;
        Ok(vec![])
    }
}

/// A plain decimal number below 2^63: `parse` alone would take a sign.
fn count(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Room for the samples of so many runs.
fn room(runs: i64) -> Result<Vec<u64>, Refusal> {
    let mut samples = Vec::new();
    let reserved = usize::try_from(runs).is_ok_and(|runs| samples.try_reserve_exact(runs).is_ok());
    if !reserved {
        let message = format!("no memory for {runs} samples");
        return Err(Refusal::Error(Code::ResourceExhausted, message));
    }
    Ok(samples)
}

fn write_outputs(target: &str, outputs: &crate::Tensors) -> Answer {
    bundle::write(Path::new(target), outputs.iter().map(|(name, tensor)| (&**name, tensor)))?;
    Ok(vec![])
}

fn describe_dims(dims: Option<&[Option<usize>]>) -> String {
    let Some(dims) = dims else { return "?".to_string() };
    let dims: Vec<_> =
        dims.iter().map(|dim| dim.map_or("-1".into(), |dim| dim.to_string())).collect();
    bundle::join_dims(&dims)
}

/// The serialized ConfigProto of a profile's name or of `hex:<digits>`.
fn parse_config(text: &str) -> Result<Vec<u8>, Refusal> {
    let Some(digits) = text.strip_prefix("hex:") else {
        return Ok(text.parse::<Profile>()?.config().to_vec());
    };
    let malformed = || invalid(format!("config \"{text}\" is not hexadecimal"));
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return Err(malformed());
    }
    let bytes = (0..digits.len()).step_by(2).map(|at| {
        let pair = digits.get(at..at + 2).filter(|pair| !pair.starts_with('+'));
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    bytes.collect::<Option<_>>().ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_is_a_profile_or_hexadecimal() {
        assert_eq!(parse_config("inline").unwrap(), Profile::Inline.config());
        assert_eq!(parse_config("hex:00fF").unwrap(), [0, 255]);
        assert_eq!(parse_config("hex:").unwrap(), [0; 0]);
        for wrong in ["hex:0", "hex:zz", "hex:+1", "hex:é", "", "fast"] {
            let refusal = parse_config(wrong).unwrap_err();
            assert!(matches!(refusal, Refusal::Error(Code::InvalidArgument, _)), "{wrong}");
        }
    }

    #[test]
    fn a_request_is_utf8_with_known_escapes() {
        assert_eq!(fields(b"7\trun\ta\\tb".to_vec()).unwrap(), ["7", "run", "a\tb"]);
        assert_eq!(fields(b"7\t\xff".to_vec()).unwrap_err().0, "7");
        assert_eq!(fields(b"7\t\\q".to_vec()).unwrap_err().0, "7");
    }
}

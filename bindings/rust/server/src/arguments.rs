//! The command line of `stele-serve`: the options of `stele serve`, and its messages.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};

use crate::folders::{local, model_name};
use crate::options::{MEBIBYTE, Options, parse_config, parse_tags};
use crate::refusal::Refusal;

/// What `--help` shows.
pub const HELP: &str = include_str!("help.txt");

/// What a command line asks for.
#[derive(Debug)]
pub struct Arguments {
    /// How to serve.
    pub options: Options,
    /// Say that it is ready as JSON.
    pub json: bool,
    /// Also stop at the end of stdin.
    pub stop_with_stdin: bool,
}

/// Why a command line asks for nothing.
#[derive(Debug)]
pub enum Asked {
    /// For help.
    Help,
    /// For the version.
    Version,
    /// For what is no option, or has no such value.
    Wrong(String),
    /// For what cannot be had.
    Refused(Refusal),
}

impl From<lexopt::Error> for Asked {
    fn from(error: lexopt::Error) -> Asked {
        Asked::Wrong(error.to_string())
    }
}

impl From<Refusal> for Asked {
    fn from(refusal: Refusal) -> Asked {
        Asked::Refused(refusal)
    }
}

type Result<T> = std::result::Result<T, Asked>;

fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Asked::Wrong(message.into()))
}

/// Reads a command line, without the command's own name.
///
/// # Errors
/// Help, a version, or what is wrong.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options::default();
    let (mut json, mut stop_with_stdin) = (false, false);
    let (mut profile, mut config) = ("default".to_string(), None);
    let (mut certificate, mut key) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Err(Asked::Help),
            Long("version") => return Err(Asked::Version),
            Long("host") => options.host = parser.value()?.string()?,
            Long("port") => options.port = number(&mut parser, "--port", 0, u16::MAX)?,
            Long("rest-port") => {
                options.rest_port = Some(number(&mut parser, "--rest-port", 0, u16::MAX)?);
            }
            Long("tls-cert") => certificate = Some(PathBuf::from(parser.value()?)),
            Long("tls-key") => key = Some(PathBuf::from(parser.value()?)),
            Long("profile") => profile = parser.value()?.string()?,
            Long("config") => config = Some(parser.value()?.string()?),
            Long("tags") => options.tags = parse_tags(&parser.value()?.string()?),
            Long("poll") => options.poll = seconds(&mut parser, "--poll")?,
            Long("grace") => options.grace = seconds(&mut parser, "--grace")?,
            Long("model-control") => options.explicit = explicit(&parser.value()?.string()?)?,
            Long("warmup") => options.warmup = true,
            Long("workers") => options.workers = number(&mut parser, "--workers", 1, 1024)?,
            Long("queue") => options.queue = number(&mut parser, "--queue", 0, 1_000_000)?,
            Long("batch") => options.batch = number(&mut parser, "--batch", 0, 1_000_000)?,
            Long("max-message") => {
                // Protobuf's limit is 2 GiB less a byte.
                options.max_message = number(&mut parser, "--max-message", 1, 2047)? * MEBIBYTE;
            }
            Long("max-inside") => {
                options.max_inside = number(&mut parser, "--max-inside", 1, 1 << 20)? * MEBIBYTE;
            }
            Long("metrics-port") => {
                let port = number(&mut parser, "--metrics-port", 0, u16::MAX)?;
                options.metrics_port = Some(port);
            }
            Long("access-log") => options.access_log = true,
            Long("json") => json = true,
            Long("stop-with-stdin") => stop_with_stdin = true,
            Value(model) => add_model(&mut options, &model.string()?)?,
            other => return Err(other.unexpected().into()),
        }
    }
    options.tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return wrong("--tls-cert and --tls-key go together"),
    };
    if options.models.is_empty() && !options.explicit {
        return wrong("no model to serve: name a folder, or use --model-control explicit");
    }
    options.session_config = match config {
        Some(config) => parse_config(&config)?,
        None => profile_named(&profile)?,
    };
    Ok(Arguments { options, json, stop_with_stdin })
}

fn number<T>(parser: &mut Parser, option: &str, least: T, most: T) -> Result<T>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    let text = parser.value()?.string()?;
    match text.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => wrong(format!("{option} takes {least} to {most}, not \"{text}\"")),
    }
}

fn seconds(parser: &mut Parser, option: &str) -> Result<Duration> {
    let text = parser.value()?.string()?;
    let number = text.parse().ok().filter(|seconds: &f64| (0.0..=1e9).contains(seconds));
    match number {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => wrong(format!("{option} takes 0 to 1000000000 seconds, not \"{text}\"")),
    }
}

fn explicit(text: &str) -> Result<bool> {
    match text {
        "none" => Ok(false),
        "explicit" => Ok(true),
        _ => wrong(format!(
            "argument --model-control: invalid choice: '{text}' (choose from none, explicit)"
        )),
    }
}

fn profile_named(name: &str) -> Result<Vec<u8>> {
    let names = stele::Profile::ALL.map(stele::Profile::name);
    if names.contains(&name) {
        return Ok(parse_config(name)?);
    }
    let names = names.join(", ");
    wrong(format!("argument --profile: invalid choice: '{name}' (choose from {names})"))
}

/// `NAME=DIR` or `DIR`; a folder with an equals sign in its name is one.
fn add_model(options: &mut Options, text: &str) -> Result<()> {
    let named = text.split_once('=').filter(|(name, _)| is_name(name) && !Path::new(text).exists());
    let folder = |text: &str| local(Path::new(text)).to_path_buf();
    let (name, folder) = match named {
        Some((name, text)) => (name.to_string(), folder(text)),
        None => (model_name(&folder(text)), folder(text)),
    };
    if options.models.contains_key(&name) {
        let folder = folder.display();
        return wrong(format!(
            "two models are called \"{name}\": give one a name, as NAME={folder}"
        ));
    }
    options.models.insert(name, folder);
    Ok(())
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !name.is_empty() && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments> {
        parse(line.split(' ').map(OsString::from))
    }

    fn message(line: &str) -> String {
        match parsed(line) {
            Err(Asked::Wrong(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_line_says_how_to_serve() {
        let arguments = parsed("m=a/b --port=0 --workers 3 --poll 0.5 --batch 8 --json").unwrap();
        let options = arguments.options;
        assert_eq!(options.models["m"], Path::new("a/b"));
        assert_eq!((options.port, options.workers, options.batch), (0, 3, 8));
        assert_eq!(options.poll, Duration::from_millis(500));
        assert!(arguments.json && !arguments.stop_with_stdin);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_range() {
        for (line, words) in [
            ("x --port 99999", "--port takes 0 to 65535"),
            ("x --rest-port 99999", "--rest-port takes 0 to 65535"),
            ("x --metrics-port 99999", "--metrics-port takes 0 to 65535"),
            ("x --max-message 2048", "--max-message takes 1 to 2047"),
            ("x --max-message 0", "--max-message"),
            ("x --workers 0", "--workers takes 1 to"),
            ("x --queue -1", "--queue takes 0 to"),
            ("x --poll inf", "--poll takes 0 to"),
            ("x --grace nan", "--grace takes 0 to"),
            ("x --profile fast", "invalid choice"),
            ("x --tls-cert x", "--tls-key"),
            ("a=x a=y", "two models are called \"a\""),
            ("--json", "--model-control explicit"),
            ("x --fast", "--fast"),
        ] {
            let message = message(line);
            assert!(message.contains(words), "{line}: {message}");
        }
        assert!(matches!(parsed("x --config hex:0g"), Err(Asked::Refused(_))));
        assert!(matches!(parsed("--help"), Err(Asked::Help)));
    }
}

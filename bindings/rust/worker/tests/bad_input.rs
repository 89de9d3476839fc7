//! Every row of `bindings/contract/refusals.toml`, through the worker: its code, what its
//! message names, and a worker that still runs the model it had.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use stele::Tensor;
use stele_worker::bundle;
use tempfile::TempDir;

const DATA: &str = "variables/variables.data-00000-of-00001";
const INDEX: &str = "variables/variables.index";

struct Worker {
    process: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Worker {
    fn start() -> Worker {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stele-worker"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let requests = process.stdin.take().unwrap();
        let replies = BufReader::new(process.stdout.take().unwrap());
        Worker { process, requests, replies }
    }

    /// Sends a request and returns the fields behind the id.
    fn ask(&mut self, fields: &[&str]) -> Vec<String> {
        writeln!(self.requests, "7\t{}\n", fields.join("\t")).unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(self.replies.read_line(&mut line).unwrap(), 0, "died of {fields:?}");
            if let Some(reply) = line.trim_end_matches('\n').strip_prefix("@stele1\t7\t") {
                return reply.split('\t').map(str::to_string).collect();
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Rows of the table, `load.…` or `run.…`, with their codes.
fn table() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract/refusals.toml");
    let mut rows = BTreeMap::new();
    let mut row = String::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            row = name.to_string();
        } else if let Some(code) = line.strip_prefix("code = ") {
            rows.insert(row.clone(), code.trim_matches('"').to_string());
        }
    }
    rows
}

fn model() -> PathBuf {
    let models = env::var_os("STELE_MODELS").expect("the Makefile and .cargo/config.toml set it");
    PathBuf::from(models).join("digits/saved_model")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of the model in a fresh folder.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["saved_model.pb", DATA, INDEX] {
        let target = folder.path().join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(model().join(file), target).unwrap();
    }
    folder
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// What a load row asks for, made below `folder`, and what its message names.
fn load_row<'r>(row: &str, folder: &'r Path) -> ([&'r str; 3], String) {
    let file = |name| folder.join(name);
    let (dir, mut tags, mut config) = (text(folder), "serve", "default");
    let mut names = dir.to_string();
    match row {
        "missing-folder" => fs::remove_dir_all(folder).unwrap(),
        "file-not-folder" => {
            fs::remove_dir_all(folder).unwrap();
            fs::write(folder, "").unwrap();
        }
        "no-saved-model" => fs::remove_file(file("saved_model.pb")).unwrap(),
        "truncated-saved-model" => truncate(&file("saved_model.pb")),
        "empty-saved-model" => fs::write(file("saved_model.pb"), "").unwrap(),
        "garbage-saved-model" => fs::write(file("saved_model.pb"), [0xff; 99]).unwrap(),
        "wrong-tag" => (tags, names) = ("no-such-tag", "no-such-tag".to_string()),
        "missing-variables" => fs::remove_dir_all(file("variables")).unwrap(),
        "missing-variables-data" => fs::remove_file(file(DATA)).unwrap(),
        "truncated-variables-data" => (names, ()) = (String::new(), truncate(&file(DATA))),
        "truncated-variables-index" => (names, ()) = (String::new(), truncate(&file(INDEX))),
        "unknown-config" => (config, names) = ("no-such-profile", "no-such-profile".to_string()),
        "malformed-config" => (config, names) = ("hex:0g", "hex:0g".to_string()),
        "unparseable-config" => (config, names) = ("hex:ff", "hex:ff".to_string()),
        _ => panic!("no such load row here: {row}"),
    }
    ([dir, tags, config], names)
}

/// What a run row asks for: the signature, the bundle's index, and the names.
fn run_row(row: &str, path: &str) -> (&'static str, String, Vec<String>) {
    let one = |dtype: &str, shape: &str, nbytes: u64, file: &str| {
        format!("image\t{dtype}\t{shape}\t{nbytes}\t{file}\n")
    };
    let good = one("FP32", "1,8,8,1", 256, "256");
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let image = || names(&["\"image\""]);
    let shape = |given| names(&["\"image\"", given, "[?,8,8,1]"]);
    let default = "serving_default";
    match row {
        "missing-bundle" => (default, String::new(), names(&[path])),
        "missing-tensor-file" => (default, one("FP32", "1,8,8,1", 256, "none"), names(&["none"])),
        "too-few-fields" => (default, "image\tFP32\n".to_string(), image()),
        "negative-dimension" => (default, one("FP32", "-1,8,8,1", 256, "256"), image()),
        "overflowing-dimensions" => {
            (default, one("FP32", "4294967296,4294967296", 0, "0"), image())
        }
        "overflow-behind-zero" => {
            (default, one("FP32", "4294967296,4294967296,0", 0, "0"), image())
        }
        "dimension-beyond-64-bits" => {
            (default, one("FP32", "18446744073709551616", 0, "0"), image())
        }
        "dimension-not-a-number" => (default, one("FP32", "one", 256, "256"), image()),
        "unknown-dtype" => {
            (default, one("FLOAT32", "1,8,8,1", 256, "256"), names(&["\"image\"", "FLOAT32"]))
        }
        "short-file" => (default, one("FP32", "1,8,8,1", 256, "255"), image()),
        "long-file" => (default, one("FP32", "1,8,8,1", 256, "257"), image()),
        "wrong-nbytes" => (default, one("FP32", "1,8,8,1", 257, "257"), image()),
        "bytes-framing" => (default, one("BYTES", "1", 255, "255"), image()),
        "bool-byte" => (default, one("BOOL", "256", 256, "256"), image()),
        "unknown-signature" => ("no_such_signature", good, names(&["no_such_signature", default])),
        "private-signature" => ("__saved_model_init_op", good, names(&["__saved_model_init_op"])),
        "duplicate-input" => (default, good.repeat(2), image()),
        "unknown-input" => {
            let both = good.clone() + &good.replace("image", "no_such_input");
            (default, both, names(&["no_such_input", "\"image\""]))
        }
        "missing-input" => (default, String::new(), image()),
        "wrong-dtype" => {
            (default, one("INT32", "1,8,8,1", 256, "256"), names(&["\"image\"", "INT32", "FP32"]))
        }
        "wrong-rank" => (default, one("FP32", "8,8,1", 256, "256"), shape("[8,8,1]")),
        "wrong-dimension" => (default, one("FP32", "1,8,4,2", 256, "256"), shape("[1,8,4,2]")),
        _ => panic!("no such run row here: {row}"),
    }
}

#[test]
fn every_row_is_refused_and_the_worker_lives() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad, out) =
        (folder.path().join("in"), folder.path().join("bad"), folder.path().join("out"));
    let image = Tensor::new([1, 8, 8, 1], &[3f32; 64]).unwrap();
    bundle::write(&good, [("image", &image)]).unwrap();
    let mut worker = Worker::start();
    let run = |worker: &mut Worker| {
        let reply = worker.ask(&["run", "serving_default", text(&good), text(&out)]);
        assert_eq!(reply, ["ok"]);
        bundle::read(&out).unwrap()[0].1.bytes().unwrap().to_vec()
    };
    assert_eq!(worker.ask(&["load", text(&model()), "serve", "default"]), ["ok"]);
    let expected = run(&mut worker);

    let rows = table();
    assert!(rows.len() > 30, "{rows:?}");
    for (row, code) in rows {
        let copied = copy();
        let (reply, names) = if let Some(row) = row.strip_prefix("load.") {
            let (arguments, names) = load_row(row, copied.path());
            (worker.ask(&[&["load"][..], &arguments].concat()), vec![names])
        } else {
            let (signature, index, names) = run_row(row.strip_prefix("run.").unwrap(), text(&bad));
            fs::create_dir_all(&bad).unwrap();
            // Files by their sizes, of bytes that are neither BOOL nor framing.
            for size in [0, 255, 256, 257] {
                fs::write(bad.join(size.to_string()), vec![9; size]).unwrap();
            }
            match &*row {
                "run.missing-bundle" => fs::remove_dir_all(&bad).unwrap(),
                _ => fs::write(bad.join("tensors.tsv"), index).unwrap(),
            }
            (worker.ask(&["run", signature, text(&bad), text(&out)]), names)
        };
        assert_eq!(reply[..2], ["error", &code], "{row}: {reply:?}");
        for name in names {
            assert!(reply[2].contains(&name), "{row}: {name} is not in {}", reply[2]);
        }
        assert_eq!(run(&mut worker), expected, "after {row}");
    }
    assert_eq!(worker.ask(&["bye"]), ["ok"]);
    assert!(worker.process.wait().unwrap().success());
}

#[test]
fn an_output_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (good, file) = (folder.path().join("in"), folder.path().join("file"));
    let image = Tensor::new([1, 8, 8, 1], &[3f32; 64]).unwrap();
    bundle::write(&good, [("image", &image)]).unwrap();
    fs::write(&file, "").unwrap();
    let mut worker = Worker::start();
    assert_eq!(worker.ask(&["load", text(&model()), "serve", "inline"]), ["ok"]);
    for out in [file.clone(), file.join("below")] {
        let reply = worker.ask(&["run", "serving_default", text(&good), text(&out)]);
        assert_eq!(reply[..2], ["error", "FAILED_PRECONDITION"], "{reply:?}");
        assert!(reply[2].contains(text(&out)), "{reply:?}");
    }
}

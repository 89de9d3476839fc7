//! The examples that the harness does not run in every language.

mod common;

use std::env;
use std::path::Path;
use std::process::Command;

use common::{digits, sparse};

/// What an example prints; cargo has built it beside this test.
fn output(name: &str, model: &Path, more: &[&str]) -> String {
    let folder = env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples");
    let done = Command::new(folder.join(name)).arg(model).args(more).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn inspect_prints_signatures() {
    let printed = output("inspect", &digits(), &[]);
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines[3..],
        [
            "signature serving_default",
            "input image FP32 [?,8,8,1]",
            "output probabilities FP32 [?,10]"
        ]
    );
    let printed = output("inspect", &sparse(), &["first", "serve"]);
    assert!(printed.starts_with("signature serving_default\ninput x "), "{printed}");
}

#[test]
fn threads_prints_a_line_for_each() {
    let printed = output("threads", &digits(), &[]);
    assert_eq!(printed.lines().count(), 8, "{printed}");
    for (thread, line) in printed.lines().enumerate() {
        assert!(line.starts_with(&format!("thread {thread}: 100 runs, P(0) = 0.")), "{line}");
    }
}

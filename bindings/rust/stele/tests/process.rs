//! Forks, and the end of a process with a run under way.

#![cfg(unix)]
#![allow(unsafe_code)]

mod common;

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{busy, digits, image, queue};
use stele::{Code, Error, Model, Tensor};

const NONE: [(&str, &Tensor); 0] = [];

/// The program that a test starts this file as.
const PROGRAM: &str = "STELE_TEST_PROGRAM";

fn start(program: &str, test: &str) -> process::Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", test]).env(PROGRAM, program);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn is_program(name: &str) -> bool {
    env::var(PROGRAM).is_ok_and(|program| program == name)
}

/// What a child of a process with a model finds; its exit status.
fn in_child(model: Model) -> i32 {
    let image = Tensor::new([1, 8, 8, 1], &image(1)).unwrap();
    let refused = [model.run([("image", &image)]).err(), Model::load(digits()).err()];
    drop(model);
    let forked = |error: &Option<Error>| {
        error.as_ref().is_some_and(|error| {
            error.code() == Code::FailedPrecondition && error.message().contains("spawn")
        })
    };
    if refused.iter().all(forked) { 0 } else { 1 }
}

#[test]
fn a_child_is_refused_at_once() {
    let model = Model::load(digits()).unwrap();
    let image = Tensor::new([1, 8, 8, 1], &image(1)).unwrap();
    model.run([("image", &image)]).unwrap();
    // SAFETY: the child makes no call that waits for another thread.
    match unsafe { libc::fork() } {
        0 => {
            let status = in_child(model);
            // SAFETY: ends the child without the rest of the tests.
            unsafe { libc::_exit(status) }
        }
        child => assert_eq!(status_within(child, Duration::from_secs(20)), Some(0)),
    }
    model.run([("image", &image)]).expect("the parent goes on");
}

#[test]
fn a_child_of_a_process_without_a_model_may_load_one() {
    if !is_program("fork-then-load") {
        let mut program =
            start("fork-then-load", "a_child_of_a_process_without_a_model_may_load_one");
        assert!(program.wait().unwrap().success());
        return;
    }
    // Loaded, and not yet started.
    stele::Library::find().unwrap();
    // SAFETY: as above; this process has no other thread that holds a lock.
    match unsafe { libc::fork() } {
        0 => {
            let image = Tensor::new([1, 8, 8, 1], &image(1)).unwrap();
            let answer = Model::load(digits()).and_then(|model| model.run([("image", &image)]));
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(answer.is_err())) }
        }
        child => assert_eq!(status_within(child, Duration::from_secs(60)), Some(0)),
    }
}

/// The exit status of a child; `None` if it does not end, and then it is killed.
fn status_within(child: libc::pid_t, limit: Duration) -> Option<i32> {
    let until = Instant::now() + limit;
    let mut status = 0;
    // SAFETY: a child of this process, and a place for its status.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
        if Instant::now() >= until {
            // SAFETY: a child of this process that has not been waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
    libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
}

#[test]
fn a_copy_without_memory_is_refused() {
    const BYTES: usize = 1 << 30;
    if !is_program("no-memory") {
        assert!(start("no-memory", "a_copy_without_memory_is_refused").wait().unwrap().success());
        return;
    }
    let values = vec![0u8; BYTES];
    let limit = libc::rlimit { rlim_cur: 3 * BYTES as u64 / 2, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a limit of this process, which has no other test.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
    let error = Tensor::new([BYTES], &values).unwrap_err();
    assert_eq!(error.to_string(), "RESOURCE_EXHAUSTED: no memory for a tensor of 1073741824 bytes");
}

#[test]
fn the_end_of_a_process_waits_until_a_run_has_ended() {
    const TEST: &str = "the_end_of_a_process_waits_until_a_run_has_ended";
    if is_program("end-before-a-run") {
        let runner = Model::load(busy()).unwrap().runner("serving_default").unwrap();
        let rows = Tensor::new([2000, 128], &vec![0.5f32; 256_000]).unwrap();
        let run_time = || {
            let begun = Instant::now();
            runner.run([("x", &rows)]).unwrap();
            begun.elapsed()
        };
        // The first run takes longer than any later one.
        let length = run_time().min(run_time());
        thread::spawn(move || runner.run([("x", &rows)]));
        thread::sleep(length / 4);
        println!("\nlength {}", length.as_millis());
        process::exit(0);
    }
    let mut program = start("end-before-a-run", TEST);
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let length = lines.find_map(|line| line.strip_prefix("length ")?.parse().ok());
    let (ending, length) = (Instant::now(), Duration::from_millis(length.unwrap()));
    let status = program.wait().unwrap();
    let waited = ending.elapsed();
    assert!(status.success(), "{status} after {waited:?} of {length:?}");
    // Three quarters of it, on a machine that is always as fast.
    assert!(waited > length / 4 && waited < Duration::from_secs(9), "{waited:?} of {length:?}");
}

#[test]
fn the_end_of_a_process_waits_for_a_run_and_not_for_ever() {
    if is_program("end-in-a-run") {
        let taker = Model::load(queue()).unwrap().runner("take").unwrap();
        // Nobody puts in what it waits for.
        thread::spawn(move || taker.run(NONE));
        thread::sleep(Duration::from_millis(500));
        println!("\nending");
        process::exit(0);
    }
    let mut program =
        start("end-in-a-run", "the_end_of_a_process_waits_for_a_run_and_not_for_ever");
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "ending"));
    let ending = Instant::now();
    // No crash in TensorFlow's destructors, and no hang.
    assert!(program.wait().unwrap().success());
    assert!(ending.elapsed() >= Duration::from_secs(9), "{:?}", ending.elapsed());
}

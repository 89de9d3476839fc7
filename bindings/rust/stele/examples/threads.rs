//! Runs one model from many threads at once: one prepared runner, shared.
//!
//!     cargo run --release --example threads -- path/to/saved_model

use std::env;
use std::error::Error;
use std::thread;

use stele::{Model, Profile, Runner, Tensor};

const THREADS: usize = 8;
const RUNS: usize = 100;

/// Runs one image after another, each of a single brightness.
fn brightness(runner: &Runner, thread: usize) -> Result<Vec<f32>, stele::Error> {
    let mut first = Vec::new();
    for _ in 0..RUNS {
        let image = Tensor::new([1, 8, 8, 1], &[thread as f32; 64])?;
        let outputs = runner.run([("image", &image)])?;
        first = outputs.get("probabilities")?.data()?.to_vec();
    }
    Ok(first)
}

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("usage: threads SAVED_MODEL")?;
    // Each call stays in the thread that makes it.
    let model = Model::builder().profile(Profile::Inline).load(dir)?;
    let runner = &model.runner("serving_default")?;

    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|index| scope.spawn(move || brightness(runner, index))).collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    for (thread, result) in results.into_iter().enumerate() {
        let probabilities = result.map_err(|_| "a thread panicked")??;
        println!("thread {thread}: {RUNS} runs, P(0) = {:.6}", probabilities[0]);
    }
    Ok(())
}

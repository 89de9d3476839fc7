//! Loads a SavedModel, looks at its signature, runs it on one image of a
//! handwritten digit, and prints what it sees.
//!
//!     cargo run --example digits -- path/to/saved_model

use std::env;
use std::error::Error;

use stele::{Model, TensorView};

#[rustfmt::skip]
const IMAGE: [f32; 64] = [
    0., 0.,  5., 13., 12.,  3., 0., 0.,
    0., 2., 15., 11., 12., 14., 1., 0.,
    0., 5., 14.,  1.,  1., 14., 6., 0.,
    0., 7., 12.,  0.,  0., 10., 8., 0.,
    0., 7., 11.,  0.,  0., 10., 8., 0.,
    0., 5., 13.,  0.,  1., 13., 6., 0.,
    0., 1., 14., 10., 12., 14., 1., 0.,
    0., 0.,  5., 14., 12.,  3., 0., 0.,
];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("usage: digits SAVED_MODEL")?;
    let model = Model::load(dir)?;

    let signature = model.signatures().named("serving_default")?;
    let input = signature.inputs.first().ok_or("no input")?;
    let output = signature.outputs.first().ok_or("no output")?;
    println!("signature {}\ninput {input}\noutput {output}", signature.name);

    let image = TensorView::new(&[1, 8, 8, 1], &IMAGE)?;
    let outputs = model.run([(&input.name, image)])?;
    let probabilities = outputs.get(&output.name)?.data::<f32>()?;

    let digit =
        (0..probabilities.len()).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    println!("digit {}", digit.ok_or("no probabilities")?);
    let probabilities: Vec<_> = probabilities.iter().map(|p| format!("{p:.6}")).collect();
    println!("probabilities {}", probabilities.join(" "));

    // Without the batch: refused before TensorFlow sees it.
    let one = TensorView::new(&[8, 8, 1], &IMAGE)?;
    if let Err(error) = model.run([(&input.name, one)]) {
        println!("refused {error}");
    }
    Ok(())
}

//! Looks at the signature of a model on a server, runs it on one image of a
//! handwritten digit, and prints what it sees: what `digits` prints.
//!
//!     stele serve digits=path/to/saved_model
//!     cargo run --features remote --example remote -- 127.0.0.1:8500 digits

use std::env;
use std::error::Error;
use std::time::Duration;

use stele::TensorView;
use stele::remote::Connection;

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
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: remote HOST:PORT MODEL".into());
    };
    let connection = Connection::builder().deadline(Duration::from_secs(10)).open(&address)?;
    let model = connection.model(&name)?;

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

    // Without the batch: refused before anything is sent.
    let one = TensorView::new(&[8, 8, 1], &IMAGE)?;
    if let Err(error) = model.run([(&input.name, one)]) {
        println!("refused {error}");
    }
    Ok(())
}

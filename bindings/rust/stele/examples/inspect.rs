//! Prints the signatures of any SavedModel, without libtensorflow.
//!
//!     cargo run --example inspect -- path/to/saved_model [TAG…]

use std::env;
use std::error::Error;

use stele::SavedModel;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let dir = arguments.next().ok_or("usage: inspect SAVED_MODEL [TAG…]")?;
    let mut tags: Vec<_> = arguments.collect();
    if tags.is_empty() {
        tags.push("serve".to_string());
    }
    for signature in SavedModel::read(dir)?.signatures(tags)?.iter() {
        println!("signature {}", signature.name);
        for input in &signature.inputs {
            println!("input {input}");
        }
        for output in &signature.outputs {
            println!("output {output}");
        }
    }
    Ok(())
}

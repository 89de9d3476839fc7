//! The official crate links to the folder of `tensorflow.pc` and leaves no trace
//! of it in the program: a run path, as its users have to add themselves.

use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let query = ["--variable=libdir", "tensorflow"];
    let output = Command::new("pkg-config").args(query).output()?;
    let folder = String::from_utf8(output.stdout)?;
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.trim());
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    Ok(())
}

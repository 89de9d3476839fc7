//! Hands the compiler's version to the worker, which says it in `hello`.

use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rustc = std::env::var_os("RUSTC").ok_or("cargo sets RUSTC")?;
    let version = String::from_utf8(Command::new(rustc).arg("--version").output()?.stdout)?;
    let version = version.split(' ').nth(1).unwrap_or_default();
    println!("cargo:rustc-env=COMPILER_VERSION={version}");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

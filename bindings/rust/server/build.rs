//! Compiles the services' messages with protox, so that no protoc need be installed,
//! and keeps their descriptors for reflection.

use std::path::PathBuf;

use prost::Message;
use prost_build::Config;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["open_inference.proto", "tensorflow_serving.proto"], ["proto"])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("services.binpb"), files.encode_to_vec())?;
    // Contents are slices of the request that they came in.
    Config::new().bytes(["."]).btree_map(["."]).compile_fds(files)?;
    Ok(())
}

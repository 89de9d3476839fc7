//! Compiles `saved_model.proto` with protox, so that no protoc need be installed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/saved_model.proto");
    let descriptors = protox::compile(["saved_model.proto"], ["proto"])?;
    prost_build::Config::new()
        // Most of a file is its graph, which is never read: slices, no copies.
        .bytes(["."])
        .btree_map(["."])
        .compile_fds(descriptors)?;
    Ok(())
}

//! Compiles protobuf messages with protox, so that no protoc need be installed.

use prost_build::Config;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Where the messages of `saved_model.proto` are.
const SAVED_MODEL: (&str, &str) = (".stele.savedmodel", "crate::proto");

fn main() -> Result {
    println!("cargo:rerun-if-changed=proto");
    // Most of a file is its graph, which is never read: slices, no copies.
    compile(&["saved_model.proto"], Config::new().bytes(["."]).btree_map(["."]))?;
    if std::env::var_os("CARGO_FEATURE_REMOTE").is_some() {
        let files = ["open_inference.proto", "tensorflow_serving.proto"];
        let (messages, module) = SAVED_MODEL;
        let mut config = Config::new();
        compile(&files, config.bytes(["."]).btree_map(["."]).extern_path(messages, module))?;
    }
    Ok(())
}

fn compile(files: &[&str], config: &mut Config) -> Result {
    config.compile_fds(protox::compile(files, ["proto"])?)?;
    Ok(())
}

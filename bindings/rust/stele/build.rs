//! Compiles protobuf messages with protox, so that no protoc need be installed.

use prost_build::Config;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// Where the messages of `saved_model.proto` are.
const SAVED_MODEL: (&str, &str) = (".stele.savedmodel", "crate::proto");

fn main() -> Result {
    println!("cargo:rerun-if-changed=proto");
    // Most of a file is its graph, which is seldom read: slices, no copies.
    compile("saved_model.proto", Config::new().bytes(["."]).btree_map(["."]))?;
    // TensorProto is among them, which a signature's defaults are.
    let (messages, module) = SAVED_MODEL;
    let mut config = Config::new();
    config.bytes(["."]).btree_map(["."]).extern_path(messages, module);
    compile("tensorflow_serving.proto", &mut config)?;
    if std::env::var_os("CARGO_FEATURE_REMOTE").is_some() {
        compile("open_inference.proto", Config::new().bytes(["."]).btree_map(["."]))?;
    }
    Ok(())
}

fn compile(file: &str, config: &mut Config) -> Result {
    config.compile_fds(protox::compile([file], ["proto"])?)?;
    Ok(())
}

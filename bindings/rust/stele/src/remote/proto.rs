//! The messages of `proto/open_inference.proto`, and the methods that take them and
//! those of `proto/tensorflow_serving.proto`.

use prost::Message;

// Not every message has a use here.
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all)]
pub(super) mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

pub(super) use crate::proto::serving;

/// A message that one method takes.
pub(super) trait Request: Message + Clone + 'static {
    /// The message that it answers.
    type Response: Message + Default + 'static;

    /// The method: `/service/name`.
    const PATH: &'static str;
}

macro_rules! methods {
    ($($path:literal: $request:ty => $response:ty;)*) => {$(
        impl Request for $request {
            type Response = $response;

            const PATH: &'static str = $path;
        }
    )*};
}

methods! {
    "/inference.GRPCInferenceService/ModelMetadata":
        inference::ModelMetadataRequest => inference::ModelMetadataResponse;
    "/inference.GRPCInferenceService/ModelInfer":
        inference::ModelInferRequest => inference::ModelInferResponse;
    "/inference.GRPCInferenceService/RepositoryModelLoad":
        inference::RepositoryModelLoadRequest => inference::RepositoryModelLoadResponse;
    "/inference.GRPCInferenceService/RepositoryModelUnload":
        inference::RepositoryModelUnloadRequest => inference::RepositoryModelUnloadResponse;
    "/tensorflow.serving.PredictionService/GetModelMetadata":
        serving::GetModelMetadataRequest => serving::GetModelMetadataResponse;
}

//! The methods that are answered.

/// One RPC, unary in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    ServerLive,
    ServerReady,
    ServerMetadata,
    ModelReady,
    ModelMetadata,
    ModelInfer,
    RepositoryIndex,
    RepositoryModelLoad,
    RepositoryModelUnload,
    Predict,
    GetModelMetadata,
    GetModelStatus,
}

/// The services' full names.
pub(crate) const SERVICES: [&str; 3] = [
    "inference.GRPCInferenceService",
    "tensorflow.serving.PredictionService",
    "tensorflow.serving.ModelService",
];

/// Each method with its path, its request, and the path of field numbers at which that
/// has a model's name.
const METHODS: [(Method, &str, &str, &[u32]); 12] = [
    (
        Method::ServerLive,
        "/inference.GRPCInferenceService/ServerLive",
        "inference.ServerLiveRequest",
        &[],
    ),
    (
        Method::ServerReady,
        "/inference.GRPCInferenceService/ServerReady",
        "inference.ServerReadyRequest",
        &[],
    ),
    (
        Method::ServerMetadata,
        "/inference.GRPCInferenceService/ServerMetadata",
        "inference.ServerMetadataRequest",
        &[],
    ),
    (
        Method::ModelReady,
        "/inference.GRPCInferenceService/ModelReady",
        "inference.ModelReadyRequest",
        &[1],
    ),
    (
        Method::ModelMetadata,
        "/inference.GRPCInferenceService/ModelMetadata",
        "inference.ModelMetadataRequest",
        &[1],
    ),
    (
        Method::ModelInfer,
        "/inference.GRPCInferenceService/ModelInfer",
        "inference.ModelInferRequest",
        &[1],
    ),
    (
        Method::RepositoryIndex,
        "/inference.GRPCInferenceService/RepositoryIndex",
        "inference.RepositoryIndexRequest",
        &[],
    ),
    (
        Method::RepositoryModelLoad,
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "inference.RepositoryModelLoadRequest",
        &[2],
    ),
    (
        Method::RepositoryModelUnload,
        "/inference.GRPCInferenceService/RepositoryModelUnload",
        "inference.RepositoryModelUnloadRequest",
        &[2],
    ),
    (
        Method::Predict,
        "/tensorflow.serving.PredictionService/Predict",
        "tensorflow.serving.PredictRequest",
        &[1, 1],
    ),
    (
        Method::GetModelMetadata,
        "/tensorflow.serving.PredictionService/GetModelMetadata",
        "tensorflow.serving.GetModelMetadataRequest",
        &[1, 1],
    ),
    (
        Method::GetModelStatus,
        "/tensorflow.serving.ModelService/GetModelStatus",
        "tensorflow.serving.GetModelStatusRequest",
        &[1, 1],
    ),
];

impl Method {
    /// The method of this path.
    pub(crate) fn of(path: &str) -> Option<Method> {
        METHODS.iter().find(|row| row.1 == path).map(|row| row.0)
    }

    /// Such as `/inference.GRPCInferenceService/ModelInfer`.
    pub(crate) fn path(self) -> &'static str {
        self.row().1
    }

    /// Such as `ModelInfer`.
    pub(crate) fn name(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// The full name of the message that it takes.
    pub(crate) fn request(self) -> &'static str {
        self.row().2
    }

    /// Whether it brings tensors, and takes a place.
    pub(crate) fn runs_a_model(self) -> bool {
        matches!(self, Method::ModelInfer | Method::Predict)
    }

    /// Where a request has the name of a model.
    pub(crate) fn model_field(self) -> &'static [u32] {
        self.row().3
    }

    fn row(self) -> &'static (Method, &'static str, &'static str, &'static [u32]) {
        // As they are declared.
        &METHODS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_method() {
        for (method, path, ..) in METHODS {
            assert_eq!((Method::of(path), method.path()), (Some(method), path));
            assert!(SERVICES.iter().any(|service| path == format!("/{service}/{}", method.name())));
        }
        assert_eq!(Method::of("/inference.GRPCInferenceService/ModelStatistics"), None);
    }
}

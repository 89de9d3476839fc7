//! Which method of the services a path stands for.

use http::Method as Verb;
use percent_encoding::percent_decode_str;
use stele::Code;

use crate::method::Method;
use crate::proto::tensorflow::serving::model_spec::VersionChoice;
use crate::proto::tensorflow::serving::{Int64Value, ModelSpec};
use crate::refusal::{Refusal, Result, shown};

/// What a request asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Route {
    Status(ModelSpec),
    Metadata(ModelSpec),
    Predict(ModelSpec),
    Live,
    Ready,
    Server,
    ModelReady(Named),
    ModelMetadata(Named),
    Infer(Named),
    Index,
    Load(String),
    Unload(String),
}

/// A model as the Open Inference Protocol names it.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) model: String,
    /// Empty for the one that is served.
    pub(crate) version: String,
}

impl Route {
    /// # Errors
    /// NOT_FOUND for what is no path; INVALID_ARGUMENT for one of TensorFlow Serving's
    /// that is malformed; UNIMPLEMENTED for its classify and regress.
    pub(crate) fn of(verb: &Verb, path: &str) -> Result<Route> {
        let absent = || Refusal::not_found(format!("no {verb} \"{}\"", shown(path)));
        let mut segments = path.split('/').skip(1);
        let first = segments.next().unwrap_or_default();
        let segments: Vec<_> = segments.collect();
        if first == "v2" {
            return open_inference(verb, &segments).ok_or_else(absent);
        }
        if !first.eq_ignore_ascii_case("v1") {
            return Err(absent());
        }
        tensorflow_serving(verb, &segments).unwrap_or_else(|| {
            Err(Refusal::invalid(format!("Malformed request: {verb} {}", shown(path))))
        })
    }

    pub(crate) fn method(&self) -> Method {
        match self {
            Route::Status(_) => Method::GetModelStatus,
            Route::Metadata(_) => Method::GetModelMetadata,
            Route::Predict(_) => Method::Predict,
            Route::Live => Method::ServerLive,
            Route::Ready => Method::ServerReady,
            Route::Server => Method::ServerMetadata,
            Route::ModelReady(_) => Method::ModelReady,
            Route::ModelMetadata(_) => Method::ModelMetadata,
            Route::Infer(_) => Method::ModelInfer,
            Route::Index => Method::RepositoryIndex,
            Route::Load(_) => Method::RepositoryModelLoad,
            Route::Unload(_) => Method::RepositoryModelUnload,
        }
    }

    /// The name of the model.
    pub(crate) fn model(&self) -> &str {
        match self {
            Route::Status(spec) | Route::Metadata(spec) | Route::Predict(spec) => &spec.name,
            Route::ModelReady(named) | Route::ModelMetadata(named) | Route::Infer(named) => {
                &named.model
            }
            Route::Load(name) | Route::Unload(name) => name,
            Route::Live | Route::Ready | Route::Server | Route::Index => "",
        }
    }
}

/// A path behind `/v2`; `None` if there is no such one.
fn open_inference(verb: &Verb, segments: &[&str]) -> Option<Route> {
    let is_get = *verb == Verb::GET;
    let (name, rest) = match segments {
        [] | [""] if is_get => return Some(Route::Server),
        ["health", "live"] if is_get => return Some(Route::Live),
        ["health", "ready"] if is_get => return Some(Route::Ready),
        ["repository", rest @ ..] if *verb == Verb::POST => return repository(rest),
        ["models", name, rest @ ..] if !name.is_empty() => (name, rest),
        _ => return None,
    };
    let (version, rest) = match rest {
        ["versions", version, rest @ ..] if !version.is_empty() => (decoded(version)?, rest),
        rest => (String::new(), rest),
    };
    let named = Named { model: decoded(name)?, version };
    match rest {
        [] if is_get => Some(Route::ModelMetadata(named)),
        ["ready"] if is_get => Some(Route::ModelReady(named)),
        ["infer"] if *verb == Verb::POST => Some(Route::Infer(named)),
        _ => None,
    }
}

/// A path behind `/v2/repository`; `None` if there is no such one.
fn repository(segments: &[&str]) -> Option<Route> {
    match segments {
        ["index"] => Some(Route::Index),
        ["models", name, "load"] if !name.is_empty() => decoded(name).map(Route::Load),
        ["models", name, "unload"] if !name.is_empty() => decoded(name).map(Route::Unload),
        _ => None,
    }
}

/// A path behind `/v1`; `None` if it is malformed.
fn tensorflow_serving(verb: &Verb, segments: &[&str]) -> Option<Result<Route>> {
    let (models, mut rest) = segments.split_first()?;
    if !models.eq_ignore_ascii_case("models") {
        return None;
    }
    if *verb == Verb::GET {
        if rest.is_empty() {
            return Some(Err(Refusal::invalid("Missing model name in request.")));
        }
        let metadata = rest.len() > 1 && rest.last()?.eq_ignore_ascii_case("metadata");
        if metadata {
            rest = rest.get(..rest.len() - 1)?;
        }
        let route = if metadata { Route::Metadata } else { Route::Status };
        return Some(spec(rest)?.map(route));
    }
    if *verb != Verb::POST {
        return None;
    }
    let (last, before) = rest.split_last()?;
    let (last, action) = last.rsplit_once(':')?;
    let spec = spec(&[before, &[last]].concat())?;
    match &*action.to_ascii_lowercase() {
        "predict" => Some(spec.map(Route::Predict)),
        action @ ("classify" | "regress") => Some(Err(Refusal::new(
            Code::Unimplemented,
            format!("{action} takes tf.Examples, which this server does not; use predict"),
        ))),
        _ => None,
    }
}

/// `NAME`, `NAME/versions/N` or `NAME/labels/L`.
fn spec(segments: &[&str]) -> Option<Result<ModelSpec>> {
    let (name, choice) = segments.split_first()?;
    if name.is_empty() || name.contains(':') {
        return None;
    }
    let Some(name) = decoded(name) else {
        let message = format!("Failed to decode model name:{}", shown(name));
        return Some(Err(Refusal::invalid(message)));
    };
    let version_choice = match choice {
        [] => None,
        [kind, text] if kind.eq_ignore_ascii_case("versions") => {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let Ok(value) = text.parse() else {
                let message = format!("Failed to convert version: {} to numeric.", shown(text));
                return Some(Err(Refusal::invalid(message)));
            };
            Some(VersionChoice::Version(Int64Value { value }))
        }
        [kind, text] if kind.eq_ignore_ascii_case("labels") && !text.is_empty() => {
            Some(VersionChoice::VersionLabel(decoded(text)?))
        }
        _ => return None,
    };
    Some(Ok(ModelSpec { name, version_choice, ..Default::default() }))
}

fn decoded(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predict(path: &str) -> Option<(String, Option<VersionChoice>)> {
        match Route::of(&Verb::POST, path) {
            Ok(Route::Predict(spec)) => Some((spec.name, spec.version_choice)),
            _ => None,
        }
    }

    #[test]
    fn paths_lead_to_methods() {
        let version = |value| Some(VersionChoice::Version(Int64Value { value }));
        let model = |name: &str, choice| Some((name.to_string(), choice));
        assert_eq!(predict("/v1/models/m:predict"), model("m", None));
        assert_eq!(predict("/v1/models/a%2Fb%3Ac:predict"), model("a/b:c", None));
        assert_eq!(predict("/V1/models/m/versions/7:predict"), model("m", version(7)));
        for path in ["/v1/models/m", "/v1/models/:predict", "/v1/models/m/versions/x:predict"] {
            assert_eq!(predict(path), None, "{path}");
        }
        let metadata = Route::of(&Verb::GET, "/v1/models/m/versions/7/metadata").unwrap();
        assert_eq!(metadata.method(), Method::GetModelMetadata);
        let status = Route::of(&Verb::GET, "/v1/models/metadata").unwrap();
        assert_eq!((status.method(), status.model()), (Method::GetModelStatus, "metadata"));
    }

    #[test]
    fn paths_of_the_open_inference_protocol() {
        let of = |verb: Verb, path: &str| {
            let route = Route::of(&verb, path).ok()?;
            Some((route.method(), route.model().to_string()))
        };
        let found = |method, model: &str| Some((method, model.to_string()));
        assert_eq!(of(Verb::GET, "/v2"), found(Method::ServerMetadata, ""));
        assert_eq!(of(Verb::GET, "/v2/health/live"), found(Method::ServerLive, ""));
        assert_eq!(of(Verb::GET, "/v2/models/a%2Fb"), found(Method::ModelMetadata, "a/b"));
        assert_eq!(of(Verb::GET, "/v2/models/m/versions/1/ready"), found(Method::ModelReady, "m"));
        assert_eq!(of(Verb::POST, "/v2/models/m/infer"), found(Method::ModelInfer, "m"));
        assert_eq!(of(Verb::POST, "/v2/repository/index"), found(Method::RepositoryIndex, ""));
        let load = of(Verb::POST, "/v2/repository/models/a%2Fb/load");
        assert_eq!(load, found(Method::RepositoryModelLoad, "a/b"));
        let unload = of(Verb::POST, "/v2/repository/models/m/unload");
        assert_eq!(unload, found(Method::RepositoryModelUnload, "m"));
        assert_eq!(of(Verb::POST, "/v2/repository/models//load"), None);
        for path in [
            "/v2/repository/index",
            "/v2/models",
            "/v2/models/m/infer",
            "/v2/models//ready",
            "/v2/x",
        ] {
            assert_eq!(of(Verb::GET, path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_told_in_its_words() {
        for (verb, path, code, words) in [
            (Verb::GET, "/", Code::NotFound, "no GET \"/\""),
            (Verb::GET, "/v1/models", Code::InvalidArgument, "Missing model name in request."),
            (
                Verb::PUT,
                "/v1/models/m",
                Code::InvalidArgument,
                "Malformed request: PUT /v1/models/m",
            ),
            (Verb::GET, "/v1", Code::InvalidArgument, "Malformed request: GET /v1"),
            (Verb::POST, "/v1/models/m:classify", Code::Unimplemented, "use predict"),
            (
                Verb::GET,
                "/v1/models/m/versions/99999999999999999999",
                Code::InvalidArgument,
                "Failed to convert version: 99999999999999999999 to numeric.",
            ),
        ] {
            let refusal = Route::of(&verb, path).unwrap_err();
            assert_eq!(refusal.code, code, "{path}");
            assert!(refusal.message.contains(words), "{}", refusal.message);
        }
    }
}

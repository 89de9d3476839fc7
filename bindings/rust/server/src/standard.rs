//! The standard services, health and reflection: they answer where a call came in, at
//! any time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use stele::Code;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::Builder;

use crate::health::Health;
use crate::proto::DESCRIPTORS;
use crate::refusal::{Refusal, Result};

pub(crate) type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
pub(crate) type Handler = Box<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The standard services of one server.
#[derive(Clone)]
pub(crate) struct Standard {
    handlers: Arc<[(&'static str, Handler)]>,
}

impl Standard {
    /// # Errors
    /// INTERNAL: our own descriptors cannot be read.
    pub(crate) fn new(health: Health) -> Result<Standard> {
        let reflection = Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1alpha()
            .map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        let handlers = [handler(HealthServer::new(health)), handler(reflection)];
        Ok(Standard { handlers: Arc::new(handlers) })
    }

    /// What answers calls of this path; `None` if it is no method of these services.
    pub(crate) fn handler(&self, path: &str) -> Option<&Handler> {
        let service = path.trim_start_matches('/').split('/').next()?;
        self.handlers.iter().find(|(name, _)| *name == service).map(|(_, handler)| handler)
    }
}

fn handler<S>(service: S) -> (&'static str, Handler)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: NamedService + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let handle = move |request| -> Answer {
        let answer = service.clone().call(request);
        Box::pin(async move { answer.await.unwrap_or_else(|never| match never {}) })
    };
    (S::NAME, Box::new(handle))
}

//! `grpc.health.v1`: whether the server, and each of its services, answers.

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server};

use crate::method::SERVICES;

/// The standard health service of one server.
pub(crate) struct Health {
    draining: watch::Receiver<bool>,
}

impl Health {
    /// Says that all is well until `draining` is true; a watch ends then.
    pub(crate) fn new(draining: watch::Receiver<bool>) -> Health {
        Health { draining }
    }

    fn status(&self, service: &str) -> ServingStatus {
        if !service.is_empty() && !SERVICES.contains(&service) {
            ServingStatus::ServiceUnknown
        } else if *self.draining.borrow() {
            ServingStatus::NotServing
        } else {
            ServingStatus::Serving
        }
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    type WatchStream = ReceiverStream<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match self.status(&request.into_inner().service) {
            ServingStatus::ServiceUnknown => Err(Status::not_found("no such service")),
            status => Ok(Response::new(response(status))),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let now = self.status(&request.into_inner().service);
        let (say, said) = mpsc::channel(2);
        let mut draining = self.draining.clone();
        tokio::spawn(async move {
            drop(say.send(Ok(response(now))).await);
            tokio::select! {
                _ = draining.wait_for(|draining| *draining) => {}
                () = say.closed() => return,
            }
            if now == ServingStatus::Serving {
                drop(say.send(Ok(response(ServingStatus::NotServing))).await);
            }
        });
        Ok(Response::new(ReceiverStream::new(said)))
    }
}

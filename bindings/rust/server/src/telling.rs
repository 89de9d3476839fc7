//! Who tells of a call at its end, also when that is that its client left.

use std::sync::Arc;
use std::time::Instant;

use stele::Code;

use crate::connection::Connection;
use crate::method::Method;
use crate::refusal::Refusal;
use crate::services::Services;

/// A call that will be told of.
pub(crate) struct Telling {
    services: Arc<Services>,
    connection: Arc<Connection>,
    pub(crate) method: Method,
    started: Instant,
    model: String,
    received: usize,
    told: bool,
}

impl Telling {
    pub(crate) fn begin(
        services: &Arc<Services>,
        connection: &Arc<Connection>,
        method: Method,
    ) -> Telling {
        Telling {
            services: Arc::clone(services),
            connection: Arc::clone(connection),
            method,
            started: Instant::now(),
            model: String::new(),
            received: 0,
            told: !services.is_watched(),
        }
    }

    /// A request of so many bytes arrived, for this model.
    pub(crate) fn hear(&mut self, received: usize, model: impl FnOnce() -> String) {
        if !self.told {
            self.model = model();
            self.received = received;
        }
    }

    /// Tells of the answer's bytes, or why there is none.
    pub(crate) fn tell(&mut self, outcome: std::result::Result<usize, &Refusal>) {
        if !std::mem::replace(&mut self.told, true) {
            let peer = &self.connection.peer;
            self.services.tell(
                self.method,
                &self.model,
                peer,
                self.started,
                self.received,
                outcome,
            );
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.tell(Err(&Refusal::new(Code::Cancelled, "the client left")));
    }
}

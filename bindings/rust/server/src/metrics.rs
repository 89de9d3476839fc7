//! Prometheus metrics.

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::admission::Admission;
use crate::record::Record;

/// From a no-op to a large model on a busy machine.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const CALLS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The metrics of one server.
pub(crate) struct Metrics {
    registry: Registry,
    admission: Admission,
    requests: IntCounterVec,
    seconds: HistogramVec,
    batches: Histogram,
    inside: IntGauge,
}

impl Metrics {
    /// # Errors
    /// Prometheus has no use for a name.
    pub(crate) fn new(admission: Admission) -> prometheus::Result<Metrics> {
        let opts = Opts::new("stele_requests_total", "Answered calls.");
        let requests = IntCounterVec::new(opts, &["method", "model", "code"])?;
        let opts =
            HistogramOpts::new("stele_request_seconds", "From a request's arrival to its answer.");
        let seconds = HistogramVec::new(opts.buckets(SECONDS.into()), &["method", "model"])?;
        let opts = HistogramOpts::new("stele_batch_calls", "Calls of a batch.");
        let batches = Histogram::with_opts(opts.buckets(CALLS.into()))?;
        let inside = IntGauge::new("stele_calls_inside", "Calls that run or wait.")?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(batches.clone()))?;
        registry.register(Box::new(inside.clone()))?;
        Ok(Metrics { registry, admission, requests, seconds, batches, inside })
    }

    /// Counts one answered call; `model` is one that is served, or empty: names that
    /// clients make up would each cost memory for ever.
    pub(crate) fn call(&self, record: &Record<'_>, model: &str) {
        let (method, code) = (record.method.name(), record.code_name());
        self.requests.with_label_values(&[method, model, code]).inc();
        self.seconds.with_label_values(&[method, model]).observe(record.elapsed.as_secs_f64());
    }

    /// Counts one batch.
    pub(crate) fn batch(&self, calls: usize) {
        self.batches.observe(calls as f64);
    }

    /// Forgets a model.
    pub(crate) fn forget(&self, model: &str) {
        for family in self.registry.gather() {
            for metric in family.get_metric() {
                let label = |name: &str| {
                    let pair = metric.get_label().iter().find(|pair| pair.name() == name)?;
                    Some(pair.value())
                };
                let (Some(method), Some(own)) = (label("method"), label("model")) else { continue };
                if own != model {
                    continue;
                }
                // One of the two has these labels.
                match label("code") {
                    Some(code) => drop(self.requests.remove_label_values(&[method, own, code])),
                    None => drop(self.seconds.remove_label_values(&[method, own])),
                }
            }
        }
    }

    /// As Prometheus reads them.
    pub(crate) fn text(&self) -> Vec<u8> {
        self.inside.set(i64::try_from(self.admission.inside()).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        // A Vec takes whatever is written to it.
        drop(TextEncoder::new().encode(&self.registry.gather(), &mut text));
        text
    }
}

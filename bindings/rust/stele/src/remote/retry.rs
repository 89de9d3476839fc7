//! The retry policy that gRPC's service config describes, which tonic does not
//! have: a call that finds the server UNAVAILABLE is made again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often a call is made again, unless a builder says otherwise.
pub(super) const RETRIES: u32 = 4;

const INITIAL: Duration = Duration::from_millis(100);
const MAX: Duration = Duration::from_secs(1);

/// How far from its length a pause may be, so that clients that failed at once do
/// not come back at once.
const JITTER: f64 = 0.2;

/// The pause before a retry, the first of which is number 0: 0.1 s, and twice as
/// long each time up to a second, give or take a fifth.
pub(super) fn pause(retry: u32) -> Duration {
    let length =
        2u32.checked_pow(retry).map_or(MAX, |factor| INITIAL.saturating_mul(factor)).min(MAX);
    length.mul_f64(1.0 - JITTER + 2.0 * JITTER * random())
}

/// A number from 0 to 1, from the seed that the standard library has for its maps.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_and_differ() {
        for (retry, length) in [(0, 0.1), (1, 0.2), (2, 0.4), (3, 0.8), (4, 1.0), (40, 1.0)] {
            let pauses: Vec<_> = (0..100).map(|_| pause(retry).as_secs_f64()).collect();
            assert!(pauses.iter().all(|pause| (length * 0.79..length * 1.21).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause < length));
            assert!(pauses.iter().any(|pause| *pause > length));
        }
    }
}

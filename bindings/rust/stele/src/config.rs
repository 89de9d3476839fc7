//! Session configuration: named profiles, as serialized ConfigProtos. The
//! contract's `profiles.tsv` has them for all languages.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::signature::quoted;

/// A named session configuration. They differ in who runs the ops of a graph and
/// in what TensorFlow makes of it first; each lets an op run on the CPU whose
/// device is not there.
///
/// `Default`, `Inline` and `Single` give the same bits, but for subnormal numbers:
/// TensorFlow's pool threads flush those to zero, the caller's thread does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// TensorFlow's own: ops spread over a thread pool.
    #[default]
    Default,
    /// `inter_op_parallelism_threads = -1`: ops run in the caller's thread.
    /// Often faster than the default on small models.
    Inline,
    /// `experimental.executor_type = "SINGLE_THREADED_EXECUTOR"`: no scheduling
    /// between ops at all. Not every control flow is supported by it.
    Single,
    /// `graph_options.rewrite_options.disable_meta_optimizer = true`: the graph as
    /// it was written. Gives the bits of the signature's function in Python, which
    /// no graph optimizer has seen.
    Python,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 4] =
        [Profile::Default, Profile::Inline, Profile::Single, Profile::Python];

    /// The serialized ConfigProto.
    pub fn config(self) -> &'static [u8] {
        // A field's key is its number << 3 plus its wire type
        // (tensorflow/core/protobuf/config.proto).
        match self {
            // allow_soft_placement, field 7, in all.
            Profile::Default => b"\x38\x01",
            // inter_op_parallelism_threads, field 5, -1 as a varint.
            Profile::Inline => b"\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x38\x01",
            // experimental, field 16, with its executor_type, field 3.
            Profile::Single => b"\x38\x01\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR",
            // graph_options, field 10, with its rewrite_options, field 10, with
            // their disable_meta_optimizer, field 19.
            Profile::Python => b"\x38\x01\x52\x05\x52\x03\x98\x01\x01",
        }
    }

    /// The name, such as `inline`.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Inline => "inline",
            Profile::Single => "single",
            Profile::Python => "python",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = Error;

    fn from_str(name: &str) -> Result<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| {
            let mut names = Profile::ALL.map(Profile::name);
            names.sort_unstable();
            Error::Config(format!("no profile \"{name}\"; there are {}", quoted(&names)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        let error = "fast".parse::<Profile>().unwrap_err();
        assert!(error.message().contains("\"fast\""), "{error}");
    }
}

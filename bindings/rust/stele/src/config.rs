//! Session configuration: named profiles, as serialized ConfigProtos.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A named session configuration. They differ in who runs the ops of a graph.
///
/// The bits of the result are the same, but for subnormal numbers: TensorFlow's
/// pool threads flush those to zero, the caller's thread does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// TensorFlow's own: ops spread over a thread pool.
    #[default]
    Default,
    /// `inter_op_parallelism_threads = -1`: ops run in the caller's thread.
    /// About twice as fast as the default on small models.
    Inline,
    /// `experimental.executor_type = "SINGLE_THREADED_EXECUTOR"`: no scheduling
    /// between ops at all. Not every control flow is supported by it.
    Single,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 3] = [Profile::Default, Profile::Inline, Profile::Single];

    /// The serialized ConfigProto.
    pub fn config(self) -> &'static [u8] {
        // A field's key is its number << 3 plus its wire type
        // (tensorflow/core/protobuf/config.proto).
        match self {
            Profile::Default => b"",
            // inter_op_parallelism_threads, field 5, -1 as a varint.
            Profile::Inline => b"\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            // experimental, field 16, with its executor_type, field 3.
            Profile::Single => b"\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR",
        }
    }

    /// The name, such as `inline`.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Inline => "inline",
            Profile::Single => "single",
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
            let known = Profile::ALL.map(Profile::name).join(", ");
            Error::Config(format!("config \"{name}\" is no profile; there are {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    /// The fields of ConfigProto that the profiles set.
    #[derive(Clone, PartialEq, Message)]
    struct ConfigProto {
        #[prost(int32, tag = "5")]
        inter_op_parallelism_threads: i32,
        #[prost(message, optional, tag = "16")]
        experimental: Option<Experimental>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Experimental {
        #[prost(string, tag = "3")]
        executor_type: String,
    }

    #[test]
    fn profiles_are_the_protos_they_say() {
        let inline = ConfigProto::decode(Profile::Inline.config()).unwrap();
        assert_eq!(inline.inter_op_parallelism_threads, -1);
        let single = ConfigProto::decode(Profile::Single.config()).unwrap();
        assert_eq!(single.experimental.unwrap().executor_type, "SINGLE_THREADED_EXECUTOR");
        assert_eq!(ConfigProto::decode(Profile::Default.config()), Ok(ConfigProto::default()));
    }

    #[test]
    fn names_lead_back() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        let error = "fast".parse::<Profile>().unwrap_err();
        assert!(error.message().contains("\"fast\""), "{error}");
    }
}

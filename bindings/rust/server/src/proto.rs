//! The messages of `proto/`, as prost makes them.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

pub mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

pub mod tensorflow {
    pub mod serving {
        include!(concat!(env!("OUT_DIR"), "/tensorflow.serving.rs"));
    }
}

pub mod stele {
    pub mod savedmodel {
        include!(concat!(env!("OUT_DIR"), "/stele.savedmodel.rs"));
    }
}

/// The descriptors of all of them: a serialized FileDescriptorSet.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.binpb"));

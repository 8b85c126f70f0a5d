//! A graph as the daemon takes it: operations as bytes, known by their digests.
//!
//! The same operations give the same bytes: no map in them has an order of its own. What is said of an operation (its name) stands
//! beside it, and is no part of its digest.
//!
//! Source: BuildKit, `solver/pb/ops.proto` (`Definition`), `solver/llbsolver/vertex.go`.

use std::collections::BTreeMap;

use bollard_buildkit_proto::pb;
use prost::Message;
use sha2::{Digest, Sha256};

use oci_image_boundary::hex::hex;

/// Operations, each after those that it takes from.
#[derive(Default)]
pub(super) struct Graph(pb::Definition);

impl Graph {
    /// An operation of the graph, once however often it is added, and the input that stands for its first output.
    pub(super) fn add(&mut self, op: &pb::Op, name: &str) -> pb::Input {
        let bytes = op.encode_to_vec();
        let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
        if !self.0.metadata.contains_key(&digest) {
            self.0.def.push(bytes);
            let description = BTreeMap::from([("llb.customname".to_owned(), name.to_owned())]);
            let metadata = pb::OpMetadata {
                description,
                ..pb::OpMetadata::default()
            };
            self.0.metadata.insert(digest.clone(), metadata);
        }
        pb::Input { digest, index: 0 }
    }

    /// What the daemon is sent to give this output.
    pub(super) fn ending_at(mut self, result: pb::Input) -> pb::Definition {
        let end = pb::Op {
            inputs: vec![result],
            ..pb::Op::default()
        };
        self.0.def.push(end.encode_to_vec());
        self.0
    }
}

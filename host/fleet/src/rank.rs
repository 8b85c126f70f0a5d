//! Ranks: in which order builders are asked for a build.
//!
//! By rendezvous: each name has a weight for each key, and the heaviest is the first. Without one of them, what had others first stays
//! where it was.
//!
//! Reads and writes: nothing. Source: D. Thaler, C. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998.

use crate::build_key::BuildKey;
use crate::builder::Builder;

/// Builders in the order in which they are asked for a build.
#[must_use]
pub fn ranked(mut builders: Vec<Builder>, key: &BuildKey) -> Vec<Builder> {
    builders.sort_by_cached_key(|builder| {
        let name = builder.endpoint.to_string();
        (std::cmp::Reverse(key.weight(&name)), name)
    });
    builders
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use oci_image_buildkit::endpoint::Endpoint;

    use super::*;

    fn builders(names: &[usize]) -> Vec<Builder> {
        let address = |name: &usize| format!("tcp://builder-{name}:1234").parse().unwrap();
        let endpoint = |name| Endpoint::new(address(name));
        names
            .iter()
            .map(|name| Builder::at(endpoint(name)))
            .collect()
    }

    fn first(names: &[usize], build: usize) -> String {
        let key = BuildKey::default()
            .with("repository")
            .with(build.to_string());
        ranked(builders(names), &key)[0].endpoint.to_string()
    }

    #[test]
    fn without_a_builder_only_what_it_had_moves() {
        for build in 0..500 {
            let before = first(&[0, 1, 2], build);
            let after = first(&[0, 2], build);

            assert!(
                before == after || before == "tcp://builder-1:1234",
                "{build}"
            );
        }
    }

    #[test]
    fn the_order_in_which_they_are_listed_does_not_count() {
        for build in 0..50 {
            assert_eq!(first(&[0, 1, 2], build), first(&[2, 0, 1], build));
        }
    }

    #[test]
    fn each_gets_its_part() {
        let mut parts: BTreeMap<String, usize> = BTreeMap::new();
        for build in 0..3000 {
            *parts.entry(first(&[0, 1, 2], build)).or_default() += 1;
        }

        assert!(
            parts.values().all(|part| (850..1150).contains(part)),
            "{parts:?}"
        );
    }

    #[test]
    fn parts_of_a_key_are_not_run_together() {
        let weight = |one: &str, other: &str| BuildKey::default().with(one).with(other).weight("");

        assert_ne!(weight("ab", "c"), weight("a", "bc"));
    }
}

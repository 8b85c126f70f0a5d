//! Which BuildKit this is for.

/// The BuildKit that this room, and all that talk to the daemon, are written and tested against.
pub const BUILDKIT_VERSION: &str = "v0.34.2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_built() {
        let module = include_str!("../../engine/go.mod");

        assert!(module.contains(&format!("github.com/moby/buildkit {BUILDKIT_VERSION}")));
    }
}

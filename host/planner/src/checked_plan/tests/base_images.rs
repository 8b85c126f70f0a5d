//! Lies about base images.

use super::*;

#[test]
fn base_image_that_was_not_named_is_refused() {
    assert_eq!(
        refused(|plan| plan.base_images[0].path = "/var/lib/image.tar".to_owned()),
        "the planner lies: the object asks for no base image `BASE=/var/lib/image.tar`"
    );
    assert_eq!(
        refused(|plan| plan.base_images.push(plan.base_images[0].clone())),
        "the planner lies: the plan has two of the base image `BASE=base/image.tar`"
    );
    assert_eq!(
        refused(|plan| plan.base_images.clear()),
        "the planner lies: the object asks for the base image `BASE=base/image.tar`, and the plan has none"
    );
}

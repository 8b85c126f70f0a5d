//! Files of arguments, labels and targets: the host reads in them what the planner plans of them, and nothing else passes.

use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::mask;
use oci_image_schema::plan::{AttributeValue, BuildPlan};
use serde_json::json;

use crate::planned::plan;

/// The first byte says which file it is.
const FILES: [(&str, &str); 4] = [
    ("build_args_file", "args"),
    ("build_args_file", "args.yml"),
    ("labels_file", "labels"),
    ("target_file", "target"),
];

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let (key, path) = FILES[usize::from(*kind) % FILES.len()];
    let object = json!({"context": ".", "output": "image", key: path});
    let object = mask(&object.to_string());
    let planned = plan(object.text(), text);
    let Ok(honest) = planned.result else {
        return;
    };
    let check = |plan: BuildPlan| CheckedPlan::new(plan, &object, &planned.answers);
    check(honest.clone()).expect("an honest plan");
    for at in 0..honest.solves[0].attributes.len().min(8) {
        let mut lie = honest.clone();
        if let AttributeValue::Text(text) = &mut lie.solves[0].attributes[at].value {
            text.push('x');
        }
        check(lie).expect_err("a value that does not stand in the file");
        let mut lie = honest.clone();
        lie.solves[0].attributes.remove(at);
        check(lie).expect_err("a value that is left out");
    }
}

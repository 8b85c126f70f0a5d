//! `buildkit_extra_config`: what the planner reads, joins and writes anew says what the `toml` crate reads in the same text.

use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::mask;
use oci_image_schema::code::Code;
use serde_json::json;
use toml::{Table, Value};

use crate::planned::plan;

/// How deep anything nests that the planner certainly takes.
const SHALLOW: usize = 8;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let object = json!({
        "context": ".", "output": "image", "debug": true,
        "registry_mirrors": ["mirror.example"], "buildkit_extra_config": text,
    });
    let object = mask(&object.to_string());
    let planned = plan(object.text(), "");
    let read = toml::from_str::<Table>(text);
    match planned.result {
        Ok(plan) => {
            let written: Table =
                toml::from_str(&plan.daemon_config).expect("what is written is TOML");
            let read = read.expect("what is planned could be read");
            holds(&written, &read, &mut Vec::new());
            CheckedPlan::new(plan, &object, &planned.answers).expect("an honest plan");
        }
        Err(mistakes) => {
            let is_syntax = mistakes
                .iter()
                .any(|mistake| mistake.code == Code::InvalidToml.name());
            let is_text = !text.contains('\0')
                && text.bytes().filter(|byte| *byte == b'{').count() <= SHALLOW;
            if let Ok(read) = read
                && is_text
                && depth(&read) <= SHALLOW
            {
                assert!(!is_syntax, "{mistakes:?}");
            }
        }
    }
}

/// Whether each setting of `read` is in `written`: a name in any case, but for those of registries.
fn holds(written: &Table, read: &Table, path: &mut Vec<String>) {
    for (name, value) in read {
        let named = |other: &&String| {
            *other == name || *path != ["registry"] && other.eq_ignore_ascii_case(name)
        };
        let own = written.get(name).or_else(|| {
            let other = written.keys().find(named);
            other.and_then(|other| written.get(other))
        });
        let own = own.unwrap_or_else(|| panic!("{path:?} has no {name}"));
        if let (Value::Table(own), Value::Table(value)) = (own, value) {
            path.push(name.to_ascii_lowercase());
            holds(own, value, path);
            path.pop();
        } else {
            assert_eq!(own.to_string(), value.to_string(), "{path:?} {name}");
        }
    }
}

fn depth(table: &Table) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Table(table) => depth(table),
            Value::Array(list) => 1 + list.iter().map(of).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + table.values().map(of).max().unwrap_or(0)
}

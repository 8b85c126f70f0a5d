//! An examination: all that was found, as text for a person and as JSON for a program.
//!
//! Reads and writes: nothing.

use std::fmt::Write as _;

use serde::Serialize;

use crate::boundary::outside::{within_json_lines, within_lines};
use crate::doctor::finding::{Finding, Verdict};
use crate::doctor::{builders, reach};
use crate::progress::amount;

/// Where what is said begins: after the state and the topic.
const COLUMN: usize = 27;

/// All that was found. It is printed as JSON: its names are promised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examination {
    /// The version of this program.
    pub version: &'static str,
    /// Whether a build would start.
    pub starts: bool,
    /// In the order in which they are told.
    pub findings: Vec<Finding>,
}

impl Examination {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        let is_fault = |finding: &&Finding| finding.state == Verdict::Fault;
        let of_builders = || findings.iter().filter(|one| one.topic == builders::TOPIC);
        let is_in_the_way = |fault: &Finding| match fault.topic {
            reach::TOPIC => false,
            // One that can be used will do.
            builders::TOPIC => of_builders().all(|one| is_fault(&one)),
            _ => true,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            starts: !findings.iter().filter(is_fault).any(is_in_the_way),
            findings,
        }
    }

    /// Whether there is no fault at all: a build would start, and what was asked about answers.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.count(Verdict::Fault) == 0
    }

    /// For a program: one document.
    #[must_use]
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a finding has only names as keys");
        within_json_lines(&text)
    }

    /// For a person: a line each, with what to do below it; the last one says what it amounts to.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let (state, topic) = (finding.state.name(), finding.topic.replace('_', " "));
            let _ = writeln!(
                text,
                "{state:<7} {topic:<18} {}",
                within_lines(&finding.said)
            );
            if let Some(remedy) = finding
                .remedy
                .as_ref()
                .filter(|_| finding.state != Verdict::Fine)
            {
                let _ = writeln!(text, "{:COLUMN$}to do: {}", "", within_lines(remedy));
            }
        }
        let _ = writeln!(text, "\n{}", self.conclusion());
        text
    }

    fn conclusion(&self) -> String {
        let counted = |count: usize, word: &str| match count {
            0 => format!("no {word}s"),
            count => amount::counted(count, word),
        };
        let (faults, remarks) = (self.count(Verdict::Fault), self.count(Verdict::Remark));
        let remarks = counted(remarks, "remark");
        match (self.starts, faults) {
            (true, 0) => format!("a build would start ({remarks})"),
            (true, _) => {
                let missed = self.missed();
                format!("a build would start, but {missed} ({remarks})")
            }
            (false, faults) => format!(
                "a build would not start ({}, {remarks})",
                counted(faults, "fault")
            ),
        }
    }

    /// What a build may do without, and whoever asked for it not.
    fn missed(&self) -> String {
        let faults = |topic| {
            let about = |finding: &&Finding| finding.topic == topic;
            let all = self.findings.iter().filter(about);
            all.filter(|finding| finding.state == Verdict::Fault)
                .count()
        };
        let builders = match faults(builders::TOPIC) {
            0 => None,
            1 => Some("1 builder cannot be used".to_owned()),
            some => Some(format!("{some} builders cannot be used")),
        };
        let registries = match faults(reach::TOPIC) {
            0 => None,
            1 => Some("1 registry is not reached".to_owned()),
            some => Some(format!("{some} registries are not reached")),
        };
        let missed: Vec<String> = builders.into_iter().chain(registries).collect();
        missed.join(", and ")
    }

    fn count(&self, verdict: Verdict) -> usize {
        let with = self
            .findings
            .iter()
            .filter(|finding| finding.state == verdict);
        with.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_lines_and_the_last_one_says_what_they_amount_to() {
        let findings = vec![
            Finding::fine("kernel", "Linux 6.1").with_remedy("nothing"),
            Finding::remark("user_namespaces", "odd\n::set-output name=x::\u{1b}")
                .with_remedy("mend it"),
            Finding::fault("reach", "`r.test`: no answer").with_remedy("look"),
        ];

        let examination = Examination::new(findings.clone());

        let expected = "\
fine    kernel             Linux 6.1
remark  user namespaces    odd
  | ::set-output name=x::\\u{1b}
                           to do: mend it
fault   reach              `r.test`: no answer
                           to do: look

a build would start, but 1 registry is not reached (1 remark)
";
        assert_eq!(examination.text(), expected);
        assert!(examination.starts && !examination.is_well());
        let ill = Examination::new(vec![Finding::fault("root", "x"), findings[0].clone()]);
        assert!(
            ill.text()
                .ends_with("\n\na build would not start (1 fault, no remarks)\n")
        );
        assert!(!ill.starts);
    }

    #[test]
    fn a_program_reads_what_was_found_whatever_that_is() {
        let finding = Finding::remark("root", "\u{202e}x").fact("path", "/\u{1b}");

        let json = Examination::new(vec![finding]).json();

        assert!(!json.contains('\u{202e}') && !json.contains('\u{1b}'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["findings"][0]["said"], "\u{202e}x");
        assert_eq!(value["findings"][0]["facts"]["path"], "/\u{1b}");
        assert_eq!(value["starts"], true);
    }
}

//! A task as a file of its own: its configuration, with the parameters of the step over its own, and the way back to where each part of
//! that was written.

use std::collections::BTreeSet;
use std::ops::Range;

use super::text::TextPart;
use super::variable::is_filled_in;
use crate::yaml::{JsonEntry, JsonPart};

/// A task as a file in JSON.
// No `Debug`: it would show secrets.
#[derive(Default)]
pub(super) struct TaskText {
    pub(super) json: String,
    copies: Vec<Copied>,
    /// Whether it has further parameters, which only Concourse knows.
    pub(super) has_more: bool,
}

/// A part of a text that was copied as it is.
struct Copied {
    from: Range<usize>,
    /// Where it stands in the file.
    at: usize,
    text: usize,
}

impl TaskText {
    /// The task of a configuration, which stands in a text of that number, and of a step's own parameters, which stand in the pipeline.
    pub(super) fn of(
        config: &JsonPart<'_>,
        text: usize,
        step_params: Option<&JsonPart<'_>>,
    ) -> Self {
        let mut task = Self::default();
        task.json.push('{');
        let entries = config.entries();
        let (params, others): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry.name == "params");
        for entry in &others {
            task.copy(text, &entry.key, &entry.value);
        }
        task.params(params.last().map(|entry| &entry.value), text, step_params);
        task.json.push('}');
        task
    }

    fn params(&mut self, own: Option<&JsonPart<'_>>, text: usize, step: Option<&JsonPart<'_>>) {
        let variable = [own, step]
            .into_iter()
            .flatten()
            .find(|part| is_filled_in(part));
        self.has_more = variable.is_some();
        let over = step.map(JsonPart::entries).unwrap_or_default();
        let names: BTreeSet<&str> = over.iter().map(|entry| &*entry.name).collect();
        let own = own.map(JsonPart::entries).unwrap_or_default();
        let own: Vec<JsonEntry<'_>> = own
            .into_iter()
            .filter(|entry| !names.contains(&*entry.name))
            .collect();
        if own.is_empty() && over.is_empty() {
            return;
        }
        self.separate();
        self.json.push_str(r#""params":{"#);
        for entry in &own {
            self.copy(text, &entry.key, &entry.value);
        }
        for entry in &over {
            self.copy(0, &entry.key, &entry.value);
        }
        self.json.push('}');
    }

    /// Copies an entry.
    fn copy(&mut self, text: usize, key: &Range<usize>, value: &JsonPart<'_>) {
        self.separate();
        let from = key.start..value.range().end;
        let at = self.json.len();
        self.json.push_str(value.beside(from.clone()));
        self.copies.push(Copied { from, at, text });
    }

    fn separate(&mut self) {
        if !self.json.ends_with('{') {
            self.json.push(',');
        }
    }

    /// Where a part of it was written; nothing if it was not.
    pub(super) fn written(&self, part: &Range<usize>) -> Option<TextPart> {
        let after = self.copies.partition_point(|copy| copy.at <= part.start);
        let copy = self.copies.get(after.checked_sub(1)?)?;
        let start = copy.from.start + (part.start - copy.at);
        let end = (copy.from.start + part.end.saturating_sub(copy.at)).min(copy.from.end);
        (start < copy.from.end).then(|| TextPart {
            text: copy.text,
            range: start..end.max(start),
        })
    }

    /// Each part that was copied: where it was written, and as what it stands in the file.
    pub(super) fn parts(&self) -> impl Iterator<Item = (TextPart, Range<usize>)> {
        self.copies.iter().map(|copy| {
            let part = TextPart {
                text: copy.text,
                range: copy.from.clone(),
            };
            (part, copy.at..copy.at + copy.from.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_step_count_before_its_tasks_own_and_each_part_leads_back() {
        let config = r#"{"params":{"A":1,"B":"x"},"run":{"path":"build"}}"#;
        let step = r#"{"params":{"B":"y","C":"z"}}"#;
        let params = JsonPart::whole(step).key("params");
        let task = TaskText::of(&JsonPart::whole(config), 1, params.as_ref());

        assert_eq!(
            task.json,
            r#"{"run":{"path":"build"},"params":{"A":1,"B":"y","C":"z"}}"#
        );
        assert!(!task.has_more);
        for (part, text) in [("\"A\":1", 1), ("\"y\"", 0), ("build", 1), ("\"C\"", 0)] {
            let start = task.json.find(part).unwrap();
            let found = task.written(&(start..start + part.len())).unwrap();
            assert_eq!(found.text, text);
            assert_eq!(&[step, config][text][found.range], part);
        }
        assert_eq!(task.written(&(0..1)), None);
    }

    #[test]
    fn parameters_that_only_concourse_knows_are_more_than_those_that_are_told() {
        let config = JsonPart::whole(r#"{"params":"((params))"}"#);
        let step = JsonPart::whole(r#"{"A":"x"}"#);

        let task = TaskText::of(&config, 0, Some(&step));

        assert_eq!(task.json, r#"{"params":{"A":"x"}}"#);
        assert!(task.has_more);
        assert_eq!(TaskText::of(&config, 0, None).json, "{}");
    }
}

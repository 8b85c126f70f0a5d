//! Variables to the object: each key with all that they say about it, in the order of the parameters.

use std::ops::Range;

use oci_image_schema::parameter::{self, FAMILIES, Family, Form, Member, PARAMETERS, Parameter};

use super::variable::{Role, Variable};
use crate::source::Layer;
use crate::source::form::{Form as Piece, short};

/// Writes the object, and remembers where its tokens came from.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) json: String,
    pub(super) layer: Layer,
}

impl Writer {
    pub(super) fn write(&mut self, variables: &[Variable], keeps_cache: bool) {
        let of_key = |key: &'static str| {
            let variables = variables.iter().enumerate();
            variables.filter(move |(_, variable)| variable.role.key() == key)
        };
        self.json.push('{');
        if of_key("context").next().is_none() {
            self.json.push_str(r#""context":".","#);
        }
        self.json.push_str(r#""output":"image""#);
        if keeps_cache {
            self.json.push_str(r#","cache":true"#);
        }
        for key in keys() {
            let mut found: Vec<(usize, &Variable)> = of_key(key).collect();
            // Among the members of one family, the order of their names.
            found.sort_by_key(|(_, variable)| rank(variable.role));
            self.key(key, &found);
        }
        self.json.push('}');
    }

    /// A key with all that variables say about it.
    fn key(&mut self, key: &str, variables: &[(usize, &Variable)]) {
        let Some((index, first)) = variables.first() else {
            return;
        };
        self.json.push(',');
        match first.role {
            Role::Parameter(Parameter {
                form: form @ (Form::Text | Form::Flag),
                ..
            }) => {
                self.token(&quoted(key), *index, 0..first.name.len(), Piece::Whole);
                self.json.push(':');
                let value = first.shown_value();
                match parameter::flag(&first.value).filter(|_| form == Form::Flag) {
                    Some(flag) => self.token(&flag.to_string(), *index, value, Piece::Whole),
                    None => self.copy(&first.value, *index, value),
                }
            }
            Role::Member(Family {
                member: Member::File | Member::SecretText,
                ..
            }) => self.map(key, variables),
            _ => self.list(key, variables),
        }
    }

    fn list(&mut self, key: &str, variables: &[(usize, &Variable)]) {
        self.json.push_str(&quoted(key));
        self.json.push_str(":[");
        for (index, variable) in variables {
            match variable.role {
                Role::Parameter(Parameter {
                    form: form @ (Form::List | Form::Lines),
                    ..
                }) => {
                    let end = if form == Form::List { ',' } else { '\n' };
                    for (item, start) in items(&variable.value, end) {
                        let start = variable.shown_value().start + start;
                        self.separate('[');
                        self.copy(item, *index, start..start + item.len());
                    }
                }
                // As it is written: `NAME=value`, without the family's prefix.
                role => {
                    let start = match role {
                        Role::Member(family) => family.prefix.len(),
                        Role::Parameter(_) => 0,
                    };
                    self.separate('[');
                    self.copy(&variable.text[start..], *index, start..variable.text.len());
                }
            }
        }
        self.json.push(']');
    }

    fn map(&mut self, key: &str, variables: &[(usize, &Variable)]) {
        self.json.push_str(&quoted(key));
        self.json.push_str(":{");
        for (index, variable) in variables {
            let Role::Member(family) = variable.role else {
                continue;
            };
            let id = family.prefix.len()..variable.name.len();
            self.separate('{');
            self.copy(&variable.name[id.clone()], *index, id);
            self.json.push(':');
            let value = variable.shown_value();
            if family.member == Member::SecretText {
                self.json.push_str(r#"{"text":"#);
                self.token(&quoted(&variable.value), *index, value, Piece::Whole);
                self.json.push('}');
            } else {
                let form = if variable.is_shown() {
                    Piece::Plain
                } else {
                    Piece::Whole
                };
                self.token(&quoted(&variable.value), *index, value, form);
            }
        }
        self.json.push('}');
    }

    fn separate(&mut self, bracket: char) {
        if !self.json.ends_with(bracket) {
            self.json.push(',');
        }
    }

    /// A string of the same characters as a part of the variable's text.
    fn copy(&mut self, value: &str, variable: usize, text: Range<usize>) {
        self.token(&quoted(value), variable, text, Piece::Plain);
    }

    fn token(&mut self, token: &str, variable: usize, text: Range<usize>, form: Piece) {
        let start = self.json.len();
        self.json.push_str(token);
        let written = start..self.json.len();
        self.layer.push_of(short(variable), written, text, form);
    }
}

/// The keys that parameters stand for, in their order.
fn keys() -> Vec<&'static str> {
    let mut keys: Vec<&str> = Vec::new();
    let all = (PARAMETERS.iter().map(|parameter| parameter.key))
        .chain(FAMILIES.iter().map(|family| family.key));
    for key in all {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Which of two variables of one key is written first.
fn rank(role: Role) -> usize {
    let parameters = || {
        PARAMETERS
            .iter()
            .map(|parameter| Role::Parameter(*parameter))
    };
    let families = || FAMILIES.iter().map(|family| Role::Member(*family));
    parameters()
        .chain(families())
        .position(|other| other == role)
        .unwrap_or_default()
}

/// The elements of a list with a sign between, without white space around them, and where each begins. A sign too many adds none.
fn items(list: &str, end: char) -> Vec<(&str, usize)> {
    let mut start = 0;
    let mut items = Vec::new();
    for item in list.split(end) {
        let blank = item.len() - item.trim_start().len();
        if !item.trim().is_empty() {
            items.push((item.trim(), start + blank));
        }
        start += item.len() + 1;
    }
    items
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

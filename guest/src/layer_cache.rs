//! `cache_from` and `cache_to`: layer caches that the daemon reads and writes itself.
//!
//! Secrets are stars before anything is read here. A message names attributes, and quotes only values that are known to be public.
//!
//! Reads nothing. Source: `oci_image_schema::layer_cache` for types and attributes, and for how a text is read.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::layer_cache::{
    self, Attribute, AttributeForm, CacheType, Field, INLINE, KEYS, LOCAL, REFERENCE, TYPE, TYPES,
};
use oci_image_schema::login;
use oci_image_schema::plan::LayerCache;

use crate::findings::{Finding, Findings, quoted};
use crate::frontend;
use crate::json::{Node, Text};
use crate::nearest::nearest;
use crate::reader::Reader;

/// How a text begins that is one.
const EXAMPLE: &str = "write `type=registry,ref=registry.example/app:cache`";

/// The caches of a list; those that are not sound are left out.
pub(crate) fn caches<'t>(
    reader: &mut Reader<'_, 't>,
    key: &str,
    node: Node<'t>,
) -> Vec<LayerCache> {
    let is_export = key == KEYS[1];
    let mut caches = Vec::new();
    for text in reader.texts(key, node) {
        let found = Written {
            text: &text,
            is_export,
            findings: reader.findings,
        }
        .cache();
        let Some(cache) = found else {
            continue;
        };
        if caches.contains(&cache) {
            let message = format!("an element of `{key}` is there twice");
            let finding = reader
                .findings
                .report(Code::BadLayerCache, text.span(), message);
            finding.help("remove one of the two");
            continue;
        }
        caches.push(cache);
    }
    caches
}

/// The text of one, which is judged.
struct Written<'a, 'f, 't> {
    text: &'a Text<'t>,
    /// Whether the cache is written.
    is_export: bool,
    findings: &'f mut Findings<'t>,
}

impl Written<'_, '_, '_> {
    /// The cache, if all of it is sound.
    fn cache(mut self) -> Option<LayerCache> {
        let text = self.text;
        if let Some((at, sign)) = text
            .as_str()
            .char_indices()
            .find(|(_, sign)| sign.is_control())
        {
            let place = text.part(&(at..at + sign.len_utf8()));
            let message = "a layer cache holds a control character";
            self.findings.report(Code::InvalidCharacter, place, message);
            return None;
        }
        let fields = layer_cache::fields(text.as_str());
        let is_sound = self.fields_are_sound(&fields);
        let of = self.cache_type(&fields)?;
        let mut are_sound = true;
        for field in &fields {
            let is_attribute = field.name.as_deref().is_some_and(|name| name != TYPE);
            are_sound &= !is_attribute || self.is_sound(*of, field);
        }
        let is_whole = self.is_whole(*of, &fields);
        let sound = is_sound && are_sound && is_whole;
        sound.then(|| layer_cache::read(text.as_str())).flatten()
    }

    /// Whether each field has a name of its own.
    fn fields_are_sound(&mut self, fields: &[Field<'_>]) -> bool {
        let mut are_sound = true;
        for (index, field) in fields.iter().enumerate() {
            let place = self.place(field);
            let (message, help) = match &field.name {
                // What it is nobody knows, so nobody is shown it.
                None => (
                    "a part of a layer cache is not `NAME=VALUE`".to_owned(),
                    "commas stand between the parts, and no value holds one",
                ),
                Some(name) if fields[..index].iter().any(|of| of.name == field.name) => (
                    format!("{} is written twice", quoted(name)),
                    "remove one of the two",
                ),
                Some(_) => continue,
            };
            self.report(place, message).help(help);
            are_sound = false;
        }
        are_sound
    }

    fn cache_type(&mut self, fields: &[Field<'_>]) -> Option<&'static CacheType> {
        let Some(field) = fields
            .iter()
            .find(|field| field.name.as_deref() == Some(TYPE))
        else {
            let (place, names) = (self.text.span(), self.types());
            let finding = self.report(place, "a layer cache has no `type`".to_owned());
            finding.help(EXAMPLE).allowed(&names);
            return None;
        };
        let (name, place) = (field.value, self.place(field));
        if name == INLINE && !self.is_export {
            let message = "an inline cache is read with the image that holds it".to_owned();
            let help = "write `type=registry,ref=` and the reference of that image";
            self.report(place, message).help(help);
            return None;
        }
        let found = CacheType::of(name);
        if name == LOCAL {
            let message = "a layer cache in a directory is the key `cache`".to_owned();
            let help = "set `cache`: the cache is kept in the directory `cache`";
            self.report(place, message).help(help);
        } else if found.is_none() {
            let names = self.types();
            let near = nearest(name, &names);
            let message = format!("{} is no type of layer caches", quoted(name));
            let finding = self.report(place, message);
            finding.allowed(&names);
            match near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(EXAMPLE),
            };
        }
        found
    }

    /// The types that there may be.
    fn types(&self) -> Vec<&'static str> {
        let names = TYPES.iter().map(|of| of.name);
        names
            .filter(|name| self.is_export || *name != INLINE)
            .collect()
    }

    /// Whether a type has an attribute, and the attribute the value.
    fn is_sound(&mut self, of: CacheType, field: &Field<'_>) -> bool {
        let name = field.name.as_deref().unwrap_or_default();
        let Some(attribute) = of.attribute(name) else {
            self.report_unknown(of, name, field);
            return false;
        };
        let place = self.place(field);
        if attribute.is_of_exports && !self.is_export {
            let message = format!("`{name}` says how a cache is written, and this one is read");
            self.report(place, message)
                .help("remove it; in `cache_to` it counts");
            return false;
        }
        let place = if field.value.is_empty() {
            place
        } else {
            self.text.part(&field.value_range)
        };
        let Some(message) = wrong(attribute, field.value) else {
            return true;
        };
        let finding = self.report(place, message);
        match attribute.form {
            AttributeForm::Words(words) => finding.allowed(words),
            AttributeForm::Text if holds_login(attribute, field.value) => {
                finding.help(what_logs_in(of))
            }
            _ => finding,
        };
        false
    }

    fn report_unknown(&mut self, of: CacheType, name: &str, field: &Field<'_>) {
        let known: Vec<&str> = of.attributes(self.is_export).map(|of| of.name).collect();
        let near = nearest(name, &known);
        let message = format!(
            "{} is not an attribute of a layer cache of the type `{}`",
            quoted(name),
            of.name
        );
        let place = self.place(field);
        let finding = self.report(place, message);
        finding.allowed(&known);
        if let Some(near) = near {
            finding.help(format!("did you mean `{near}`?"));
        } else if of.name == INLINE {
            finding.help(
                "an inline cache holds the steps of the image and no others; for those of all stages write `type=registry`",
            );
        }
    }

    /// Whether it has what no such cache is without, or something that was meant to be that.
    fn is_whole(&mut self, of: CacheType, fields: &[Field<'_>]) -> bool {
        let known: Vec<&str> = of.attributes(self.is_export).map(|of| of.name).collect();
        let is_there = |attribute: &&Attribute| {
            let mut names = fields.iter().filter_map(|field| field.name.as_deref());
            names.any(|name| {
                let is_unknown = name != TYPE && !known.contains(&name);
                name == attribute.name
                    || is_unknown && nearest(name, &known) == Some(attribute.name)
            })
        };
        let required = of.attributes(self.is_export).filter(|of| of.is_required);
        let missing: Vec<_> = required.filter(|required| !is_there(required)).collect();
        for attribute in &missing {
            let message = format!(
                "a layer cache of the type `{}` has no `{}`",
                of.name, attribute.name
            );
            let place = self.text.span();
            self.report(place, message)
                .help(format!("add `,{}=...`", attribute.name));
        }
        missing.is_empty()
    }

    fn place(&self, field: &Field<'_>) -> Span {
        if field.range.is_empty() {
            return self.text.span();
        }
        self.text.part(&field.range)
    }

    fn report(&mut self, place: Span, message: String) -> &mut Finding {
        self.findings.report(Code::BadLayerCache, place, message)
    }
}

/// What is wrong with the value of an attribute.
fn wrong(attribute: &Attribute, value: &str) -> Option<String> {
    let name = attribute.name;
    if value.is_empty() {
        return Some(format!("`{name}` is empty"));
    }
    match attribute.form {
        AttributeForm::Text if name == REFERENCE => {
            let wrong = frontend::mistake(repository(value))?;
            Some(format!("{} is no reference: {wrong}", quoted(value)))
        }
        AttributeForm::Text if holds_login(attribute, value) => Some(format!(
            "`{name}` holds a login, and BuildKit reads none of an address"
        )),
        AttributeForm::Text | AttributeForm::Secret => None,
        AttributeForm::Words(words) => (!words.contains(&value)).then(|| {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("`{name}` is {}, not {}", words.join(" or "), quoted(value))
        }),
        AttributeForm::Count => {
            let is_count = value.parse::<u32>().is_ok_and(|count| count > 0);
            (!is_count).then(|| {
                format!(
                    "`{name}` is a whole number above zero, not {}",
                    quoted(value)
                )
            })
        }
    }
}

/// Whether an address has a user, or a query: a shared access signature is one. Whoever reads the plan would read it.
fn holds_login(attribute: &Attribute, value: &str) -> bool {
    attribute.name != REFERENCE && !login::logins(value).is_empty()
}

/// What of a type logs in.
fn what_logs_in(of: CacheType) -> String {
    let attributes = of.attributes(true);
    let secrets = attributes.filter(|attribute| attribute.form == AttributeForm::Secret);
    let names: Vec<String> = secrets
        .map(|attribute| format!("`{}`", attribute.name))
        .collect();
    format!("remove it: what logs in is {}", names.join(", "))
}

/// A reference without its tag and digest.
fn repository(reference: &str) -> &str {
    let named = reference
        .split_once("@sha256:")
        .map_or(reference, |(named, _)| named);
    match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') && !tag.is_empty() => repository,
        _ => named,
    }
}

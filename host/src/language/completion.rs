//! What a word that is being typed may become: a key, a value, a name of something that is there.

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, TextEdit};
use oci_image::yaml::JsonPart;
use oci_image_schema::parameter::{FAMILIES, PARAMETERS};

use super::client::Client;
use super::description::{Description, Topic};
use super::dockerfile_names::{DockerfileNames, dockerfiles_of};
use super::hover::said;
use super::open_text::OpenText;
use super::scene::Theme;
use super::tree::WayStep;
use super::typed_word::{PlacedWord, ReadAs, TypedWord};
use super::workspace;

/// Where a word is typed.
pub(super) struct Typing<'d> {
    pub(super) open: &'d OpenText,
    pub(super) client: &'d Client,
    pub(super) is_ours: bool,
}

/// What is offered for a word.
struct Offer {
    label: String,
    kind: CompletionItemKind,
    detail: Option<String>,
    text: Option<&'static str>,
}

impl Typing<'_> {
    /// What the word at a byte may become.
    pub(super) fn completions(&self, offset: usize) -> Vec<CompletionItem> {
        let word = TypedWord::at(&self.open.text, self.open.format(), offset);
        for placed in word.placed(self.is_ours) {
            let offers = self.offers(&placed);
            if !offers.is_empty() {
                let item = |offer| self.item(offer, &word, placed.reading);
                return offers.into_iter().map(item).collect();
            }
        }
        Vec::new()
    }

    fn offers(&self, placed: &PlacedWord) -> Vec<Offer> {
        let Some(theme) = placed.scene.theme(&placed.standing) else {
            return Vec::new();
        };
        match placed.reading {
            ReadAs::Key => self.keys(placed, &theme),
            ReadAs::Value => self.values(&theme),
        }
    }

    /// The keys that its map does not have yet.
    fn keys(&self, placed: &PlacedWord, theme: &Theme<'_>) -> Vec<Offer> {
        let Some(around) = theme.way.split_last().map(|(_, around)| around) else {
            return Vec::new();
        };
        let map = placed
            .standing
            .parts
            .last()
            .map(|part| placed.scene.tree.part(part));
        let entries = map.iter().flat_map(JsonPart::entries);
        let present: Vec<String> = entries.map(|entry| entry.name).collect();
        let keys = Description::of(theme.topic, around).keys();
        let keys = keys.into_iter().map(|key| Offer {
            label: key.name.to_owned(),
            kind: CompletionItemKind::PROPERTY,
            detail: key.title().map(str::to_owned),
            text: key.text(self.client.reads_markdown),
        });
        let names = self.names_of_dockerfile(theme, around);
        let offers = keys.chain(names);
        offers
            .filter(|offer| !present.contains(&offer.label))
            .collect()
    }

    /// The keys whose names stand in the Dockerfile: of arguments and secrets.
    fn names_of_dockerfile(&self, theme: &Theme<'_>, around: &[WayStep]) -> Vec<Offer> {
        let names = |pattern: &str, list: fn(DockerfileNames) -> Vec<String>| {
            let found = self
                .dockerfile(theme)
                .map(list)
                .unwrap_or_default()
                .into_iter();
            let offer = |name: String| Offer {
                label: format!("{pattern}{name}"),
                kind: CompletionItemKind::VARIABLE,
                detail: Some("named in the Dockerfile".to_owned()),
                text: None,
            };
            found.map(offer).collect::<Vec<_>>()
        };
        match (theme.topic, names_of(around).as_slice()) {
            (Topic::Task, ["params"]) => {
                let mut offers = names("BUILD_ARG_", |names| names.arguments);
                offers.extend(names("BUILDKIT_SECRET_", |names| names.secrets));
                offers
            }
            (Topic::Object, ["buildkit_secrets"])
            | (Topic::Message, ["object", "buildkit_secrets"]) => names("", |names| names.secrets),
            _ => Vec::new(),
        }
    }

    fn values(&self, theme: &Theme<'_>) -> Vec<Offer> {
        let words = Description::of(theme.topic, theme.way).words().into_iter();
        let mut offers: Vec<Offer> = words
            .map(|word| offer(word, CompletionItemKind::VALUE, None))
            .collect();
        let key = theme.way.iter().rev().find_map(|step| match step {
            WayStep::Key(name) => Some(name.as_str()),
            WayStep::Item(_) => None,
        });
        let key = key.unwrap_or_default();
        if ["target", "additional_targets"].contains(&&*key.to_ascii_lowercase()) {
            let stages = self
                .dockerfile(theme)
                .map(|names| names.stages)
                .unwrap_or_default();
            offers.extend(stages.into_iter().map(|(name, _)| {
                offer(
                    name,
                    CompletionItemKind::ENUM_MEMBER,
                    Some("a stage of the Dockerfile"),
                )
            }));
        }
        if theme.topic == Topic::Task && is_path(key) {
            offers.extend(inputs(&theme.whole).into_iter().map(|name| {
                offer(
                    name,
                    CompletionItemKind::FOLDER,
                    Some("an input of the task"),
                )
            }));
        }
        offers
    }

    /// The names in its Dockerfile, if that is there.
    fn dockerfile(&self, theme: &Theme<'_>) -> Option<DockerfileNames> {
        let names = dockerfiles_of(theme.topic, &theme.whole);
        let found = workspace::find(&self.client.roots, &self.open.path, &names)?;
        Some(DockerfileNames::of(&found.text))
    }

    fn item(&self, offer: Offer, word: &TypedWord<'_>, reading: ReadAs) -> CompletionItem {
        let written = match reading {
            ReadAs::Key => word.key(&offer.label),
            ReadAs::Value => word.value(&offer.label),
        };
        let range = self
            .open
            .index
            .range(&self.open.text, self.client.unit, word.place.clone());
        CompletionItem {
            kind: Some(offer.kind),
            detail: offer.detail,
            documentation: (offer.text)
                .map(|text| Documentation::MarkupContent(said(text, self.client))),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, written))),
            label: offer.label,
            ..CompletionItem::default()
        }
    }
}

fn offer(label: String, kind: CompletionItemKind, detail: Option<&str>) -> Offer {
    Offer {
        label,
        kind,
        detail: detail.map(str::to_owned),
        text: None,
    }
}

/// The keys of a way; of an item of a list nothing.
pub(super) fn names_of(way: &[WayStep]) -> Vec<&str> {
    way.iter()
        .map(|step| match step {
            WayStep::Key(name) => name.as_str(),
            WayStep::Item(_) => "",
        })
        .collect()
}

/// Whether a parameter is a path.
pub(super) fn is_path(name: &str) -> bool {
    let parameter = PARAMETERS
        .iter()
        .find(|parameter| parameter.name.eq_ignore_ascii_case(name));
    let family = || {
        FAMILIES
            .iter()
            .find(|family| name.starts_with(family.prefix))
    };
    parameter.is_some_and(|parameter| parameter.is_path())
        || family().is_some_and(|family| family.is_path())
}

/// The directories of a task's inputs.
fn inputs(task: &JsonPart<'_>) -> Vec<String> {
    let inputs = task
        .key("inputs")
        .map(|list| list.items())
        .unwrap_or_default();
    let path = |input: &JsonPart<'_>| input.key("path").or_else(|| input.key("name"))?.text();
    inputs.iter().filter_map(path).collect()
}

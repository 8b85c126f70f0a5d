//! What a document holds, as an outline: of a pipeline the jobs with tasks that build images, of a task its parameters, of an object its keys.

use lsp_types::{DocumentSymbol, SymbolKind};
use oci_image::yaml::{JsonEntry, JsonPart};

use super::line_index::Unit;
use super::open_text::OpenText;
use super::scene::Scene;

/// How deep maps of an object are told.
const DEEPEST: usize = 3;
/// How many symbols are told of a map or list.
const MOST: usize = 1000;

/// An outline that is drawn.
pub(super) struct Outlined<'d> {
    pub(super) scene: &'d Scene,
    pub(super) open: &'d OpenText,
    pub(super) unit: Unit,
}

impl Outlined<'_> {
    /// What the document holds.
    pub(super) fn symbols(&self) -> Vec<DocumentSymbol> {
        let themes = self.scene.themes();
        if let Some((_, whole)) = themes.first() {
            return self.keys(whole, 1);
        }
        let jobs = self.scene.tree.whole().key("jobs");
        let jobs = jobs.map(|jobs| jobs.items()).unwrap_or_default();
        jobs.iter()
            .take(MOST)
            .filter_map(|job| self.job(job))
            .collect()
    }

    /// A job, if it has tasks that build images.
    fn job(&self, job: &JsonPart<'_>) -> Option<DocumentSymbol> {
        let mut tasks = Vec::new();
        self.tasks(job, &mut tasks);
        let name = job.key("name")?;
        if tasks.is_empty() {
            return None;
        }
        let title = name.text().unwrap_or_default();
        Some(holding(
            self.symbol(title, SymbolKind::MODULE, &name, job),
            tasks,
        ))
    }

    /// The tasks within a part, however deep they stand.
    fn tasks(&self, part: &JsonPart<'_>, found: &mut Vec<DocumentSymbol>) {
        let config = part
            .key("config")
            .filter(|config| self.scene.is_config(config));
        if let (Some(config), Some(name)) = (config, part.key("task")) {
            let params = config
                .key("params")
                .map(|params| self.keys(&params, DEEPEST));
            let title = name.text().unwrap_or_default();
            let symbol = self.symbol(title, SymbolKind::FUNCTION, &name, part);
            found.push(holding(symbol, params.unwrap_or_default()));
            return;
        }
        let values = part.entries().into_iter().map(|entry| entry.value);
        for value in values.chain(part.items()).take(MOST) {
            self.tasks(&value, found);
        }
    }

    /// The keys of a map, and what is below them.
    fn keys(&self, map: &JsonPart<'_>, depth: usize) -> Vec<DocumentSymbol> {
        let entries = map.entries().into_iter().take(MOST);
        entries.map(|entry| self.key(entry, depth)).collect()
    }

    fn key(&self, entry: JsonEntry<'_>, depth: usize) -> DocumentSymbol {
        let below = if depth < DEEPEST {
            self.keys(&entry.value, depth + 1)
        } else {
            Vec::new()
        };
        let kind = match &entry.value {
            value if value.is_map() => SymbolKind::OBJECT,
            value if value.is_list() => SymbolKind::ARRAY,
            value if value.text().is_some() => SymbolKind::STRING,
            _ => SymbolKind::CONSTANT,
        };
        let name = self.scene.tree.part(&entry.key);
        let whole = self
            .scene
            .tree
            .part(&(entry.key.start..entry.value.range().end));
        holding(self.symbol(entry.name, kind, &name, &whole), below)
    }

    #[allow(
        deprecated,
        reason = "a field that is no longer said has to be left out"
    )]
    fn symbol(
        &self,
        name: String,
        kind: SymbolKind,
        at: &JsonPart<'_>,
        whole: &JsonPart<'_>,
    ) -> DocumentSymbol {
        let place = |part: &JsonPart<'_>| self.scene.tree.place(&part.range());
        let (at, whole) = (place(at), place(whole));
        // A client refuses a symbol that does not hold its name: one may stand for what is written elsewhere.
        let whole = whole.start.min(at.start)..whole.end.max(at.end);
        let range = |bytes| self.open.index.range(&self.open.text, self.unit, bytes);
        DocumentSymbol {
            // Nor one without a name.
            name: if name.is_empty() {
                "?".to_owned()
            } else {
                name
            },
            detail: None,
            kind,
            tags: None,
            deprecated: None,
            range: range(whole),
            selection_range: range(at),
            children: None,
        }
    }
}

/// A symbol with those below it.
fn holding(symbol: DocumentSymbol, below: Vec<DocumentSymbol>) -> DocumentSymbol {
    DocumentSymbol {
        children: (!below.is_empty()).then_some(below),
        ..symbol
    }
}

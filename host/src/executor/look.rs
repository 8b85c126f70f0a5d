//! A look at the plan's contexts while the daemon starts: where they are as they were, the daemon need not be sent them again.
//!
//! It only saves time: whatever goes wrong, contexts are compared as those of a first build are.
//!
//! Reads: metadata of the contexts, the Dockerfile, lists of what is left out; by content every file. Writes: a key in the daemon's
//! root, and dates.
//! Unknown here: what makes a fingerprint. Source: BuildKit, `frontend/dockerui`: what is asked of which local.

use std::io;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::{Cancel, CancelOnDrop};
use crate::boundary::handle::Directory;
use crate::buildkit::context::{
    Checkout, Fingerprint, Identity, IdentityKey, Local, LocalQuestion, MARGIN, Patterns,
    forget_dates, rules,
};
use crate::buildkit::contexts::Contexts;
use crate::executor::dockerfile::{IGNORE_LIST, LOCAL, lower_case, own_ignore_list};
use crate::executor::opened::Opened;
use crate::executor::site::Site;
use crate::planner::checked_plan::CheckedPlan;

/// The local that holds what is copied.
const CONTEXT: &str = "context";

/// How much of such a list is read, in bytes: less than a fingerprint reads of it.
const TEXT_LIMIT: u64 = 1 << 19;

/// A look that was begun. Dropping it calls it off.
pub(super) struct Look {
    locals: Vec<Local>,
    looking: JoinHandle<Option<Looked>>,
    _cancel: CancelOnDrop,
}

/// What was seen of the contexts.
enum Looked {
    Fingerprint(Fingerprint),
    Checkout(Checkout),
}

impl Look {
    /// Begins to look at what the solves of a plan read: they all read the same.
    pub(super) fn begin(plan: &CheckedPlan, opened: &Opened) -> Self {
        let solve = plan.solves().first();
        let locals = solve.map_or_else(Vec::new, |solve| opened.locals(solve));
        let cancel = Cancel::default();
        let name = opened.dockerfile.as_ref().map(|found| found.name.clone());
        let by_content = plan.context_by_content();
        let (looked_at, cancelled) = (locals.clone(), cancel.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let questions = questions(&looked_at, &name?)?;
            if by_content {
                let checkout = Checkout::look(questions, &cancelled);
                return checkout.ok().map(Looked::Checkout);
            }
            let fingerprint = Fingerprint::take(questions, MARGIN, &cancelled);
            fingerprint.ok().map(Looked::Fingerprint)
        });
        Self {
            locals,
            looking,
            _cancel: cancel.on_drop(),
        }
    }

    /// Offers the contexts to each daemon; `None` for one that does not take them so: each solve offers them itself then.
    pub(super) async fn offer(self, site: Site<'_>) -> Vec<Option<Arc<Contexts>>> {
        let seen = self.looking.await.ok().flatten();
        let identity = identity(seen, site).await;
        let mut offered = Vec::new();
        for share in site.engine.shares() {
            let contexts = share
                .client
                .offer(self.locals.clone(), identity.clone())
                .await;
            offered.push(contexts.ok().map(Arc::new));
        }
        offered
    }
}

/// The identity under the key in the daemon's root, which is this user's alone since the daemon runs.
async fn identity(seen: Option<Looked>, site: Site<'_>) -> Identity {
    let root = site.host.root.clone();
    blocking(move || identify(seen, Directory::open(&root)?))
        .await
        .unwrap_or(Identity::Random)
}

fn identify(seen: Option<Looked>, root: Directory) -> io::Result<Identity> {
    if let Some(Looked::Checkout(checkout)) = seen {
        return IdentityKey::kept_in(root)?.identify_checkout(checkout);
    }
    forget_dates(&root)?;
    let Some(Looked::Fingerprint(fingerprint)) = seen else {
        return Ok(Identity::Random);
    };
    Ok(IdentityKey::kept_in(root)?.identify(fingerprint))
}

/// What the frontend asks of the locals for a Dockerfile of this name; `None` if that cannot be told.
fn questions(locals: &[Local], name: &str) -> Option<Vec<LocalQuestion>> {
    let local = |name: &str| locals.iter().find(|local| local.name == name);
    let (dockerfile, context) = (local(LOCAL)?, local(CONTEXT)?);
    let own = own_ignore_list(name);
    let mut texts = vec![name.to_owned(), own.clone()];
    texts.extend(lower_case(name));
    let mut questions = vec![named(dockerfile, &texts)];
    let list = match text(dockerfile, &own)? {
        // Whether an empty one counts is the frontend's business.
        Some(list) if list.is_empty() => return None,
        Some(list) => list,
        None => {
            questions.push(named(context, &[IGNORE_LIST.to_owned()]));
            text(context, IGNORE_LIST)?.unwrap_or_default()
        }
    };
    let exclude = rules(&list).into_iter().map(|(_, pattern)| pattern);
    questions.push(LocalQuestion {
        local: context.clone(),
        patterns: Patterns {
            exclude: exclude.collect(),
            ..Patterns::default()
        },
    });
    Some(questions)
}

/// The question for files by their names.
fn named(local: &Local, names: &[String]) -> LocalQuestion {
    LocalQuestion {
        local: local.clone(),
        patterns: Patterns {
            follow: names.iter().map(|name| name.clone().into_bytes()).collect(),
            ..Patterns::default()
        },
    }
}

/// A file by its name: `Some(None)` if there is none, `None` if it cannot be read whole.
fn text(local: &Local, name: &str) -> Option<Option<Vec<u8>>> {
    match local.directory.text_as_root(name, TEXT_LIMIT) {
        Ok(text) => ((text.len() as u64) < TEXT_LIMIT).then_some(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

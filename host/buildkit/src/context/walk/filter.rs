//! The filter: which entries of a tree the daemon wants, and which directories need not be entered.
//!
//! An entry is shown if it matches an include pattern (or there are none) and no exclude pattern. A directory that is
//! not shown is entered all the same if something in it may be; it is shown after all once something in it is.
//!
//! Reads: symlinks that lie on the follow paths. Writes: nothing. Unknown here: how the tree is listed.
//! Source: fsutil at 6d9dc2ebad62 (`filter.go`).

use std::sync::Arc;

use crate::context::ignore::{Inherited, Matcher, Pattern, PatternError};
use crate::context::walk::error::WalkError;
use crate::context::walk::follow;
use crate::context::walk::root::Root;

/// What the daemon asks for of a local, as it says it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// Only what matches one of these; everything if there are none.
    pub include: Vec<Vec<u8>>,
    /// Nothing that matches these.
    pub exclude: Vec<Vec<u8>>,
    /// Includes these paths, the symlinks on them, and what those point to.
    pub follow: Vec<Vec<u8>>,
}

/// [`Patterns`], ready for use.
#[derive(Debug)]
pub(crate) struct Filter {
    include: Option<Side>,
    exclude: Option<Side>,
}

/// The patterns of one side, and what can be told from their beginnings.
#[derive(Debug)]
struct Side {
    matcher: Matcher,
    /// The beginnings of the patterns that let something in, each with a `/` at its end; `None` if one of them has a
    /// wildcard before its end, and so may match anywhere.
    beginnings: Option<Vec<Vec<u8>>>,
}

/// What the entries of a directory inherit from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope(Arc<(Inherited, Inherited)>);

/// What becomes of a directory that is entered.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) shown: bool,
    pub(super) scope: Scope,
}

impl Filter {
    /// Reads the patterns, and resolves the follow paths.
    ///
    /// # Errors
    /// [`WalkError::Pattern`]; [`WalkError::List`] and [`WalkError::Examine`] for what lies on a follow path.
    pub(crate) fn new(root: &Root, patterns: &Patterns) -> Result<Self, WalkError> {
        let mut include = patterns.include.clone();
        if !patterns.follow.is_empty()
            && let Some(targets) = follow::resolve(root, &patterns.follow)?
        {
            include.extend(targets);
            // Empty if one of them is the root: then nothing is filtered, by an include pattern either.
            include = follow::without_descendants(include).unwrap_or_default();
        }
        Ok(Self {
            include: Side::new(&include, |pattern| !pattern.is_exception())?,
            exclude: Side::new(&patterns.exclude, Pattern::is_exception)?,
        })
    }

    /// Whether a file is shown.
    pub(super) fn shows_file(&self, path: &[u8], scope: &Scope) -> Result<bool, PatternError> {
        let (included, excluded) = &*scope.0;
        if let Some(include) = &self.include
            && !include.matcher.matches(path, included)?
        {
            return Ok(false);
        }
        match &self.exclude {
            Some(exclude) => Ok(!exclude.matcher.matches(path, excluded)?),
            None => Ok(true),
        }
    }

    /// What becomes of a directory; `None` if nothing in it is wanted.
    pub(super) fn enter(
        &self,
        path: &[u8],
        scope: &Scope,
    ) -> Result<Option<Entered>, PatternError> {
        let mut shown = true;
        let mut inherited = (Inherited::default(), Inherited::default());
        if let Some(include) = &self.include {
            let (matched, own) = include.matcher.matches_directory(path, &scope.0.0)?;
            if !matched && !include.may_reach_into(path) {
                return Ok(None);
            }
            shown &= matched;
            inherited.0 = own;
        }
        if let Some(exclude) = &self.exclude {
            let (matched, own) = exclude.matcher.matches_directory(path, &scope.0.1)?;
            if matched && !exclude.may_reach_into(path) {
                return Ok(None);
            }
            shown &= !matched;
            inherited.1 = own;
        }
        let scope = Scope(Arc::new(inherited));
        Ok(Some(Entered { shown, scope }))
    }
}

impl Side {
    /// `None` without patterns. `lets_in` tells the patterns that can show something in a directory that is not shown.
    fn new(
        patterns: &[Vec<u8>],
        lets_in: impl Fn(&Pattern) -> bool,
    ) -> Result<Option<Self>, PatternError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let matcher = Matcher::new(patterns)?;
        let beginnings = matcher
            .patterns()
            .iter()
            .filter(|pattern| lets_in(pattern))
            .map(|pattern| beginning(pattern.text()))
            .collect();
        Ok(Some(Self {
            matcher,
            beginnings,
        }))
    }

    fn may_reach_into(&self, directory: &[u8]) -> bool {
        let Some(beginnings) = &self.beginnings else {
            return true;
        };
        beginnings.iter().any(|beginning| {
            beginning
                .strip_prefix(directory)
                .is_some_and(|rest| rest.starts_with(b"/"))
        })
    }
}

/// The pattern without `/*` and `/**` at its end, and with a `/`; `None` if a wildcard is left.
fn beginning(pattern: &[u8]) -> Option<Vec<u8>> {
    let text = pattern.strip_suffix(b"/**").unwrap_or(pattern);
    let text = text.strip_suffix(b"/*").unwrap_or(text);
    let plain = !text.iter().any(|byte| b"*[]?^\\".contains(byte));
    plain.then(|| [text, b"/"].concat())
}

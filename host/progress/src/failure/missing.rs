//! A path that COPY did not find: what the context has instead.
//!
//! Follows the path from the context's root to the first part that is not there, and says what is there.
//!
//! Reads: directories of the context, through the caller. Writes: nothing. Unknown here: the file system.

use crate::line::one_line;
use oci_image_boundary::near_miss::distance;
use oci_image_boundary::outside::listed;

/// How many near misses are named.
const MOST_NEAR: usize = 3;

/// A name in a directory of the build context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextName {
    /// The name alone, without its directory.
    pub name: String,
    /// Whether `.dockerignore` keeps it, and all below it, from the daemon.
    pub excluded: bool,
}

/// Gives the names in a directory of the build context: `""` is its root, a directory that is not there has none.
pub type ListContext<'a> = &'a dyn Fn(&str) -> Vec<ContextName>;

/// Says which line of which file keeps a path of the context from the daemon: `` `.dockerignore:2` (`docs`) ``.
pub type Excluding<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What to say of `path`, which the daemon did not find in the context.
pub(super) fn explain(
    path: &str,
    list: ListContext<'_>,
    excluding: Option<Excluding<'_>>,
) -> Option<String> {
    let mut directory = String::new();
    // The uppermost directory that is left out, unless an exception brings back what is in it.
    let mut left_out: Option<String> = None;
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        let names = list(&directory);
        let here = join(&directory, part);
        match names.iter().find(|name| name.name == part) {
            Some(found) => {
                left_out = found.excluded.then(|| left_out.unwrap_or(here.clone()));
                directory = here;
            }
            None if left_out.is_some() => break,
            None => return Some(what_is_there(&directory, part, &names)),
        }
    }
    let by = |path: &str| {
        let by = excluding.and_then(|excluding| excluding(path));
        by.unwrap_or_else(|| "`.dockerignore`".to_owned())
    };
    if let Some(path) = left_out {
        let by = by(&path);
        return Some(format!(
            "`{}` exists, but {by} excludes it",
            one_line(&path)
        ));
    }
    // A directory is sent with the first file that is in it.
    let names = list(&directory);
    let first = names.first().filter(|_| !directory.is_empty())?;
    names.iter().all(|name| name.excluded).then(|| {
        let by = by(&join(&directory, &first.name));
        format!(
            "`{}` exists, but {by} excludes what is in it",
            one_line(&directory)
        )
    })
}

fn what_is_there(directory: &str, part: &str, names: &[ContextName]) -> String {
    let place = if directory.is_empty() {
        "the context".to_owned()
    } else {
        format!("`{}/`", one_line(directory))
    };
    let absent = format!("{place} has no `{}`", one_line(part));
    let near = near_misses(part, names);
    if !near.is_empty() {
        let near: Vec<String> = near.iter().map(|name| shown(directory, name)).collect();
        return format!("{absent}: did you mean {}?", near.join(" or "));
    }
    let sent: Vec<&ContextName> = names.iter().filter(|name| !name.excluded).collect();
    if sent.is_empty() {
        return format!(
            "{absent}: it is empty{}",
            if names.is_empty() {
                ""
            } else {
                " but for excluded files"
            }
        );
    }
    let names: Vec<&str> = sent.iter().map(|name| name.name.as_str()).collect();
    format!("{absent}, only {}", listed(&names))
}

fn near_misses<'a>(part: &str, names: &'a [ContextName]) -> Vec<&'a ContextName> {
    let mut near: Vec<(usize, &ContextName)> = names
        .iter()
        .filter_map(|name| Some((distance(part, &name.name)?, name)))
        .collect();
    near.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    near.into_iter()
        .take(MOST_NEAR)
        .map(|(_, name)| name)
        .collect()
}

fn shown(directory: &str, name: &ContextName) -> String {
    let path = one_line(&join(directory, &name.name));
    if name.excluded {
        format!("`{path}` (which `.dockerignore` excludes)")
    } else {
        format!("`{path}`")
    }
}

pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(directory: &str) -> Vec<ContextName> {
        let names: &[&str] = match directory {
            "" => &[
                "Dockerfile",
                "README.md",
                "!node_modules",
                "src",
                "!dist",
                "empty",
            ],
            "src" => &["main.c", "Main.h", "util.c"],
            "empty" => &["!cache"],
            _ => &[],
        };
        names
            .iter()
            .map(|name| ContextName {
                name: name.trim_start_matches('!').into(),
                excluded: name.starts_with('!'),
            })
            .collect()
    }

    fn hint(path: &str) -> String {
        explain(path, &context, None).unwrap_or_default()
    }

    #[test]
    fn a_near_miss_is_suggested_wherever_in_the_path_it_is() {
        assert_eq!(
            hint("/src/mian.c"),
            "`src/` has no `mian.c`: did you mean `src/main.c`?"
        );
        assert_eq!(
            hint("/scr/main.c"),
            "the context has no `scr`: did you mean `src`?"
        );
        assert_eq!(
            hint("/src/main.h"),
            "`src/` has no `main.h`: did you mean `src/Main.h` or `src/main.c`?"
        );
        assert_eq!(
            hint("/dits"),
            "the context has no `dits`: did you mean `dist` (which `.dockerignore` excludes)?"
        );
    }

    #[test]
    fn an_excluded_path_is_said_to_be_excluded() {
        assert_eq!(
            hint("/node_modules/x"),
            "`node_modules` exists, but `.dockerignore` excludes it"
        );
    }

    #[test]
    fn a_directory_of_excluded_files_is_said_to_be_one() {
        assert_eq!(
            hint("/empty"),
            "`empty` exists, but `.dockerignore` excludes what is in it"
        );
        assert_eq!(hint("/src"), "");
        assert_eq!(hint("/"), "");
    }

    #[test]
    fn what_excludes_a_path_is_named_and_an_exception_brings_it_back() {
        let tree = |directory: &str| {
            let names: &[(&str, bool)] = match directory {
                "" => &[("docs", true)],
                "docs" => &[("api", true), ("README", false)],
                _ => &[],
            };
            let name = |(name, excluded): &(&str, bool)| ContextName {
                name: (*name).into(),
                excluded: *excluded,
            };
            names.iter().map(name).collect()
        };
        let excluding = |path: &str| Some(format!("line 2 (of {path})"));
        let hint = |path: &str| explain(path, &tree, Some(&excluding));

        let excluded = Some("`docs` exists, but line 2 (of docs) excludes it".to_owned());
        assert_eq!(hint("/docs/api/x"), excluded);
        assert_eq!(hint("/docs/gone"), excluded);
        assert_eq!(hint("/docs/README"), None);
    }

    #[test]
    fn without_a_near_miss_what_is_there_is_listed() {
        assert_eq!(
            hint("/target/app"),
            "the context has no `target`, only `Dockerfile`, `README.md`, `src`, `empty`"
        );
        assert_eq!(
            hint("/empty/x"),
            "`empty/` has no `x`: it is empty but for excluded files"
        );
        assert_eq!(
            hint("/src/main.c/x"),
            "`src/main.c/` has no `x`: it is empty"
        );
        let many = |_: &str| {
            (0..500)
                .map(|n| ContextName {
                    name: format!("file{n:03}"),
                    excluded: false,
                })
                .collect()
        };
        assert_eq!(
            explain("zz", &many, None).unwrap_or_default(),
            "the context has no `zz`, only `file000`, `file001`, `file002`, `file003`, `file004`, `file005`, `file006`, \
             `file007`, `file008`, `file009` and 490 more"
        );
    }

    #[test]
    fn a_path_that_is_there_needs_no_hint() {
        assert_eq!(explain("/src/main.c", &context, None), None);
    }
}

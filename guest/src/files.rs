//! Looks at what the object names: whether it exists, and is the file or directory that it should be.
//!
//! Asks only what stands at a path; contents are read elsewhere, and those of a secret nowhere.
//! Source: `planner.wit`, interface `workspace`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::findings::{Findings, quoted};
use crate::json::Text;
use crate::name;
use crate::request::Request;
use crate::workspace::{Entry, FileError, Workspace};

/// What should stand at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    File,
    Directory,
    Either,
}

/// A path that the object names or the contract fixes.
#[derive(Clone, Copy)]
struct Named<'p> {
    /// What it is to the build.
    what: &'p str,
    path: &'p str,
    /// Where the object asks for it.
    cause: Span,
}

/// Looks at paths, and reports what is not as it should be.
pub(crate) struct Files<'f, 't, 'w> {
    pub(crate) findings: &'f mut Findings<'t>,
    pub(crate) workspace: &'w dyn Workspace,
}

impl<'t> Files<'_, 't, '_> {
    /// Everything that must exist before a build begins.
    pub(crate) fn check(&mut self, request: &Request<'t>) {
        self.context(request);
        for pair in &request.image_args {
            self.expect(
                Wanted::Either,
                named("the image", &pair.value, pair.text.span()),
            );
        }
        for file in request
            .buildkit_secrets
            .iter()
            .filter_map(|secret| secret.file.as_ref())
        {
            self.expect_text(Wanted::File, "the file of the secret", file);
        }
        if let Some(ssh) = &request.buildkit_ssh {
            for path in &ssh.paths {
                self.expect(
                    Wanted::File,
                    named("the socket or key", path, ssh.text.span()),
                );
            }
        }
        for registry in &request.registries {
            for ca in &registry.ca {
                self.expect_text(Wanted::File, "the certificate", ca);
            }
            for pair in &registry.keypair {
                self.expect_text(Wanted::File, "the private key", &pair.key);
                self.expect_text(Wanted::File, "the certificate", &pair.cert);
            }
            for directory in &registry.tlsconfigdir {
                self.expect_text(Wanted::Directory, "the directory", directory);
            }
        }
    }

    fn context(&mut self, request: &Request<'t>) {
        let Some(context) = &request.context else {
            if let Some(dockerfile) = &request.dockerfile {
                self.expect_text(Wanted::File, "the Dockerfile", dockerfile);
            }
            return;
        };
        let default = (!request.names_dockerfile).then(|| {
            let path = name::join(context.as_str(), "Dockerfile");
            let found = self.workspace.entry_at(&path);
            (path, found)
        });
        // A context that holds a file is a directory: most are asked about by their Dockerfile alone.
        let exists = matches!(default, Some((_, Ok(Entry::File))))
            || self.expect_text(Wanted::Directory, "the context", context);
        match (&request.dockerfile, default) {
            (Some(dockerfile), _) => self.named_dockerfile(context, dockerfile),
            (None, Some((path, found))) if exists => {
                self.default_dockerfile(context, &path, found);
            }
            (None, _) => {}
        }
        for (_, place) in request.context_inputs.iter().filter(|_| exists) {
            let path = name::join(context.as_str(), &name::normal(place.as_str()));
            if self.workspace.entry_at(&path) != Ok(Entry::Directory) {
                let message = format!("no directory stands at {}", quoted(&path));
                let help = "Concourse puts the input there; elsewhere, put it there yourself";
                self.findings
                    .report(Code::MissingInput, place.span(), message)
                    .help(help);
            }
        }
    }

    fn named_dockerfile(&mut self, context: &Text<'t>, dockerfile: &Text<'t>) {
        let found = self.workspace.entry_at(dockerfile.as_str());
        if is_nothing(&found) {
            let within = name::join(context.as_str(), dockerfile.as_str());
            let message = format!(
                "the Dockerfile {} does not exist",
                quoted(dockerfile.as_str())
            );
            let is_within = within != dockerfile.as_str() && self.is_file(&within);
            let finding = self
                .findings
                .report(Code::MissingPath, dockerfile.span(), message);
            if is_within {
                finding.help(format!(
                    "the path is relative to the working directory, not to the context: write {}",
                    quoted(&within)
                ));
            }
        } else {
            let named = named("the Dockerfile", dockerfile.as_str(), dockerfile.span());
            self.judge(found, Wanted::File, named);
        }
    }

    fn default_dockerfile(
        &mut self,
        context: &Text<'t>,
        path: &str,
        found: Result<Entry, FileError>,
    ) {
        if !is_nothing(&found) {
            let named = named("the Dockerfile", path, context.span());
            self.judge(found, Wanted::File, named);
            return;
        }
        let message = format!(
            "the context holds no Dockerfile: {} does not exist",
            quoted(path)
        );
        self.findings
            .report(Code::MissingPath, context.span(), message)
            .help("name it with `dockerfile`");
    }

    fn expect_text(&mut self, wanted: Wanted, what: &str, path: &Text<'t>) -> bool {
        self.expect(wanted, named(what, path.as_str(), path.span()))
    }

    /// Whether what is wanted stands at a path; reports if not.
    fn expect(&mut self, wanted: Wanted, named: Named) -> bool {
        let found = self.workspace.entry_at(named.path);
        self.judge(found, wanted, named)
    }

    /// The same of an answer that is there already.
    fn judge(&mut self, found: Result<Entry, FileError>, wanted: Wanted, named: Named) -> bool {
        let Named { what, path, cause } = named;
        let quoted = quoted(path);
        let (code, message) = match (wanted, found) {
            (Wanted::File | Wanted::Either, Ok(Entry::File))
            | (Wanted::Directory | Wanted::Either, Ok(Entry::Directory)) => {
                return true;
            }
            (_, Ok(Entry::Nothing) | Err(FileError::NotFound)) => {
                (Code::MissingPath, format!("{what} {quoted} does not exist"))
            }
            (_, Ok(Entry::File)) => (
                Code::NotADirectory,
                format!("{what} {quoted} is a file, not a directory"),
            ),
            (_, Ok(Entry::Directory)) => (
                Code::NotAFile,
                format!("{what} {quoted} is a directory, not a file"),
            ),
            (_, Err(FileError::TooLarge(limit))) => (
                Code::SecretTooLarge,
                format!("{what} {quoted} holds more than {limit} bytes"),
            ),
            (_, Err(error)) => (
                Code::UnreadableFile,
                format!("cannot look at {quoted}: {}", words(&error)),
            ),
        };
        self.findings.report(code, cause, message);
        false
    }

    /// Whether a directory stands at a path that the contract fixes, or nothing; no answer, and a finding, if it is anything else.
    pub(crate) fn directory(&mut self, path: &str, cause: Span) -> Option<bool> {
        let found = self.workspace.entry_at(path);
        if is_nothing(&found) {
            return Some(false);
        }
        self.judge(
            found,
            Wanted::Directory,
            named("the directory", path, cause),
        )
        .then_some(true)
    }

    /// Whether a file stands at a path. No answer is no.
    pub(crate) fn is_file(&self, path: &str) -> bool {
        self.workspace.entry_at(path) == Ok(Entry::File)
    }
}

fn named<'p>(what: &'p str, path: &'p str, cause: Span) -> Named<'p> {
    Named { what, path, cause }
}

/// Whether the answer is that nothing stands there.
fn is_nothing(found: &Result<Entry, FileError>) -> bool {
    matches!(found, Ok(Entry::Nothing) | Err(FileError::NotFound))
}

fn words(error: &FileError) -> &str {
    match error {
        FileError::NotFound => "nothing stands there",
        FileError::NotText => "it is not text",
        FileError::IsDirectory => "it is a directory",
        FileError::TooLarge(_) => "it is too large",
        FileError::Denied => "the host does not answer for it",
        FileError::Other(words) => words,
    }
}

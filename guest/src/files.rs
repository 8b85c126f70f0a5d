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

/// The Dockerfile of a context, and what it may be called besides.
const DOCKERFILE: &str = "Dockerfile";
const LOWER_CASE: &str = "dockerfile";
/// The files of which one stands in each directory that is an image: an OCI layout, an archive of `docker save` unpacked.
const IMAGE_MARKERS: &[&str] = &["oci-layout", "manifest.json"];

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
    /// Absent: it is not repeated.
    path: Option<&'p str>,
    /// Where the object asks for it.
    cause: Span,
}

/// A file that holds a secret, by the id of that.
#[derive(Clone, Copy)]
struct Hidden<'p> {
    what: &'p str,
    id: &'p str,
    /// What to do where none stands.
    help: &'p str,
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
            self.image(&pair.value, pair.text.span());
        }
        for secret in &request.buildkit_secrets {
            if let Some(file) = &secret.file {
                self.secret(&secret.id, file);
            }
        }
        if let Some(ssh) = &request.buildkit_ssh {
            for path in &ssh.paths {
                self.agent(&ssh.id, path, ssh.text.span());
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

    fn secret(&mut self, id: &Text<'t>, file: &Text<'t>) {
        let what = Hidden {
            what: "the file of the secret",
            id: id.as_str(),
            help: "write the path of a file, or the text itself as {\"text\": \"...\"}",
        };
        self.hidden(what, file.as_str(), file.span());
    }

    fn agent(&mut self, id: &str, path: &str, cause: Span) {
        let what = Hidden {
            what: "the socket or key of the agent",
            id,
            help: "write the path of a socket, or of a file that holds a private key",
        };
        self.hidden(what, path, cause);
    }

    /// A file that holds a secret. What is written in the place of its path may be the text itself, so it is not repeated.
    fn hidden(&mut self, hidden: Hidden<'_>, path: &str, cause: Span) {
        let found = self.workspace.entry_at(path);
        let what = format!("{} {}", hidden.what, quoted(hidden.id));
        if is_nothing(&found) {
            let message = format!("{what} does not exist");
            self.findings
                .report(Code::MissingPath, cause, message)
                .help(hidden.help);
            return;
        }
        let named = Named {
            what: &what,
            path: None,
            cause,
        };
        self.judge(found, Wanted::File, named);
    }

    fn context(&mut self, request: &Request<'t>) {
        let Some(context) = &request.context else {
            if let Some(dockerfile) = &request.dockerfile {
                self.expect_text(Wanted::File, "the Dockerfile", dockerfile);
            }
            return;
        };
        let default = (!request.names_dockerfile).then(|| {
            let path = name::join(context.as_str(), DOCKERFILE);
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
        let (directory, name) = name::split(dockerfile.as_str());
        if is_nothing(&found) && name == DOCKERFILE && self.is_lower_case_in(directory) {
            return;
        }
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
        if found != Ok(Entry::File) && self.is_lower_case_in(context.as_str()) {
            return;
        }
        let (code, message) = match &found {
            Err(FileError::Other(words)) => (
                Code::UnreadableFile,
                format!("cannot look at {}: {words}", quoted(path)),
            ),
            found if is_nothing(found) => (
                Code::MissingPath,
                format!(
                    "the context holds no Dockerfile: {} does not exist",
                    quoted(path)
                ),
            ),
            _ => {
                let named = named("the Dockerfile", path, context.span());
                self.judge(found, Wanted::File, named);
                return;
            }
        };
        self.findings
            .report(code, context.span(), message)
            .help("name it with `dockerfile`");
    }

    /// Whether a directory holds `dockerfile`, which BuildKit reads where `Dockerfile` is not.
    fn is_lower_case_in(&self, directory: &str) -> bool {
        self.is_file(&name::join(directory, LOWER_CASE))
    }

    /// An image is an archive, or a directory that is one unpacked.
    fn image(&mut self, path: &str, cause: Span) {
        let found = self.workspace.entry_at(path);
        let (code, message, help) = if found == Ok(Entry::Directory) {
            if self.is_image(path) {
                return;
            }
            let message = format!(
                "the image {} is a directory, and no OCI layout",
                quoted(path)
            );
            (Code::NotAFile, message, self.image_in(path))
        } else if is_nothing(&found) {
            let message = format!("the image {} does not exist", quoted(path));
            (
                Code::MissingPath,
                message,
                self.image_in(name::split(path).0),
            )
        } else {
            self.judge(found, Wanted::Either, named("the image", path, cause));
            return;
        };
        let finding = self.findings.report(code, cause, message);
        if let Some(help) = help {
            finding.help(help);
        }
    }

    /// Whether a directory may be an image. No answer is yes: whoever reads it will say what is wrong.
    fn is_image(&self, directory: &str) -> bool {
        let is_there = |marker: &&str| {
            let found = self.workspace.entry_at(&name::join(directory, marker));
            !is_nothing(&found)
        };
        IMAGE_MARKERS.iter().any(is_there)
    }

    /// What was probably meant by a directory that is no image: what Concourse's resource, or a build like this one, leaves in it.
    fn image_in(&self, directory: &str) -> Option<String> {
        let archive = name::join(directory, "image.tar");
        let layout = name::join(directory, "image");
        let meant = if self.is_file(&archive) {
            archive
        } else if self.is_file(&name::join(&layout, IMAGE_MARKERS[0])) {
            layout
        } else {
            return self.unpacked_in(directory);
        };
        Some(format!("did you mean {}?", quoted(&meant)))
    }

    /// What to do about an image that Concourse's resource has unpacked, as it does unless it is told otherwise.
    fn unpacked_in(&self, directory: &str) -> Option<String> {
        let rootfs = name::join(directory, "rootfs");
        let is_unpacked = self.workspace.entry_at(&rootfs) == Ok(Entry::Directory);
        is_unpacked.then(|| {
            let archive = quoted(&name::join(directory, "image.tar"));
            format!("{} is an image unpacked; get it with `params: {{format: oci}}`, which makes it {archive}", quoted(directory))
        })
    }

    fn expect_text(&mut self, wanted: Wanted, what: &str, path: &Text<'t>) -> bool {
        self.expect(wanted, what, path.as_str(), path.span())
    }

    /// Whether what is wanted stands at a path; reports if not.
    fn expect(&mut self, wanted: Wanted, what: &str, path: &str, cause: Span) -> bool {
        let found = self.workspace.entry_at(path);
        self.judge(found, wanted, named(what, path, cause))
    }

    /// The same of an answer that is there already.
    fn judge(&mut self, found: Result<Entry, FileError>, wanted: Wanted, named: Named) -> bool {
        let Named { what, path, cause } = named;
        let named = path.map_or(what.to_owned(), |path| format!("{what} {}", quoted(path)));
        let (code, message) = match (wanted, found) {
            (Wanted::File | Wanted::Either, Ok(Entry::File))
            | (Wanted::Directory | Wanted::Either, Ok(Entry::Directory)) => {
                return true;
            }
            (_, Err(FileError::Denied)) if self.findings.excuse_denials() => return false,
            (_, Ok(Entry::Nothing) | Err(FileError::NotFound)) => {
                (Code::MissingPath, format!("{named} does not exist"))
            }
            (_, Ok(Entry::File)) => (
                Code::NotADirectory,
                format!("{named} is a file, not a directory"),
            ),
            (_, Ok(Entry::Directory)) => (
                Code::NotAFile,
                format!("{named} is a directory, not a file"),
            ),
            (_, Err(FileError::TooLarge(limit))) => (
                Code::SecretTooLarge,
                format!("{named} holds more than {limit} bytes"),
            ),
            (_, Err(error)) => (
                Code::UnreadableFile,
                format!(
                    "cannot look at {}: {}",
                    path.map_or(what.to_owned(), quoted),
                    words(&error)
                ),
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
    Named {
        what,
        path: Some(path),
        cause,
    }
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

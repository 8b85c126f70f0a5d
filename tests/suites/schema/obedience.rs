//! The host as a third judge: it refuses nothing that the planner asks of it or plans. What it refuses is a planner that lies, so
//! an error here would be told to somebody whose request is sound.

use std::cell::RefCell;
use std::path::Path;

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::planner::answers::Answers;
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::workspace::{self as host, NativeWorkspace, Workspace as _};
use oci_image::planner::{MaskedObject, mask};
use oci_image_guest::workspace::{Entry, FileError, Workspace};
use serde_json::Value;

use super::documents::{self, DOCUMENTS, judge_each};

#[test]
fn host_obeys_what_is_planned_of_generated_documents() {
    let planned = RefCell::new(0_u32);

    judge_each(&documents::text(), |text| {
        let object = mask(&text);
        let workspace = Anything::new(&object);
        let plan = oci_image_guest::plan(object.text(), &workspace);
        let denied = workspace.denied.into_inner();
        if !denied.is_empty() {
            return Err(format!("denied: {denied:?} in {}", object.text()));
        }
        if let Ok(plan) = plan {
            *planned.borrow_mut() += 1;
            CheckedPlan::new(plan, &object, &workspace.answers.into_inner())
                .map_err(|error| format!("{error:?} of {object:?}"))?;
        }
        Ok(())
    });

    let planned = planned.into_inner();
    assert!(planned > DOCUMENTS / 5, "{planned} planned");
}

/// A workspace where everything stands that an object names, for which the host would answer.
struct Anything {
    host: NativeWorkspace,
    /// The object, sound or not.
    object: Value,
    denied: RefCell<Vec<String>>,
    answers: RefCell<Answers>,
}

impl Anything {
    fn new(object: &MaskedObject) -> Self {
        let nowhere = tempfile::tempdir().expect("a directory");
        Self {
            host: NativeWorkspace::new(
                &WorkingDirectory::open(nowhere.path()).expect("an empty directory"),
                object,
            ),
            object: serde_json::from_str(object.text()).unwrap_or_default(),
            denied: RefCell::default(),
            answers: RefCell::default(),
        }
    }

    fn is_secret(&self, path: &str) -> bool {
        let secrets = self.object["buildkit_secrets"].as_object();
        let files = secrets.into_iter().flat_map(|secrets| secrets.values());
        let is_it = |secret: &str| Path::new(secret) == Path::new(path);
        files.filter_map(Value::as_str).any(is_it)
    }

    fn is_file(&self, path: &str) -> bool {
        let settings = self.object["registries"].as_object();
        let is_certificate = |settings: &Value| {
            let keypair = settings["keypair"].as_array();
            let holds = |list: &Value| {
                list.as_array()
                    .is_some_and(|list| list.contains(&path.into()))
            };
            holds(&settings["ca"])
                || keypair
                    .into_iter()
                    .flatten()
                    .any(|pair| pair["key"] == path || pair["cert"] == path)
        };
        self.object["dockerfile"] == path
            || path.ends_with("Dockerfile")
            || self.is_secret(path)
            || settings
                .into_iter()
                .flat_map(|settings| settings.values())
                .any(is_certificate)
    }
}

impl Workspace for Anything {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        if self.host.read_text(path) == Err(host::FileError::Denied) {
            // On purpose: the planner never sees a secret.
            if !self.is_secret(path) {
                self.denied.borrow_mut().push(path.to_owned());
            }
            return Err(FileError::Denied);
        }
        let text = if self.object["target_file"] == path {
            " stage\n"
        } else {
            "A=b\nC=d e"
        };
        let mut answers = self.answers.borrow_mut();
        let told = answers.text(path.to_owned(), |_| Ok(text.to_owned()));
        told.map_err(|_| FileError::Denied)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        if self.host.entry_at(path) == Err(host::FileError::Denied) {
            self.denied.borrow_mut().push(path.to_owned());
        }
        let (entry, told) = if self.is_file(path) {
            (Entry::File, host::Entry::File)
        } else {
            (Entry::Directory, host::Entry::Directory)
        };
        let mut answers = self.answers.borrow_mut();
        let _ = answers.entry(path.to_owned(), |_| Ok(told));
        Ok(entry)
    }
}

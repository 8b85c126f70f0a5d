//! The environment of this process: read once, and without secrets from then on.
//!
//! A task's secrets come in variables. What is started later would inherit them: it is not given them. And the kernel shows the block
//! in which they came to whoever runs as the same user (`/proc/PID/environ`), even after they were taken out of the list of variables:
//! so their values are overwritten where they stand.
//!
//! Reads: the environment. Writes: stars where it held secrets. Unknown here: what a variable says.
//! Source: proc(5), environ(7).

use std::env;
use std::ffi::{CStr, OsStr, OsString, c_char};

use oci_image::buildkit::registry::docker;
use oci_image::task;

/// The variables as they were when the program began.
// No `Debug`: it would show secrets.
pub(crate) struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// Takes the environment, and leaves no secret in it.
    ///
    /// # Safety
    /// This process has no other thread.
    pub(crate) unsafe fn take() -> Self {
        let environment = Self(env::vars_os().collect());
        for name in environment.withheld() {
            // SAFETY: the caller's promise.
            unsafe { erase(&name) };
        }
        environment
    }

    /// The variables, secrets included.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> + '_ {
        self.0.iter().cloned()
    }

    /// The names of the variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = OsString> + '_ {
        self.0.iter().map(|(name, _)| name.clone())
    }

    /// A variable's value.
    pub(crate) fn value(&self, name: &str) -> Option<OsString> {
        let mut named = self.0.iter().filter(|(other, _)| other == name);
        named.next().map(|(_, value)| value.clone())
    }

    /// A variable's value, if it has one. One that is empty counts as unset: so does a task hand over every parameter that it leaves open.
    pub(crate) fn given(&self, name: &str) -> Option<OsString> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// The names of those that hold secrets: whoever is started is not given them.
    pub(crate) fn withheld(&self) -> Vec<OsString> {
        let holds_secrets = |name: &OsString| task::is_secret(name) || name == docker::VARIABLE;
        self.names().filter(holds_secrets).collect()
    }
}

unsafe extern "C" {
    /// The list of variables, `NAME=value` each; a null pointer ends it.
    static environ: *const *mut c_char;
}

/// Overwrites the value of a variable, wherever the list has it.
///
/// # Safety
/// This process has no other thread.
unsafe fn erase(name: &OsStr) {
    let name = name.as_encoded_bytes();
    // SAFETY: nobody else reads or writes the list or what it points to: there is no other thread, and std hands out copies. It is
    // null, or a list of C strings that a null pointer ends (environ(7)). Those lie in the block that the kernel made, on this
    // process's stack, or where setenv(3) put them: memory of this process that it may write to. The length stays.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = CStr::from_ptr(*entry).to_bytes();
            let value = text
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(b"="));
            if let Some(length) = value.map(<[u8]>::len) {
                let start = (*entry).add(name.len() + 1);
                start.write_bytes(b'*', length);
            }
            entry = entry.add(1);
        }
    }
}

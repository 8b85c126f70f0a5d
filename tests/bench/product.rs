//! Our side: `oci-image`, one process from request to image.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    error::BenchError,
    measure::{self, Sample},
    setting::Setting,
};

/// `oci-image` in `target/bench`, with a daemon root of its own.
pub(crate) struct Product<'setting> {
    setting: &'setting Setting,
    request: PathBuf,
    /// The object alone.
    object: PathBuf,
    root: PathBuf,
}

impl<'setting> Product<'setting> {
    /// Prepares to build this context, with a daemon root that is empty.
    pub(crate) fn new(setting: &'setting Setting, context: &Path) -> Result<Self, BenchError> {
        setting.fresh_dir("image")?;
        Self::asking(setting, context, json!({"output": "image"}))
    }

    /// Prepares to build this context as further keys of the object say. Which directories there are for the results is
    /// the caller's.
    pub(crate) fn asking(
        setting: &'setting Setting,
        context: &Path,
        mut object: Value,
    ) -> Result<Self, BenchError> {
        // A context is relative to the working directory, and stays below it.
        let context = context.strip_prefix(&setting.dir).unwrap_or(context);
        object["context"] = context.to_string_lossy().into();
        let file = setting.dir.join("object.json");
        fs::write(&file, object.to_string()).map_err(BenchError::file("write", &file))?;
        let message = json!({"object": object, "response_path": "/dev/null"});
        let request = setting.dir.join("request.json");
        fs::write(&request, message.to_string()).map_err(BenchError::file("write", &request))?;
        Ok(Self {
            setting,
            request,
            object: file,
            root: setting.fresh_dir("root-ours")?,
        })
    }

    /// Empties the daemon's root: the next build is the first.
    pub(crate) fn forget(&self) -> Result<(), BenchError> {
        self.setting.fresh_dir("root-ours").map(drop)
    }

    /// One build on a root that is empty.
    pub(crate) fn build_cold(&self) -> Result<Sample, BenchError> {
        self.forget()?;
        self.build()
    }

    /// One `oci-image build`.
    pub(crate) fn build(&self) -> Result<Sample, BenchError> {
        let mut command = self.command()?;
        command.arg("build").arg("--root").arg(&self.root);
        measure::run_watched(&mut command, &self.setting.log("oci-image"))
    }

    /// One build on a builder; what came from it is kept in the root.
    pub(crate) fn build_on(&self, address: &str) -> Result<Sample, BenchError> {
        let mut command = self.command()?;
        command.arg("build").arg("--root").arg(&self.root);
        command.args(["--builder", address]);
        measure::run_watched(&mut command, &self.setting.log("oci-image"))
    }

    /// One build on a root that is empty, its progress shown in this way; a live one on a terminal that is read.
    pub(crate) fn build_showing(&self, face: &str) -> Result<Sample, BenchError> {
        self.forget()?;
        let mut command = self.command()?;
        command.arg("build").arg("--root").arg(&self.root);
        command.args(["--progress", face]);
        let log = self.setting.log(&format!("oci-image-{face}"));
        if face != "tty" {
            return measure::run_watched(&mut command, &log);
        }
        // The terminal is its standard input, too.
        command
            .arg("--file")
            .arg(&self.object)
            .env("TERM", "xterm-256color");
        measure::run_seen(&mut command, &log)
    }

    /// One `oci-image` without arguments: info.
    pub(crate) fn info(&self) -> Result<Sample, BenchError> {
        measure::run(&mut self.command()?, &self.setting.log("oci-image"))
    }

    fn command(&self) -> Result<Command, BenchError> {
        let request = File::open(&self.request).map_err(BenchError::file("open", &self.request))?;
        let mut command = Command::new(&self.setting.product);
        command
            .current_dir(&self.setting.dir)
            .env("PATH", &self.setting.path)
            .stdin(request);
        Ok(command)
    }
}

//! What runc is told of a container, and of a task's process in it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::capability::{self, Rights};
use crate::product;

/// Where a task's process starts: Concourse takes a hash for the name.
pub(super) const WORKING_DIRECTORY: &str = "/tmp/build/e55deab7";

/// A container of this name, with these directories of the machine at these places.
pub(super) fn container(name: &str, rights: Rights, volumes: Vec<(PathBuf, String)>) -> Value {
    let mut namespaces = vec!["pid", "ipc", "uts", "mount", "network"];
    let (mut maps, mut cgroup) = (json!([]), vec!["nosuid", "noexec", "nodev"]);
    if rights == Rights::Ordinary {
        namespaces.push("user");
        maps = json!([{"containerID": 0, "hostID": 0, "size": 65536}]);
        cgroup.push("ro");
    }
    let namespaces: Vec<Value> = namespaces
        .iter()
        .map(|kind| json!({"type": kind}))
        .collect();
    let volumes = volumes.into_iter().map(|(source, place)| {
        json!({"destination": place, "type": "bind", "source": source, "options": ["bind"]})
    });
    let mounts: Vec<Value> = of_the_system(&cgroup).chain(volumes).collect();
    json!({
        "ociVersion": "1.0.2",
        "hostname": "task",
        "root": {"path": "rootfs"},
        "process": {
            "user": {"uid": 0, "gid": 0},
            // A shell, so that what loses its parent is waited for.
            "args": ["/bin/sh", "-c", "while :; do sleep 3600; done"],
            "env": [product::PATH],
            "cwd": "/",
            "capabilities": capabilities(rights),
        },
        "mounts": mounts,
        "linux": {
            "cgroupsPath": format!("/{name}"),
            "resources": {"devices": [{"allow": true, "access": "rwm"}]},
            "namespaces": namespaces,
            "uidMappings": maps,
            "gidMappings": maps,
        },
    })
}

/// A task's process: its parameters, and what Concourse adds to them.
pub(super) fn process(rights: Rights, parameters: &[(&str, &str)], command: &[&str]) -> Value {
    let added = [product::PATH, "ATC_EXTERNAL_URL=http://127.0.0.1:8080"];
    let environment: Vec<String> = added
        .map(str::to_owned)
        .into_iter()
        .chain(
            parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .collect();
    json!({
        "terminal": true,
        "consoleSize": {"height": 500, "width": 500},
        "user": {"uid": 0, "gid": 0},
        "args": command,
        "env": environment,
        "cwd": WORKING_DIRECTORY,
        "capabilities": capabilities(rights),
    })
}

fn of_the_system(cgroup: &[&str]) -> impl Iterator<Item = Value> {
    let terminals = [
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
    ];
    [
        ("/proc", "proc", &["nosuid", "noexec", "nodev"][..]),
        ("/dev", "tmpfs", &["nosuid", "mode=755"]),
        ("/dev/pts", "devpts", &terminals),
        ("/dev/shm", "tmpfs", &["nosuid", "nodev", "mode=1777"]),
        ("/sys", "sysfs", &["nosuid", "noexec", "nodev"]),
        ("/sys/fs/cgroup", "cgroup", cgroup),
        ("/run", "tmpfs", &["nosuid", "nodev", "mode=755"]),
    ]
    .map(|(place, kind, options)| {
        json!({"destination": place, "type": kind, "source": kind, "options": options})
    })
    .into_iter()
}

fn capabilities(rights: Rights) -> Value {
    let names = capability::names(rights);
    json!({"bounding": names, "effective": names, "permitted": names})
}

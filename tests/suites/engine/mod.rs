//! What is proven with a real buildkitd and runc, or with what is installed beside them. `make check` leaves these out.
//!
//! The main job:
//!
//! - `build`: the main job, end to end.
//! - `task`: a build by parameters in the environment.
//! - `concourse`: the product's image as Concourse runs a task in it.
//! - `protocol`: the prototype protocol at the program's border.
//! - `terminal`: a terminal as standard input, and as what shows a build.
//! - `library`: the library as a program of others uses it.
//!
//! Each key:
//!
//! - `keys_args_labels`: `build_args`, `labels` and their files.
//! - `keys_base_images`: `image_args`.
//! - `keys_cache`: `cache`.
//! - `keys_cache_mounts`: `cache_mounts`, `cache_mounts_limit`, `cache_mounts_read_only`.
//! - `keys_compression`: `compression`, `compression_level`.
//! - `keys_frontends`: `buildkit_frontends`.
//! - `keys_layer_caches`: `cache_from`, `cache_to`; `layer_caches_in_stores`: in stores that ask for a login.
//! - `keys_passed_on`: keys that are only passed on, and `add_hosts`.
//! - `keys_platform`: `image_platform`, `output_oci`, `debug`, `context_inputs`.
//! - `keys_registries`: `registries`, `registry_mirrors`, `buildkit_extra_config`, logins.
//! - `keys_rootfs`: `unpack_rootfs`.
//! - `keys_secrets`: `buildkit_secrets`.
//! - `keys_ssh`: `buildkit_ssh`.
//! - `keys_targets`: `target`, `additional_targets`, `target_file`.
//! - `daemon_settings`: the settings of buildkitd, as planner and daemon know them.
//!
//! What a person sees, and where it runs:
//!
//! - `failure`: builds that fail.
//! - `ending`: what a build says when it is done.
//! - `report`: the page about a build; `page_markup` is what the crate of pages has.
//! - `many_targets`: eleven targets at once.
//! - `progress_json`: progress as events.
//! - `progress_engine`: progress beside `buildctl`; `recording` is what the crate of progress has.
//! - `privileges`: builds that may not run their steps.
//! - `doctor`: whether a build would start, told beforehand.
//! - `inspection`: what is told of a Dockerfile before it is built from.
//! - `storage`: what builds keep, told and removed.
//! - `rootless`: builds of an ordinary user.
//! - `dockerfile`: the product's Dockerfile.
//! - `no_loopback`: daemons that do not reach what listens on this machine's loopback.
//! - `push`: what is built arrives.
//! - `blob_by_blob`: what comes of an image, and what does not.
//!
//! Ends, and what is in the way:
//!
//! - `stop`: builds that are stopped.
//! - `kills`: a hundred moments of a build.
//! - `faults`: deaths at any moment.
//! - `disk_full`: full disks.
//! - `readers`: readers of what is said who are slow, or do not read.
//! - `pipes`: pipes, sockets and devices in the place of files.
//! - `links`: symbolic links.
//! - `swaps`: what changes places during a build.
//!
//! What is hostile:
//!
//! - `bounded`: bases, caches and roots that somebody else prepared.
//! - `fleet`: daemons that are not ours.
//! - `hostile_daemon`: a daemon that is believed in nothing.
//! - `hostile_frontend`: a frontend that should not have been chosen.
//! - `hostile_layers`: hostile base images.
//!
//! The crates below, each with a real daemon:
//!
//! - `buildkit_solve`: solves.
//! - `buildkit_auth`: logins.
//! - `buildkit_cache`: the local cache.
//! - `buildkit_mounts`: secrets and agents.
//! - `buildkit_llb`: steps of a client's own; `buildkit_conduit`: what they send and receive.
//! - `buildkit_subrequests`: what a frontend says in place of building.
//! - `caches_carried`: caches of `RUN` that leave a daemon and come to another.
//! - `caches_of_tools`: those of go, cargo, npm, pip and apt, on an empty root each time.
//! - `context_sync`: the context, byte for byte as `buildctl` sends it.
//! - `known_context`: contexts that the daemon has already.
//! - `ignore_patterns`: what `.dockerignore` leaves out, as Go's own matcher has it.
//! - `daemon`: the supervisor of buildkitd.
//! - `image_engine`: images pulled and exported; `image_fixture`, images made by hand, is what the crate of images has.
//! - `registry_conformance`: the distribution-spec's suite.

mod blob_by_blob;
mod bounded;
mod build;
mod buildkit_auth;
mod buildkit_cache;
mod buildkit_conduit;
mod buildkit_llb;
mod buildkit_mounts;
mod buildkit_solve;
mod buildkit_subrequests;
mod caches_carried;
mod caches_of_tools;
mod concourse;
mod context_sync;
mod daemon;
mod daemon_settings;
mod disk_full;
mod dockerfile;
mod doctor;
mod ending;
mod failure;
mod faults;
mod fleet;
mod hostile_daemon;
mod hostile_frontend;
mod hostile_layers;
mod ignore_patterns;
mod image_engine;
#[path = "../../../host/image/tests/all/fixture.rs"]
mod image_fixture;
mod inspection;
mod keys_args_labels;
mod keys_base_images;
mod keys_cache;
mod keys_cache_mounts;
mod keys_compression;
mod keys_frontends;
mod keys_layer_caches;
mod keys_passed_on;
mod keys_platform;
mod keys_registries;
mod keys_rootfs;
mod keys_secrets;
mod keys_ssh;
mod keys_targets;
mod kills;
mod known_context;
mod layer_caches_in_stores;
mod library;
mod links;
mod many_targets;
mod no_loopback;
#[path = "../../../host/page/tests/all/markup.rs"]
mod page_markup;
mod pipes;
mod privileges;
mod progress_engine;
mod progress_json;
mod protocol;
mod push;
mod readers;
#[path = "../../../host/progress/tests/all/recording.rs"]
mod recording;
mod registry_conformance;
mod report;
mod rootless;
mod stop;
mod storage;
mod swaps;
mod task;
mod terminal;

//! What the real daemon's frontend says in place of building.

use oci_image::buildkit::cache_mount::{CacheMount, CacheOrigin, Sharing};
use oci_image::buildkit::failure::LineRange;
use oci_image::buildkit::solve::SolveError;
use oci_image::buildkit::subrequest::{Definition, Lint, Location, Outline, Subrequest, Targets};
use oci_image_tests::daemon::{Context, Daemon};
use tokio::sync::mpsc;

/// Declares one of each.
const DOCKERFILE: &str = "\
ARG BASE=scratch
# tools are what app needs
from $BASE as tools
# VERSION of the tools
ARG VERSION=1
COPY busybox /bin/busybox
FROM tools AS app
ARG UNSET
RUN --mount=type=secret,id=token,required=true \\
    --mount=type=ssh,id=key \\
    --mount=type=cache,target=/var/cache \\
    --mount=type=cache,id=shared,target=/x,sharing=locked \\
    --mount=type=cache,target=/y,uid=7,mode=0700 \\
    --mount=type=cache,target=/z,from=tools,source=/bin \\
    true
RUN --mount=type=secret,id=other --mount=type=cache,target=/var/cache true
FROM scratch
COPY --from=app / /
";

async fn ask<A: Subrequest>(
    daemon: &Daemon,
    context: &Context,
    attributes: &[(&str, &str)],
) -> Result<A, SolveError> {
    let mut solve = context.solve();
    for (key, value) in attributes {
        let (key, value) = ((*key).to_owned(), (*value).to_owned());
        solve.frontend_attributes.insert(key, value);
    }
    let (status, _) = mpsc::channel(1);
    daemon.client.ask(solve, status).await
}

fn lines(location: Option<&Location>) -> Vec<(u32, u32)> {
    let range = |range: &LineRange| (range.start, range.end);
    // A long instruction has a range for each of its lines.
    location.map_or_else(Vec::new, |found| {
        found.ranges.iter().map(range).take(1).collect()
    })
}

fn context() -> Context {
    Context::with_dockerfile(DOCKERFILE)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_has_what_a_target_reads_from_outside() {
    let daemon = Daemon::start("").await;
    let context = context();

    let given = [("target", "app"), ("build-arg:VERSION", "2")];
    let outline: Outline = ask(&daemon, &context, &given).await.unwrap();

    assert_eq!(outline.name, "app");
    let args: Vec<_> = (outline.args.iter())
        .map(|arg| {
            (
                &*arg.name,
                &*arg.value,
                &*arg.description,
                lines(arg.location.as_ref()),
            )
        })
        .collect();
    assert_eq!(
        args,
        [
            ("BASE", "scratch", "", vec![(1, 1)]),
            ("VERSION", "2", "of the tools", vec![(5, 5)]),
            ("UNSET", "", "", vec![(8, 8)]),
        ]
    );
    let secrets: Vec<_> = (outline.secrets.iter())
        .map(|secret| {
            (
                &*secret.name,
                secret.required,
                lines(secret.location.as_ref()),
            )
        })
        .collect();
    assert_eq!(
        secrets,
        [
            ("token", true, vec![(9, 9)]),
            ("other", false, vec![(16, 16)])
        ]
    );
    assert_eq!((&*outline.ssh[0].name, outline.ssh.len()), ("key", 1));
    assert!(outline.sources[0].data.starts_with(b"ARG BASE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_has_the_caches_behind_their_namespace() {
    let daemon = Daemon::start("").await;
    let context = context();

    let namespace = [
        ("target", "app"),
        ("build-arg:BUILDKIT_CACHE_MOUNT_NS", "ns"),
    ];
    let definition: Definition = ask(&daemon, &context, &namespace).await.unwrap();

    let mount = |id: &str, target: &str, sharing, origin| CacheMount {
        id: id.to_owned(),
        target: target.to_owned(),
        sharing,
        origin,
    };
    let owned = CacheOrigin::Directory {
        uid: 7,
        gid: 0,
        mode: 0o700,
    };
    let empty = Some(CacheOrigin::Empty);
    let caches = definition.cache_mounts();
    let found: Vec<_> = caches
        .iter()
        .map(|(mount, at)| (mount.clone(), lines(at.as_ref())))
        .collect();
    assert_eq!(
        found,
        [
            (
                mount("ns//var/cache", "/var/cache", Sharing::Shared, empty),
                vec![(9, 9)]
            ),
            (
                mount("ns//y", "/y", Sharing::Shared, Some(owned)),
                vec![(9, 9)]
            ),
            (mount("ns//z", "/z", Sharing::Shared, None), vec![(9, 9)]),
            (
                mount("ns/shared", "/x", Sharing::Locked, empty),
                vec![(9, 9)]
            ),
        ]
    );
    assert_eq!(definition.sources()[0].filename, "Dockerfile");
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_the_stages_and_nothing_is_built() {
    let daemon = Daemon::start("").await;

    let targets: Targets = ask(&daemon, &context(), &[]).await.unwrap();

    let found: Vec<_> = (targets.targets.iter())
        .map(|target| {
            let (name, base) = (&*target.name, &*target.base);
            (
                name,
                base,
                target.default,
                &*target.description,
                lines(target.location.as_ref()),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("tools", "$BASE", false, "are what app needs", vec![(3, 3)]),
            ("app", "tools", false, "", vec![(7, 7)]),
            ("", "scratch", true, "", vec![(17, 17)]),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lint_has_what_is_unwise_and_why_a_file_cannot_be_built_from() {
    let daemon = Daemon::start("").await;

    let lint: Lint = ask(&daemon, &context(), &[]).await.unwrap();
    let broken = Context::with_dockerfile("FROM scratch\nRUNN x\n");
    let unbuildable: Lint = ask(&daemon, &broken, &[]).await.unwrap();

    let found: Vec<_> = (lint.warnings.iter())
        .map(|warning| (&*warning.rule, lines(warning.location.as_ref())))
        .collect();
    assert_eq!(found, [("ConsistentInstructionCasing", vec![(3, 3)])]);
    assert!(
        lint.warnings[0].url.starts_with("https://docs.docker.com/"),
        "{lint:?}"
    );
    assert_eq!(
        (lint.sources[0].filename.as_str(), lint.error),
        ("Dockerfile", None)
    );
    let error = unbuildable
        .error
        .clone()
        .unwrap_or_else(|| panic!("{unbuildable:?}"));
    assert!(
        error.message.contains("unknown instruction: RUNN"),
        "{error:?}"
    );
    assert_eq!(lines(error.location.as_ref()), [(2, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_answered_fails_as_a_build_does() {
    let daemon = Daemon::start("").await;
    let context = context();

    let missing = ask::<Outline>(&daemon, &context, &[("target", "nowhere")]).await;

    let Err(SolveError::Failed { failure, .. }) = missing else {
        panic!("{missing:?}");
    };
    assert!(
        failure
            .message
            .contains("target stage \"nowhere\" could not be found"),
        "{failure:?}"
    );
    // The daemon is as good as before.
    assert!(ask::<Targets>(&daemon, &context, &[]).await.is_ok());
}

//! The sandbox holds: whatever a planner does, the host gets an ordinary error, at once, and nothing was touched.
//!
//! The hostile planner is a component of its own (`tests/hostile`), whose deed is the text of the object.

use std::time::{Duration, Instant};

use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::workspace::{Entry, FileError, Workspace};
use oci_image::planner::{Limit, Limits, Planner, PlannerError, Refusal, mask};
use oci_image_tests::attacks;

static HOSTILE: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/oci_image_hostile_planner.cwasm"));

#[test]
fn planner_that_loops_runs_out_of_fuel() {
    let limits = limits(|limits| limits.fuel = 50_000_000);

    let error = hostile(limits).validate(&mask("loop")).unwrap_err();

    assert_eq!(
        error.to_string(),
        "the planner needs more than 50000000 units of fuel, which is its limit"
    );
}

#[test]
fn planner_that_loops_is_interrupted_when_its_time_is_over() {
    let limits = limits(|limits| {
        limits.fuel = u64::MAX;
        limits.time = Duration::from_millis(100);
    });
    let begun = Instant::now();

    let error = hostile(limits).validate(&mask("loop")).unwrap_err();

    assert_eq!(
        error.to_string(),
        "the planner needs more than 100 ms, which is its limit"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn deadline_of_one_call_leaves_the_next_alone() {
    let planner = hostile(limits(|limits| {
        limits.fuel = u64::MAX;
        limits.time = Duration::from_millis(50);
    }));
    planner.validate(&mask("loop")).unwrap_err();

    assert_eq!(planner.validate(&mask("nothing")).unwrap(), []);
}

#[test]
fn planner_that_allocates_without_end_runs_out_of_memory() {
    let error = hostile(Limits::default())
        .validate(&mask("allocate"))
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        "the planner needs more than 67108864 bytes of memory, which is its limit"
    );
}

#[test]
fn planner_that_recurses_runs_out_of_stack() {
    let planner = hostile(Limits::default());
    let error = planner.validate(&mask("recurse")).unwrap_err();

    assert!(
        matches!(
            error,
            PlannerError::Limit {
                limit: Limit::Stack,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn planner_that_recurses_with_arrays_runs_out_of_its_own_memory() {
    let planner = hostile(Limits::default());

    let chain = chain(&planner.validate(&mask("recurse with arrays")).unwrap_err());

    assert!(
        chain.contains("wasm trap: out of bounds memory access"),
        "{chain}"
    );
}

#[test]
fn panic_of_the_planner_is_reported_in_its_own_words() {
    let error = hostile(Limits::default())
        .validate(&mask("panic"))
        .unwrap_err();

    let message = error.to_string();
    assert!(
        message.starts_with("the planner stopped without an answer; it printed: "),
        "{message}"
    );
    assert!(message.contains("tests/hostile/src/deeds.rs"), "{message}");
    assert!(message.contains("the planner's own words"), "{message}");
}

#[tokio::test]
async fn panic_within_an_async_runtime_is_reported_alike() {
    let error = hostile(Limits::default())
        .validate(&mask("panic"))
        .unwrap_err();

    let message = error.to_string();
    assert!(message.contains("the planner's own words"), "{message}");
}

#[test]
fn planner_that_traps_or_exits_is_an_ordinary_error() {
    let planner = hostile(Limits::default());

    assert_eq!(
        chain(&planner.validate(&mask("exit")).unwrap_err()),
        "the planner stopped without an answer: it exited with status 0"
    );
    let trap = chain(&planner.validate(&mask("trap")).unwrap_err());
    assert!(
        trap.contains("wasm trap: wasm `unreachable` instruction executed"),
        "{trap}"
    );
}

#[test]
fn flood_of_stderr_is_cut_off_and_its_end_is_shown() {
    let error = hostile(Limits::default())
        .validate(&mask("flood stderr"))
        .unwrap_err();

    let PlannerError::Limit {
        limit: Limit::HostCalls(_),
        stderr,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(stderr.len() <= 4096);
    assert!(stderr.ends_with("flood flood"), "{stderr}");
}

#[test]
fn sleeping_and_every_other_way_out_is_closed() {
    let planner = hostile(Limits::default());
    for deed in [
        "sleep",
        "look at the clock",
        "look at the calendar",
        "throw dice",
        "read a file",
        "write a file",
        "call home",
    ] {
        let begun = Instant::now();

        let error = planner.validate(&mask(deed)).unwrap_err();

        assert!(
            matches!(error, PlannerError::Stopped { .. }),
            "{deed}: {error:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5), "{deed}");
    }
    let closed = chain(&planner.validate(&mask("sleep")).unwrap_err());
    assert!(
        closed.contains("the planner may not call `wasi:clocks/monotonic-clock@"),
        "{closed}"
    );
}

#[test]
fn standard_input_is_at_its_end() {
    let planner = hostile(Limits::default());

    assert_eq!(planner.validate(&mask("read standard input")).unwrap(), []);
}

#[test]
fn planner_that_asks_the_workspace_without_end_runs_out_of_calls() {
    for (deed, limit) in [
        ("ask without end", Limit::HostCalls(10_000)),
        ("read without end", Limit::HostCalls(10_000)),
        ("ask at length", Limit::HostBytes(64 << 20)),
    ] {
        let error = plan(deed).unwrap_err();

        assert!(
            matches!(error, PlannerError::Limit { limit: hit, .. } if hit == limit),
            "{deed}: {error:?}"
        );
    }
}

#[test]
fn answer_that_is_too_long_is_not_taken() {
    let error = plan(r#"{"context": "source", "output": "long answer"}"#).unwrap_err();

    let chain = chain(&error);
    assert!(
        chain.contains("fuel allocated for hostcalls has been exhausted"),
        "{chain}"
    );
}

// --- lies ------------------------------------------------------------------------------------------------------------

#[test]
fn diagnostic_about_a_place_that_is_not_there_is_refused() {
    for (lie, told) in [
        (
            "span past the end",
            "`lie` points to bytes 0 to 4294967295, where no text is",
        ),
        (
            "span that ends before it begins",
            "`lie` points to bytes 3 to 1, where no text is",
        ),
        (
            "span within a character: ü",
            "`lie` points to bytes 0 to 26, where no text is",
        ),
        (
            "place in a file never read",
            "`lie` points into a file that was not read",
        ),
        ("very many diagnostics", "there are 50000, and may be 1000"),
        (
            "long message",
            "one is 5242880 bytes long, and may be 65536",
        ),
        (
            "code with a control sequence",
            "a code is no name in kebab case",
        ),
        ("no code", "a code is no name in kebab case"),
        (
            "very many values",
            "one lists 500000 values, and may list 1000",
        ),
    ] {
        let error = hostile(Limits::default()).validate(&mask(lie)).unwrap_err();

        assert_eq!(
            chain(&error),
            format!("the planner's diagnostics make no sense: {told}")
        );
    }
}

#[test]
fn refusal_without_an_error_is_refused() {
    let error = plan(r#"{"context": "source", "output": "refusal without reason"}"#).unwrap_err();

    assert_eq!(
        chain(&error),
        "the planner's diagnostics make no sense: nothing is planned, and nothing is said to be wrong"
    );
}

/// What a planner plans by the name of the output, and what is said of it.
const LIES: [(&str, &str); 16] = [
    ("other context", "the object asks for no directory `/etc`"),
    (
        "output outside",
        "the object asks for no output directory `..`",
    ),
    (
        "output that is not there",
        "the object asks for no output directory `image`",
    ),
    (
        "invented cache",
        "the object asks for no cache `/var/cache`",
    ),
    ("invented secret", "the object asks for no secret `shadow`"),
    (
        "own program",
        "the object does not set `worker.oci.binary` of the daemon so",
    ),
    (
        "own limits",
        "the object does not set `worker.oci.gcpolicy` of the daemon so",
    ),
    (
        "no configuration",
        "the object does not set `worker.oci.gcpolicy` of the daemon so",
    ),
    ("many solves", "the object asks for no target `image`"),
    (
        "many attributes",
        "the plan has two of the frontend attribute `filename`",
    ),
    (
        "own frontend",
        "the object asks for no frontend attribute `build-arg:BUILDKIT_SYNTAX`",
    ),
    (
        "own proxy",
        "the object asks for no frontend attribute `build-arg:HTTP_PROXY`",
    ),
    (
        "own host",
        "the object asks for no frontend attribute `add-hosts`",
    ),
    (
        "context elsewhere",
        "the object asks for no frontend attribute `context`",
    ),
    (
        "label that no file holds",
        "the object asks for no frontend attribute `label:title`",
    ),
    (
        "label of an unread file",
        "nothing can be planned from the file `labels.txt`",
    ),
];

#[test]
fn plan_that_nobody_asked_for_is_refused() {
    assert_eq!(
        attacks::tried("lying components") as usize,
        LIES.len() + LIES_OF_INTERFACE.len()
    );
    for (lie, told) in LIES {
        let file = if lie.contains("file") {
            "labels.txt"
        } else {
            ""
        };
        let object =
            format!(r#"{{"context": "source", "labels_file": "{file}", "output": "{lie}"}}"#);

        let error = plan(&object).unwrap_err();

        assert_eq!(
            chain(&error),
            format!("the planner's answer is refused: the planner lies: {told}"),
            "{lie}"
        );
    }
}

/// What a planner tells of an interface by the name of the output.
const LIES_OF_INTERFACE: [(&str, &str); 5] = [
    ("other input", "the object asks for no input `secrets`"),
    ("input elsewhere", "the object asks for no input `source`"),
    ("further input", "the object asks for no input `secrets`"),
    (
        "output elsewhere",
        "the object asks for no output `output elsewhere`",
    ),
    ("invented cache", "the object asks for no cache `root`"),
];

#[test]
fn interface_that_nobody_asked_for_is_refused() {
    let planner = hostile(Limits::default());
    for (lie, told) in LIES_OF_INTERFACE {
        let object = format!(r#"{{"context": "source", "output": "{lie}"}}"#);

        let error = planner.describe(&mask(&object)).unwrap_err();

        assert_eq!(
            chain(&error),
            format!("the planner's answer is refused: the planner lies: {told}")
        );
    }
    planner
        .describe(&mask(r#"{"context": "source", "output": "image"}"#))
        .unwrap()
        .unwrap();
}

#[test]
fn plan_of_a_planner_that_does_not_lie_passes() {
    for object in [
        r#"{"context": "source", "output": "image"}"#,
        r#"{"context": "source", "labels_file": "labels.txt", "output": "image"}"#,
    ] {
        plan(object).unwrap();
    }
}

#[test]
fn answer_about_an_object_that_is_none_is_refused() {
    let error = plan(r#"{"output": "image", "unknown": true}"#).unwrap_err();

    assert!(
        chain(&error).starts_with(
            "the planner's answer is refused: the planner lies: the object is not sound: "
        ),
        "{error:?}"
    );
}

// --- the planners ----------------------------------------------------------------------------------------------------

/// A workspace that holds one file.
struct OneFile;

impl Workspace for OneFile {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        match path {
            "labels.txt" => Ok("a=b\n".to_owned()),
            _ => Err(FileError::NotFound),
        }
    }

    fn entry_at(&self, _path: &str) -> Result<Entry, FileError> {
        Ok(Entry::Nothing)
    }
}

fn hostile(limits: Limits) -> Planner {
    // SAFETY: what `build.rs` precompiled, unchanged.
    unsafe { Planner::from_component_bytes(HOSTILE, limits) }
        .expect("it was compiled for this machine")
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

fn plan(object: &str) -> Result<CheckedPlan, PlannerError> {
    let planned = hostile(Limits::default()).plan_in(&mask(object), OneFile);
    planned.map_err(|refusal| match refusal {
        Refusal::Planner(error) => error,
        Refusal::Mistakes(mistakes) => panic!("the object is sound: {mistakes:?}"),
    })
}

/// The message, and those of its sources.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

//! Builds that mean harm, and builds beyond all measure: whatever is in them, a page is its own markup, and no larger than it may be.

use oci_image_buildkit::status::Status;
use oci_image_page::Fate;
use oci_image_schema::outcome::{BuilderResult, CacheResult, CacheState, ImageResult};
use proptest::prelude::*;

use crate::build::{Build, page};
use crate::markup::assert_own_markup;
use crate::reports::{failed, log, part, started, vertex};

/// What is tried in every place that holds a text from outside.
const HARM: &[&str] = &[
    "<script>alert(1)</script>",
    "</title></style></pre></svg><script src=//evil.example></script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\" style=\"position:fixed\" class=\"",
    "<!-- ",
    "]]>",
    "&lt;b&gt; &#60;b&#62;",
    "javascript:alert(1)",
    "\u{202e}gnp.exe",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{0}\u{fffe}\u{85}\u{2028}",
];

/// A page in which every text from outside is this one.
fn page_of(text: &str) -> String {
    let name = format!("[{text} 1/1] RUN {text}");
    let mut build = Build::of(
        &format!("FROM scratch AS {text}\nRUN {text}\n{text}\n"),
        &[text, "other"],
    );
    build.tells(0, started(&name, 0));
    build.tells(0, log(&name, 1, format!("{text}\n")));
    build.tells(0, named_part(&name, text));
    build.tells(0, warning(&name, text));
    build.ran(0, &[], failed(&name, 0, 1_000, text));
    build.ran(1, &[text], vertex(text, Some(0), Some(2_000)));
    build.warned(text);
    let record = build.record();
    let image = ImageResult {
        image: text,
        target: Some(text),
        digest: text,
        size: u64::MAX,
        layers: 1,
        new_layers: 0,
    };
    let platforms = [text.to_owned()];
    let built = Fate::Built {
        images: vec![image],
        sent: 0,
        received: u64::MAX,
        builders: vec![BuilderResult {
            address: text,
            version: text,
            platforms: Some(&platforms),
        }],
        caches: vec![CacheResult {
            id: text,
            state: CacheState::LeftOut,
            bytes: None,
            entries: None,
            archive: Some(u64::MAX),
            seconds: 1.0,
        }],
    };
    let reports = [format!("error: {text}\n  1 | / {text}\n{text}")];
    let fates = [
        built,
        Fate::Failed {
            report: &reports[0],
        },
        Fate::Stopped { report: text },
    ];
    fates
        .map(|fate| page(&record, fate))
        .concat()
        .replace("</html><!DOCTYPE html>", "</html>\n<!DOCTYPE html>")
}

fn named_part(name: &str, text: &str) -> Status {
    let mut status = part(name, 900, i64::MAX, true);
    status.progress[0].id = text.into();
    status.progress[0].total = i64::MIN;
    status
}

fn warning(name: &str, text: &str) -> Status {
    Status {
        warnings: vec![oci_image_buildkit::status::VertexWarning {
            vertex: format!("sha256:{name}"),
            level: 1,
            short: text.into(),
            detail: vec![text.into()],
            url: text.into(),
            source: None,
        }],
        ..Status::default()
    }
}

#[test]
fn no_text_from_outside_is_markup_wherever_it_stands() {
    for harm in HARM {
        for page in page_of(harm).split("\n<!DOCTYPE html>") {
            assert_own_markup(page);
        }
    }
}

proptest! {
    #[test]
    fn no_text_at_all_is(text in "[<>\"'&/=a-z \\\\\u{0}-\u{1f}\u{80}-\u{9f}\u{2028}\u{202e}-]{0,40}") {
        for page in page_of(&text).split("\n<!DOCTYPE html>") {
            assert_own_markup(page);
        }
    }
}

#[test]
fn a_page_forbids_itself_everything_but_its_own_sheet() {
    let page = page_of("x");

    let policy = "content=\"default-src 'none'; style-src 'sha256-";
    assert!(page.contains(policy));
    assert!(page.contains("'; img-src data:; base-uri 'none'; form-action 'none'\""));
    for elsewhere in ["http://", "https://", "//", "src=", "@import", "url("] {
        let own = page.replace("xmlns='http://www.w3.org/2000/svg'", "");
        assert!(!own.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn a_build_beyond_all_measure_is_a_page_of_some_megabytes() {
    let dockerfile = format!("FROM scratch\n{}", "RUN <>&\"\n".repeat(1_000_000));
    let mut build = Build::of(&dockerfile, &["a", "b", "c"]);
    let noise = format!("{}\n", "<&>\"".repeat(200)).repeat(200);
    for n in 0..1_200_u64 {
        let name = format!("[{n} 1/1] RUN {}", "<\"".repeat(10_000));
        let target = n as usize % 3;
        build.tells(target, started(&name, n));
        if n < 300 {
            build.tells(target, log(&name, n, noise.clone()));
            for id in 0..20 {
                let mut status = part(&name, n + 5, 5, true);
                status.progress[0].id = format!("{id}{}", "<".repeat(5_000));
                build.tells(target, status);
            }
        }
        build.ran(target, &[], vertex(&name, Some(n), Some(n + 10_000)));
    }

    let page = page(&build.record(), Fate::Failed { report: &noise });

    assert!(page.len() < 24 << 20, "{} bytes", page.len());
    assert!(page.contains("lines left out"));
    assert!(page.contains(" more, not shown"));
    assert!(page.contains("the rest is not shown"));
}

#[test]
fn times_that_no_clock_has_are_a_page_too() {
    for (start, end) in [(0, u64::MAX >> 11), (u64::MAX >> 11, 0), (5, 5)] {
        let mut build = Build::of("FROM scratch\n", &["image"]);
        build.ran(0, &[], vertex("a", Some(start), Some(end)));
        build.ran(0, &[], vertex("b", Some(1), None));

        let page = page(&build.record(), Fate::Stopped { report: "" });

        assert_own_markup(&page);
        assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    }
}

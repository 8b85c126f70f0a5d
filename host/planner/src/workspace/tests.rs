//! What the workspace of a directory answers.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::mask;

/// A working directory `work` beside a directory that is not its business.
fn workspace(object: &str) -> (tempfile::TempDir, NativeWorkspace) {
    let top = tempfile::tempdir().unwrap();
    let work = top.path().join("work");
    fs::create_dir_all(work.join("app")).unwrap();
    fs::write(work.join("labels"), "a=b\n").unwrap();
    fs::write(top.path().join("outside"), "not yours\n").unwrap();
    let directory = WorkingDirectory::open(&work).unwrap();
    let workspace = NativeWorkspace::new(&directory, &mask(object));
    (top, workspace)
}

fn labels(path: &str) -> String {
    format!(r#"{{"context": "app", "output": "image", "labels_file": "{path}"}}"#)
}

#[test]
fn named_file_is_read_and_any_other_is_denied() {
    let (_top, workspace) = workspace(&labels("./labels"));

    assert_eq!(workspace.read_text("labels"), Ok("a=b\n".to_owned()));
    assert_eq!(workspace.read_text("app"), Err(FileError::Denied));
    assert_eq!(workspace.read_text("../outside"), Err(FileError::Denied));
    assert_eq!(workspace.read_text("/etc/passwd"), Err(FileError::Denied));
    assert_eq!(workspace.entry_at("../outside"), Err(FileError::Denied));
    assert_eq!(workspace.entry_at("app"), Ok(Entry::Directory));
    assert_eq!(workspace.entry_at("labels"), Ok(Entry::File));
    assert_eq!(workspace.entry_at("image"), Ok(Entry::Nothing));
    assert_eq!(workspace.entry_at("app/Dockerfile"), Ok(Entry::Nothing));
}

fn other<T>(words: &str) -> Result<T, FileError> {
    Err(FileError::Other(words.to_owned()))
}

#[test]
fn symbolic_link_at_a_named_path_is_followed_wherever_it_leads() {
    for (link, target, path) in [
        ("link", "../outside", "link"),
        ("link", "labels", "./link"),
        ("app/link", "../labels", "app//link"),
        ("link", "..", "link/outside"),
        ("link", "an absolute path", "link/x"),
    ] {
        let (top, workspace) = workspace(&labels(path));
        let target = if target == "an absolute path" {
            top.path().join("deep").to_str().unwrap().to_owned()
        } else {
            target.to_owned()
        };
        fs::create_dir(top.path().join("deep")).unwrap();
        symlink("../outside", top.path().join("deep/x")).unwrap();
        symlink(target, top.path().join("work").join(link)).unwrap();

        assert!(workspace.read_text(path).is_ok(), "{path}");
        assert_eq!(workspace.entry_at(path), Ok(Entry::File), "{path}");
    }
}

#[test]
fn symbolic_link_that_leads_nowhere_is_told_from_nothing() {
    for (path, target, words) in [
        (
            "link",
            "../gone",
            "`link` is a symbolic link to `../gone`, and nothing stands there",
        ),
        (
            "link/labels",
            "gone",
            "`link` is a symbolic link to `gone`, and nothing stands there",
        ),
        ("link", "link", "its symbolic links lead in a circle"),
        ("link/labels", "link", "its symbolic links lead in a circle"),
    ] {
        let (top, workspace) = workspace(&labels(path));
        symlink(target, top.path().join("work/link")).unwrap();

        assert_eq!(workspace.read_text(path), other(words), "{path}");
        assert_eq!(workspace.entry_at(path), other(words), "{path}");
    }
}

#[test]
fn what_stands_in_a_named_directory_leads_not_out_of_it() {
    let object =
        r#"{"context": "linked", "output": "image", "cache": true, "image_args": ["BASE=base"]}"#;
    let (top, workspace) = workspace(object);
    let work = top.path().join("work");
    // The directory may be anywhere; it is named.
    symlink("app", work.join("linked")).unwrap();
    for directory in ["cache", "base"] {
        fs::create_dir(work.join(directory)).unwrap();
    }
    let asked = [
        ("app/Dockerfile", "linked/Dockerfile", "linked"),
        ("app/dockerfile", "linked/dockerfile", "linked"),
        ("cache/index.json", "cache/index.json", "cache"),
        ("base/oci-layout", "base/oci-layout", "base"),
    ];
    for (file, path, directory) in asked {
        let outside = format!("a symbolic link leads out of `{directory}`");
        for target in ["../labels", "../../outside", "/etc/passwd"] {
            symlink(target, work.join(file)).unwrap();
            assert_eq!(workspace.entry_at(path), other(&outside), "{path}");
            fs::remove_file(work.join(file)).unwrap();
        }
        fs::write(work.join(directory).join("inside"), "").unwrap();
        symlink("inside", work.join(file)).unwrap();
        assert_eq!(workspace.entry_at(path), Ok(Entry::File), "{path}");
    }
}

#[test]
fn path_outside_is_followed_when_the_object_writes_it_so() {
    let (top, beside) = workspace(&labels("../outside"));
    let absolute = top.path().join("outside").to_str().unwrap().to_owned();
    let (_other, away) = workspace(&labels(&absolute));

    assert_eq!(beside.read_text("../outside"), Ok("not yours\n".to_owned()));
    assert_eq!(beside.entry_at("../outside"), Ok(Entry::File));
    assert_eq!(away.read_text(&absolute), Ok("not yours\n".to_owned()));
    assert_eq!(away.entry_at(&absolute), Ok(Entry::File));
}

#[test]
fn what_is_no_small_text_has_no_text() {
    let (top, workspace) = workspace(&labels("file"));
    let file = top.path().join("work/file");
    let mut answers = vec![workspace.read_text("file")];
    fs::write(&file, [0xff, 0xfe]).unwrap();
    answers.push(workspace.read_text("file"));
    fs::write(&file, vec![b'x'; (1 << 20) + 1]).unwrap();
    answers.push(workspace.read_text("file"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    answers.push(workspace.read_text("file"));

    assert_eq!(
        answers,
        [
            Err(FileError::NotFound),
            Err(FileError::NotText),
            Err(FileError::TooLarge(1 << 20)),
            Err(FileError::IsDirectory),
        ]
    );
}

#[test]
fn secret_larger_than_a_step_can_be_given_is_too_large() {
    let object = r#"{"context": "app", "output": "image", "buildkit_secrets": {"token": "token"}}"#;
    let (top, workspace) = workspace(object);
    let file = top.path().join("work/token");
    fs::write(&file, vec![b'x'; 500 << 10]).unwrap();
    let largest = workspace.entry_at("token");
    fs::write(&file, vec![b'x'; (500 << 10) + 1]).unwrap();

    assert_eq!(largest, Ok(Entry::File));
    assert_eq!(
        workspace.entry_at("./token"),
        Err(FileError::TooLarge(500 << 10))
    );
}

#[test]
fn what_may_never_send_a_byte_is_told_and_does_not_keep_us() {
    let (top, workspace) = workspace(&labels("pipe"));
    let pipe = top.path().join("work/pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RWXU).unwrap();

    let refused = FileError::Other("it is a pipe, neither a file nor a directory".to_owned());
    assert_eq!(workspace.read_text("pipe"), Err(refused.clone()));
    assert_eq!(workspace.entry_at("pipe"), Err(refused));
}

#[test]
fn socket_stands_for_a_file_only_where_it_is_that_of_an_agent() {
    let object = r#"{"context": "app", "buildkit_ssh": "default=agent", "dockerfile": "other"}"#;
    let (top, workspace) = workspace(object);
    let sockets = ["agent", "other"].map(|name| top.path().join("work").join(name));
    let _listeners = sockets.map(|path| std::os::unix::net::UnixListener::bind(path).unwrap());

    assert_eq!(workspace.entry_at("agent"), Ok(Entry::File));
    assert_eq!(
        workspace.entry_at("other"),
        Err(FileError::Other(
            "it is a socket, neither a file nor a directory".to_owned()
        ))
    );
}

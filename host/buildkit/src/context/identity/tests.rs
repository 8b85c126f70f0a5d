use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use rustix::fs::Mode;

use super::*;
use crate::context::local::{Local, LocalQuestion};
use oci_image_boundary::handle::Directory;

fn key(directory: &tempfile::TempDir) -> io::Result<IdentityKey> {
    IdentityKey::kept_in(Directory::open(directory.path()).unwrap())
}

fn id(key: &IdentityKey, digest: u8) -> String {
    let fingerprint = Fingerprint {
        digest: [digest; 32],
        questions: Vec::new(),
    };
    match key.identify(fingerprint) {
        Identity::Known(known) => known.id.clone(),
        Identity::Random | Identity::Checkout { .. } => unreachable!(),
    }
}

fn patterns(exclude: &[&str], follow: &[&str]) -> Patterns {
    let owned = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    Patterns {
        include: Vec::new(),
        exclude: owned(exclude),
        follow: owned(follow),
    }
}

#[test]
fn an_identity_is_that_of_its_fingerprint_and_of_the_key_that_is_kept() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

    let first = id(&key(&ours).unwrap(), 1);

    assert_eq!(first, id(&key(&ours).unwrap(), 1));
    assert_ne!(first, id(&key(&ours).unwrap(), 2));
    assert_ne!(first, id(&key(&theirs).unwrap(), 1));
    assert_ne!(first, hex(&[1; 32]));
    assert_eq!(first.len(), 64);
    let found = fs::metadata(ours.path().join("oci-image.key")).unwrap();
    assert_eq!((found.mode() & 0o7777, found.len()), (0o600, 32));
    assert_eq!(fs::read_dir(ours.path()).unwrap().count(), 1);
}

#[test]
fn what_is_not_a_key_of_this_user_alone_is_refused_and_the_next_key_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("oci-image.key");
    let outside = directory.path().join("outside");
    fs::write(&outside, [7; 32]).unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o600)).unwrap();
    let before = id(&key(&directory).unwrap(), 1);
    let odd: [&dyn Fn(); 4] = [
        &|| fs::write(&path, [7; 31]).unwrap(),
        &|| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap(),
        &|| {
            fs::remove_file(&path).unwrap();
            symlink(&outside, &path).unwrap();
        },
        &|| {
            fs::remove_file(&path).unwrap();
            rustix::fs::mknodat(
                rustix::fs::CWD,
                &path,
                rustix::fs::FileType::Fifo,
                Mode::RUSR,
                0,
            )
            .unwrap();
        },
    ];
    for make_odd in odd {
        make_odd();

        let refused = key(&directory).err().map(|error| error.kind());

        assert_eq!(refused, Some(io::ErrorKind::InvalidData));
        assert_ne!(id(&key(&directory).unwrap(), 1), before);
    }
    assert_eq!(fs::read(&outside).unwrap(), [7; 32]);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(key(&directory).is_err() && key(&directory).is_err());
}

#[test]
fn a_question_that_the_fingerprint_does_not_cover_ends_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let key = key(&directory).unwrap();
    let question = |name: &str, patterns| LocalQuestion {
        local: Local {
            name: name.into(),
            directory: Directory::open(directory.path()).unwrap(),
        },
        patterns,
    };
    let fingerprint = Fingerprint {
        digest: [1; 32],
        questions: vec![
            question("dockerfile", patterns(&[], &["Dockerfile", "dockerfile"])),
            question("context", patterns(&["target"], &[])),
        ],
    };
    let Identity::Known(known) = key.identify(fingerprint) else {
        unreachable!()
    };
    let is_kept = |name: &str, patterns: Patterns| {
        fs::write(directory.path().join("oci-image.key"), [1; 32]).unwrap();
        known.admit(name, &patterns).unwrap();
        directory.path().join("oci-image.key").exists()
    };

    assert!(is_kept("dockerfile", patterns(&[], &["Dockerfile"])));
    let both = patterns(&[], &["Dockerfile", "dockerfile"]);
    assert!(is_kept("dockerfile", both));
    assert!(is_kept("context", patterns(&["target"], &[])));
    assert!(is_kept("context", patterns(&["target"], &["src"])));
    assert!(!is_kept("context", patterns(&[], &[])));
    assert!(!is_kept("context", patterns(&["target", "!target/x"], &[])));
    assert!(!is_kept("dockerfile", patterns(&[], &["Dockerfile", "x"])));
    assert!(!is_kept("dockerfile", patterns(&[], &[])));
    assert!(!is_kept("other", patterns(&["target"], &[])));
}

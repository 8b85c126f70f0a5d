use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn met(contents: u8, modified: i64) -> Met {
    Met {
        entry: [0; 16],
        contents: [contents; 16],
        modified,
        later: modified + 10,
    }
}

/// The seconds that places get, the first of which is 1.
fn settled(directory: &TempDir, entries: &[Met]) -> Vec<i64> {
    let mut places = (1..).map(|place| PathHash([place; 16]));
    let mut met: HashMap<_, _> = entries
        .iter()
        .map(|met| (places.next().unwrap(), *met))
        .collect();
    settle(&Directory::open(directory.path()).unwrap(), &mut met).unwrap();
    let seconds = (1..).take(entries.len());
    seconds
        .map(|place| met[&PathHash([place; 16])].modified)
        .collect()
}

#[test]
fn what_stays_as_it_is_keeps_its_date_and_what_changes_is_newer_than_its_own() {
    let directory = tempfile::tempdir().unwrap();

    assert_eq!(settled(&directory, &[met(1, 100), met(2, 100)]), [100, 100]);
    assert_eq!(settled(&directory, &[met(1, 200), met(3, 200)]), [100, 210]);
    // Back again: what was built meanwhile is not from it.
    assert_eq!(settled(&directory, &[met(1, 300), met(2, 300)]), [100, 310]);
    assert_eq!(settled(&directory, &[met(9, 400)]), [410]);
    assert_eq!(settled(&directory, &[met(9, 500), met(2, 500)]), [410, 310]);
}

#[test]
fn after_a_build_that_went_by_other_dates_there_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let before = settled(&directory, &[met(1, 100)]);

    let root = Directory::open(directory.path()).unwrap();
    forget(&root).unwrap();
    forget(&root).unwrap();

    assert_eq!(before, [100]);
    assert_eq!(settled(&directory, &[met(1, 200)]), [200]);
}

#[test]
fn a_list_that_is_not_whole_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    settled(&directory, &[met(1, 100), met(2, 100)]);
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), HEAD.len() + KEY + 2 * ITEM + 32);
    let flipped = whole
        .iter()
        .enumerate()
        .map(|(at, byte)| byte ^ u8::from(at == 30));
    let other_form = [&b"dates\0\0\x02"[..], &whole[HEAD.len()..]].concat();
    for damaged in [&whole[..90], &[], &flipped.collect::<Vec<_>>(), &other_form] {
        fs::write(&path, damaged).unwrap();

        assert_eq!(settled(&directory, &[met(1, 200), met(2, 200)]), [200, 200]);
        assert_eq!(settled(&directory, &[met(1, 300)]), [200]);
    }
}

#[test]
fn a_list_that_cannot_be_written_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    settled(&directory, &[met(1, 100)]);
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(path.join("in the way")).unwrap();
    let mut met = HashMap::from([(PathHash([1; 16]), met(1, 200))]);

    let settled = settle(&Directory::open(directory.path()).unwrap(), &mut met);

    assert!(settled.is_err());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn times_are_made_by_one_key_as_long_as_there_are_dates() {
    let directory = tempfile::tempdir().unwrap();
    let root = Directory::open(directory.path()).unwrap();
    let sign = || {
        let mut met = HashMap::from([(PathHash([1; 16]), met(1, 100))]);
        let key = settle(&root, &mut met).unwrap();
        hmac::sign(&key, b"contents").as_ref().to_vec()
    };
    let first = sign();

    assert_eq!(sign(), first);
    let mode = fs::metadata(directory.path().join(NAME))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o7777, 0o600);
    forget(&root).unwrap();
    assert_ne!(sign(), first);
}

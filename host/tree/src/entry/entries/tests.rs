use super::*;
use crate::stream::Stream;
use crate::time::Time;

fn entries(archive: Vec<u8>) -> Entries<Stream<io::Cursor<Vec<u8>>>> {
    Entries::new(Stream::new(io::Cursor::new(archive)))
}

fn file_header(size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(1);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn archive_with(extension: EntryType, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = file_header(content.len() as u64);
    header.set_entry_type(extension);
    builder
        .append_data(&mut header, "extension", content)
        .unwrap();
    builder
        .append_data(&mut file_header(5), "short", &b"hello"[..])
        .unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn a_record_whose_value_holds_line_breaks_is_kept_whole() {
    let value = b"\x01\n\x00\n=\n";
    let mut record = b"39 SCHILY.xattr.security.capability=".to_vec();
    record.extend_from_slice(value);
    record.push(b'\n');
    record.splice(..2, record.len().to_string().into_bytes());
    let mut entries = entries(archive_with(EntryType::XHeader, &record));

    let entry = entries.next_entry().unwrap().unwrap();

    assert_eq!(entry.path, b"short");
    assert_eq!(
        entry.xattrs,
        [(b"security.capability".to_vec(), value.to_vec())]
    );
    assert!(entries.next_entry().unwrap().is_none());
    assert!(entries.marked());
}

#[test]
fn records_replace_path_owner_and_time() {
    let records = b"11 path=/x\n16 uid=70000000\n10 gid=12\n22 mtime=-1.250000000\n";
    let records: Vec<u8> = records
        .split_inclusive(|b| *b == b'\n')
        .flat_map(relength)
        .collect();

    let entry = entries(archive_with(EntryType::XHeader, &records))
        .next_entry()
        .unwrap()
        .unwrap();

    assert_eq!(
        (entry.path.as_slice(), entry.uid, entry.gid),
        (&b"/x"[..], 70_000_000, 12)
    );
    assert_eq!(
        entry.mtime,
        Time {
            seconds: -2,
            nanoseconds: 750_000_000
        }
    );
}

/// A record with its length put right, so that a test may write any number.
fn relength(record: &[u8]) -> Vec<u8> {
    let space = record.iter().position(|b| *b == b' ').unwrap();
    let tail = &record[space..];
    let mut length = tail.len() + 1;
    while length.to_string().len() + tail.len() != length {
        length += 1;
    }
    [length.to_string().as_bytes(), tail].concat()
}

#[test]
fn a_gnu_long_name_ends_at_its_nul() {
    let name = [vec![b'n'; 300], vec![0]].concat();

    let entry = entries(archive_with(EntryType::GNULongName, &name))
        .next_entry()
        .unwrap()
        .unwrap();

    assert_eq!(entry.path, vec![b'n'; 300]);
}

#[test]
fn broken_extensions_are_errors_that_say_where() {
    let cases: [(&[u8], &str); 4] = [
        (b"5 a=b", "malformed extension at byte 0"),
        (b"99 path=x\n", "malformed extension at byte 0"),
        (b"path=x\n", "malformed extension at byte 0"),
        (b"18 size=minus one\n", "malformed extension at byte 0"),
    ];
    for (records, message) in cases {
        let error = entries(archive_with(EntryType::XHeader, records))
            .next_entry()
            .unwrap_err();

        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_giant_extension_is_refused_before_it_is_read() {
    let mut header = file_header(1 << 40);
    header.set_entry_type(EntryType::XHeader);
    header.set_cksum();

    let error = entries(header.as_bytes().to_vec())
        .next_entry()
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        "extension at byte 0 holds 1099511627776 bytes, more than 1048576"
    );
}

#[test]
fn a_stream_cut_anywhere_is_truncated_or_unmarked() {
    let whole = archive_with(EntryType::GNULongName, b"long");
    // The two closing blocks of zeros are not needed in full, one is.
    for end in 0..whole.len() - 1023 {
        let mut entries = entries(whole[..end].to_vec());
        let outcome = loop {
            match entries.next_entry() {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(entries.marked()),
                Err(error) => break Err(error),
            }
        };
        assert!(
            matches!(outcome, Ok(false) | Err(EntryError::Truncated { .. })),
            "{end}: {outcome:?}"
        );
    }
}

#[test]
fn content_is_read_as_far_as_it_goes_and_no_further() {
    let mut entries = entries(archive_with(EntryType::XGlobalHeader, b"13 comment=x\n"));
    let entry = entries.next_entry().unwrap().unwrap();
    let mut buffer = [0; 64];

    let count = entries.read(&mut buffer).unwrap();

    assert_eq!((entry.size, &buffer[..count]), (5, &b"hello"[..]));
    assert_eq!(entries.read(&mut buffer).unwrap(), 0);
}

//! The daemon's side of these conversations is written with the generated packets, so that both codecs must agree.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use http_body_util::BodyExt;
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::*;
use crate::fault::{Fault, Faults};
use oci_image_boundary::handle::Directory;

/// How long one packet may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the daemon sends, as a body.
struct Questions(mpsc::UnboundedReceiver<Packet>);

impl Body for Questions {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let packet = ready!(self.0.poll_recv(context));
        Poll::Ready(packet.map(|packet| {
            let message = packet.encode_to_vec();
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            Ok(Frame::data([&[0], &length[..], &message].concat().into()))
        }))
    }
}

/// A call as the daemon makes it.
struct Conversation {
    ask: mpsc::UnboundedSender<Packet>,
    body: tonic::body::Body,
    bytes: VecDeque<u8>,
    faults: Faults,
}

impl Conversation {
    async fn start(local: &Path) -> Self {
        let faults = Faults::default();
        let locals = vec![Local {
            name: "context".into(),
            directory: Directory::open(local).unwrap(),
        }];
        let (ask, questions) = mpsc::unbounded_channel();
        let response = call(
            FileSync::new(locals, unsent(&faults)),
            &[("dir-name", "context")],
            questions,
        )
        .await;
        Self {
            ask,
            body: response.into_body(),
            bytes: VecDeque::new(),
            faults,
        }
    }

    fn ask(&self, kind: PacketType, id: u32) {
        self.ask
            .send(Packet {
                r#type: kind.into(),
                id,
                ..Packet::default()
            })
            .unwrap();
    }

    /// The next packet, or the status.
    async fn next(&mut self) -> Result<Packet, Status> {
        loop {
            if let Some(length) = self.length()
                && self.bytes.len() >= 5 + length
            {
                let message: Vec<u8> = self.bytes.drain(..5 + length).skip(5).collect();
                return Ok(Packet::decode(&message[..]).unwrap());
            }
            let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await;
            match frame
                .expect("in time")
                .expect("a status at the end")
                .unwrap()
                .into_data()
            {
                Ok(data) => self.bytes.extend(data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap();
                    return Err(Status::from_header_map(&trailers).unwrap());
                }
            }
        }
    }

    fn length(&self) -> Option<usize> {
        let prefix: Vec<u8> = self.bytes.iter().take(5).copied().collect();
        let length = prefix.get(1..5)?.try_into().unwrap();
        Some(u32::from_be_bytes(length) as usize)
    }

    /// The paths of the listing.
    async fn listing(&mut self) -> Vec<String> {
        let mut paths = Vec::new();
        while let Some(stat) = self.next().await.unwrap().stat {
            paths.push(stat.path);
        }
        paths
    }

    /// Asks for an entry, and takes all of it.
    async fn contents(&mut self, id: u32) -> Vec<u8> {
        self.ask(PacketType::PacketReq, id);
        let mut contents = Vec::new();
        loop {
            let packet = self.next().await.unwrap();
            assert_eq!((packet.r#type(), packet.id), (PacketType::PacketData, id));
            if packet.data.is_empty() {
                return contents;
            }
            contents.extend(packet.data);
        }
    }

    /// The message of the packet and of the status with which the call fails, and the fault behind it.
    async fn failure(&mut self) -> (String, FileSyncError) {
        let mut packet = self.next().await.unwrap();
        // What was listed before.
        while packet.r#type() == PacketType::PacketStat {
            packet = self.next().await.unwrap();
        }
        assert_eq!(packet.r#type(), PacketType::PacketErr);
        let status = self.next().await.unwrap_err();
        let message = String::from_utf8(packet.data).unwrap();
        assert_eq!(status.message(), message);
        match self.faults.take().and_then(Arc::into_inner) {
            Some(Fault::Local { name, source }) if name == "context" => (message, source),
            other => panic!("{other:?}"),
        }
    }
}

fn unsent(faults: &Faults) -> Recorder<(String, FileSyncError)> {
    faults.recorder(|(name, source)| Fault::Local { name, source })
}

async fn call(
    service: FileSync,
    headers: &[(&str, &str)],
    questions: mpsc::UnboundedReceiver<Packet>,
) -> http::Response<tonic::body::Body> {
    let mut request = http::Request::new(Questions(questions));
    *request.uri_mut() = "/moby.filesync.v1.FileSync/DiffCopy".parse().unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    service.oneshot(request).await.unwrap()
}

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        fs::write(tree.path().join(name), contents).unwrap();
    }
    tree
}

#[tokio::test]
async fn a_tree_is_listed_and_its_files_are_sent_as_they_are_asked_for() {
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let tree = tree(&[("a", b"alpha"), ("b", b""), ("c", &large)]);
    fs::create_dir(tree.path().join("d")).unwrap();
    symlink("a", tree.path().join("e")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("f")).unwrap();
    let mut daemon = Conversation::start(tree.path()).await;

    assert_eq!(daemon.listing().await, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(daemon.contents(2).await, large);
    assert_eq!(daemon.contents(0).await, b"alpha");
    assert_eq!(daemon.contents(1).await, b"");
    assert_eq!(daemon.contents(5).await, b"");
    daemon.ask(PacketType::PacketFin, 0);
    assert_eq!(daemon.next().await.unwrap().r#type(), PacketType::PacketFin);
    assert_eq!(daemon.next().await.unwrap_err().code(), tonic::Code::Ok);
    assert!(daemon.faults.take().is_none());
}

#[tokio::test]
async fn an_entry_carries_everything_that_the_daemon_compares() {
    let tree = tree(&[("a", b"alpha")]);
    let path = tree.path().join("a");
    rustix::fs::setxattr(
        &path,
        "user.note",
        b"\0\xff",
        rustix::fs::XattrFlags::empty(),
    )
    .unwrap();
    rustix::fs::chmod(&path, rustix::fs::Mode::from_raw_mode(0o4755)).unwrap();
    let modified = std::time::UNIX_EPOCH + Duration::from_nanos(1_600_000_000_123_456_789);
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    fs::hard_link(&path, tree.path().join("b")).unwrap();
    let mut daemon = Conversation::start(tree.path()).await;

    let first = daemon.next().await.unwrap().stat.unwrap();
    let second = daemon.next().await.unwrap().stat.unwrap();

    assert_eq!((first.path.as_str(), first.linkname.as_str()), ("a", ""));
    assert_eq!(
        (first.mode, first.uid, first.gid),
        ((1 << 23) | 0o755, 0, 0)
    );
    // Below a millisecond it is what tells a replaced file from this one (`walk/modified.rs`).
    assert_eq!(
        (first.size, first.mod_time / 1_000_000),
        (5, 1_600_000_000_123)
    );
    assert_eq!(first.xattrs["user.note"], b"\0\xff");
    // The daemon compares the size of a link with that of the file.
    assert_eq!((second.linkname.as_str(), second.size), ("a", 5));
}

#[tokio::test]
async fn a_file_that_was_rewritten_since_it_was_listed_is_sent_as_it_is_now() {
    let tree = tree(&[("a", b"before")]);
    let mut daemon = Conversation::start(tree.path()).await;
    daemon.listing().await;

    fs::write(tree.path().join("a"), b"before and after").unwrap();

    assert_eq!(daemon.contents(0).await, b"before and after");
}

#[tokio::test]
async fn a_file_that_vanished_or_was_replaced_fails_the_call_with_its_path() {
    let outside = tree(&[("secret", b"secret")]);
    let tree = tree(&[("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4")]);
    let path = |name: &str| tree.path().join(name);
    let replace: [(&str, Replace<'_>, &str); 4] = [
        (
            "a",
            &|_| {},
            "cannot open `{}`: No such file or directory (os error 2)",
        ),
        (
            "b",
            &|path| symlink(outside.path().join("secret"), path).unwrap(),
            "`{}` was a file when it was listed, and is none any more",
        ),
        (
            "c",
            &|path| fs::create_dir(path).unwrap(),
            "`{}` was a file when it was listed, and is none any more",
        ),
        (
            "d",
            &|path| mkfifo(path),
            "`{}` was a file when it was listed, and is none any more",
        ),
    ];
    for (id, (name, replace, expected)) in replace.into_iter().enumerate() {
        let mut daemon = Conversation::start(tree.path()).await;
        daemon.listing().await;
        let contents = fs::read(path(name)).unwrap();
        fs::remove_file(path(name)).unwrap();
        replace(&path(name));

        daemon.ask(PacketType::PacketReq, u32::try_from(id).unwrap());
        let (message, _) = daemon.failure().await;

        let expected = expected.replace("{}", path(name).to_str().unwrap());
        assert_eq!(
            message,
            format!("cannot send the local `context`: {expected}")
        );
        let _ = fs::remove_dir(path(name));
        let _ = fs::remove_file(path(name));
        fs::write(path(name), contents).unwrap();
    }
}

/// Puts something else where a file was.
type Replace<'a> = &'a dyn Fn(&Path);

fn mkfifo(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[tokio::test]
async fn an_entry_that_was_not_offered_or_was_taken_is_refused() {
    let tree = tree(&[("a", b"alpha")]);
    fs::create_dir(tree.path().join("b")).unwrap();
    for (before, id) in [(None, 7), (None, 1), (Some(0), 0)] {
        let mut daemon = Conversation::start(tree.path()).await;
        daemon.listing().await;
        if let Some(id) = before {
            daemon.contents(id).await;
        }

        daemon.ask(PacketType::PacketReq, id);
        let (_, error) = daemon.failure().await;

        assert!(matches!(error, FileSyncError::NotOffered { id: refused } if refused == id));
    }
}

#[tokio::test]
async fn a_tree_that_cannot_be_listed_fails_the_call_with_its_path() {
    let tree = tree(&[]);
    let name = "d".repeat(250);
    let mut directory = Directory::open(tree.path()).unwrap();
    for _ in 0..17 {
        directory = directory.made_own_directory(&name).unwrap();
    }
    let mut daemon = Conversation::start(tree.path()).await;

    let (message, _) = daemon.failure().await;

    let beginning = format!(
        "cannot send the local `context`: `{}/ddd",
        tree.path().display()
    );
    assert!(message.starts_with(&beginning), "{message}");
    assert!(message.contains("` is 4266 bytes long below"), "{message}");
}

#[tokio::test]
async fn a_local_that_is_not_offered_is_refused_by_its_name() {
    let (_ask, questions) = mpsc::unbounded_channel();
    let service = FileSync::new(Vec::new(), unsent(&Faults::default()));

    let response = call(
        service,
        &[("dir-name", "a%20b"), ("dir-name-encoded", "1")],
        questions,
    )
    .await;

    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert_eq!(status.message(), "no local `a b` is offered to the daemon");
}

#[test]
fn no_thread_is_left_when_the_daemon_drops_the_call_or_gives_up() {
    let files: Vec<(String, Vec<u8>)> = (0..40)
        .map(|number| (format!("f{number}"), vec![1; 2 << 20]))
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, contents)| (name.as_str(), &contents[..]))
        .collect();
    let tree = tree(&files);
    let runtime = Runtime::new().unwrap();

    runtime.block_on(async {
        let mut idle = Conversation::start(tree.path()).await;
        idle.listing().await;
        let mut busy = Conversation::start(tree.path()).await;
        busy.listing().await;
        (0..40).for_each(|id| busy.ask(PacketType::PacketReq, id));
        busy.next().await.unwrap();
        let mut failed = Conversation::start(tree.path()).await;
        failed.listing().await;
        failed.ask(PacketType::PacketErr, 0);
        assert_eq!(
            failed.next().await.unwrap_err().code(),
            tonic::Code::Cancelled
        );
        assert!(failed.faults.take().is_none());
    });

    // Waits for every blocking thread, and so for ever if one were left.
    drop(runtime);
}

#[test]
fn values_are_decoded_only_where_the_daemon_says_so() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("plain", "a+b%20c"),
        ("encoded", "a+b%20c"),
        ("encoded", "%C3%a9%ff"),
        ("encoded", "%zz"),
        ("encoded", "%2"),
        ("encoded-encoded", "1"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }

    assert_eq!(values(&headers, "plain"), [b"a+b%20c"]);
    let expected: [&[u8]; 4] = [b"a b c", b"\xc3\xa9\xff", b"", b""];
    assert_eq!(values(&headers, "encoded"), expected);
    assert_eq!(values(&headers, "absent"), [b""; 0]);
}

//! The registry on the wire: whatever is asked, the answer is one of the specification's, and a content is what its digest says.
//!
//! The input is a request without its first line's end: a method, a path, and header lines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use crate::archive_index;
use crate::yard::Yard;

/// What a registry for reading answers; 400 and 431 are the server's own, for what is no request.
const STATUSES: [&str; 8] = ["200", "206", "304", "400", "404", "405", "416", "431"];

/// A registry with one image, and its blobs.
struct Served {
    address: SocketAddr,
    blobs: Vec<Vec<u8>>,
    _registry: Registry,
    _runtime: Runtime,
    _files: Yard,
}

static SERVED: OnceLock<Served> = OnceLock::new();
static CONNECTION: Mutex<Option<TcpStream>> = Mutex::new(None);

pub(crate) fn run(bytes: &[u8]) {
    let served = SERVED.get_or_init(serve);
    let Some(request) = request(bytes) else {
        return;
    };
    let mut connection = CONNECTION.lock().unwrap_or_else(PoisonError::into_inner);
    let head = bytes.starts_with(b"HEAD ");
    let kept = connection.take().and_then(|kept| ask(kept, &request, head));
    let (answer, kept) = kept.unwrap_or_else(|| {
        let new = TcpStream::connect(served.address).expect("it listens");
        ask(new, &request, head).expect("every request is answered")
    });
    *connection = kept;
    served.check(&answer, head);
}

/// What is sent: the input with line ends, if it is short and ends its head only at its end.
fn request(bytes: &[u8]) -> Option<Vec<u8>> {
    let (method, _) = bytes.split_at(bytes.iter().position(|byte| *byte == b' ')?);
    // A body and another protocol are the server's, which is hyper's.
    let is_plain = matches!(
        method,
        b"GET" | b"HEAD" | b"PUT" | b"POST" | b"DELETE" | b"PATCH"
    );
    let text = std::str::from_utf8(bytes).ok()?.to_ascii_lowercase();
    let other = [
        "content-length",
        "transfer-encoding",
        "upgrade",
        "connection",
        "expect",
        "\r",
    ];
    if !is_plain || bytes.len() > 4096 || other.iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut lines = text_lines(bytes);
    let mut request = lines.next()?.to_vec();
    request.extend(b" HTTP/1.1\r\nHost: registry\r\n");
    for line in lines.filter(|line| !line.is_empty()) {
        request.extend(line);
        request.extend(b"\r\n");
    }
    request.extend(b"\r\n");
    Some(request)
}

fn text_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n')
}

/// An answer: its status, its headers in lower case, its body.
struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One request on a connection, and the connection where it stays; nothing where the connection had ended before.
fn ask(mut stream: TcpStream, request: &[u8], head: bool) -> Option<(Answer, Option<TcpStream>)> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    stream.write_all(request).ok()?;
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let text = std::str::from_utf8(&bytes[..end]).expect("a head is text");
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers: Vec<_> = headers.collect();
    let mut answer = Answer {
        status,
        headers,
        body: bytes.split_off(end),
    };
    let length: usize = answer
        .header("content-length")
        .map_or(0, |length| length.parse().expect("a number"));
    let length = if head || answer.status == "304" {
        0
    } else {
        length
    };
    let missing = length
        .checked_sub(answer.body.len())
        .expect("no more than was announced");
    let mut rest = vec![0; missing];
    stream
        .read_exact(&mut rest)
        .expect("all that was announced");
    answer.body.extend(rest);
    let ends = answer.header("connection") == Some("close");
    Some((answer, (!ends).then_some(stream)))
}

fn serve() -> Served {
    let files = Yard::new();
    let archive = archive_index::image();
    let image = Image::open(&files.file(&archive)).expect("an image");
    let manifests = image
        .manifests()
        .map(|(_, manifest)| manifest.bytes.to_vec());
    let mut blobs: Vec<Vec<u8>> = manifests.collect();
    for (_, blob) in image.blobs() {
        let mut bytes = vec![0; usize::try_from(blob.size()).expect("it is small")];
        let reader = blob.open().expect("it is there");
        reader.read_exact_at(&mut bytes, 0).expect("all of it");
        blobs.push(bytes);
    }
    let runtime = Runtime::new().expect("threads");
    let registry = runtime.block_on(Registry::serve(vec![("base".into(), image)]));
    let registry = registry.expect("a port");
    Served {
        address: registry.address(),
        blobs,
        _registry: registry,
        _runtime: runtime,
        _files: files,
    }
}

impl Served {
    fn check(&self, answer: &Answer, head: bool) {
        assert!(
            STATUSES.contains(&answer.status.as_str()),
            "{}",
            answer.status
        );
        let Some(digest) = answer.header("docker-content-digest") else {
            return;
        };
        let hex = |bytes: &[u8]| -> String {
            Sha256::digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        let whole = self
            .blobs
            .iter()
            .find(|blob| digest == format!("sha256:{}", hex(blob)));
        let whole = whole.expect("nothing but what is served has a digest");
        if head || answer.status == "304" {
            return;
        }
        match answer.header("content-range") {
            None => assert_eq!(answer.body, *whole),
            Some(range) => {
                let (range, size) = range
                    .strip_prefix("bytes ")
                    .and_then(|range| range.split_once('/'))
                    .expect("a range");
                let (first, last) = range.split_once('-').expect("two ends");
                let number = |text: &str| text.parse::<usize>().expect("a number");
                assert_eq!(number(size), whole.len());
                assert_eq!(answer.body, whole[number(first)..=number(last)]);
                assert_eq!(answer.status, "206");
            }
        }
    }
}

//! A server for tests: it answers each connection with what it was given, and tells what it was asked.
//!
//! Reads and writes: loopback. Unknown here: what is asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that serves until it is dropped.
pub(crate) struct Canned {
    /// Host and port.
    pub(crate) host: String,
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Canned {
    /// Answers each request by what `answer` makes of it.
    pub(crate) async fn start(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, answer, &log).await;
            }
        });
        Self {
            host,
            asked,
            serving,
        }
    }

    /// The requests so far: head, and what came with it.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An answer of that status and those headers (a line each) with a text.
pub(crate) fn said(status: &str, headers: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

async fn serve(mut stream: TcpStream, answer: fn(&str) -> String, log: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    // Heads and forms of tests come in one piece each.
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut bytes).await {
            Ok(length) if length > 0 => request.extend_from_slice(&bytes[..length]),
            _ => break,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let answer = answer(&request);
    log.lock().unwrap().push(request);
    let _ = stream.write_all(answer.as_bytes()).await;
    // What follows, such as a handshake that the server does not know, is read before the connection ends.
    if answer.contains(" 200 Connected") {
        let _ = stream.read(&mut bytes).await;
    }
}

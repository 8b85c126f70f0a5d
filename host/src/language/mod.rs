//! The language server: what an editor is told of requests, tasks and pipelines while somebody types them.
//!
//! What is said of a text is said by the rooms that say it to [`validate`](crate::commands), and here is only where a client reads it.
//! One thread: a message is answered before the next is read, and what a document's changes mean is told once nothing more waits.
//!
//! - `session`: how a session begins and ends. `wire`: its messages. `client`: what a client says of itself.
//! - `server`: what is answered.
//! - `open_document`: a document that is open, and what is said of it. `open_text`: its text. `line_index`: places in that. `address`:
//!   where it is.
//! - `marks`: what is said of a document. `actions`: what may be done about that.
//! - `tree`: what a document says, and where. `scene`: what its parts are. `description`: what the schemas say of them.
//! - `hover`: what is said of a key. `completion`: what may be written; `typed_word`: a word that is being typed. `definition`: where what
//!   is named stands. `symbols`: what a document holds.
//! - `workspace`: the files that documents name. `dockerfile_names`: the names in a Dockerfile.
//!
//! Reads: standard input, and below the directories that the client works on, the files that documents name. Writes: standard output.
//! Unknown here: what is right.
//! Source: Language Server Protocol 3.17.

mod actions;
mod address;
mod client;
mod completion;
mod definition;
mod description;
mod dockerfile_names;
mod hover;
mod line_index;
mod marks;
mod open_document;
mod open_text;
mod scene;
mod server;
mod session;
mod symbols;
#[cfg(test)]
mod tests;
mod tree;
mod typed_word;
mod wire;
mod workspace;

pub(crate) use self::session::serve;

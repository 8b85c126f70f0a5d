//! Takes the texts of inline secrets out of an object before anybody else sees it: planner, log, excerpt of a diagnostic.
//!
//! Each byte of such a text is replaced, so the object keeps its length and all places in it stay true. Masked is more than
//! the contract calls a secret, because what is written in the wrong form is a secret all the same: every value of a key `text`
//! whose name is not the user's own, and everything below an id of `buildkit_secrets` but the path of a file.
//!
//! What is masked is JSON exactly if the text was: a defect of a secret stays one, so nobody judges another text than the one that is
//! built. Whatever is not JSON is masked after every `"text":` that can be seen, too.
//!
//! What people are shown is masked further ([`shown`]): there a name counts however it is spelt, and a path that may be none.
//!
//! - `reading`: the one reading of a text, and [`mask`], which takes the secrets out of an object's.
//! - `masked_object`: an object without the texts of its secrets, and those.
//! - `shown`: a text as people may see it.
//! - `hidden`: what nobody is shown, for the messages that would quote it.
//! - `audience`: for whom a text is masked; `places`: what of it; `level`: a list or map in it; `key`: what the name of a key says; `token`: the tokens of a text.
//! - `outline`: what a text holds, as far as its first levels tell.
//! - `broken`: a text that is no JSON.
//! - `cache_secrets`: the secrets of layer caches, which stand within texts.
//! - `stars`: a text as stars that are no better than it was.

mod audience;
mod broken;
mod cache_secrets;
mod hidden;
mod key;
mod level;
mod masked_object;
mod outline;
mod places;
mod reading;
mod shown;
mod stars;
#[cfg(test)]
mod tests;
mod token;

pub use self::cache_secrets::CacheSecrets;
pub(crate) use self::cache_secrets::hidden_in_text;
pub use self::hidden::Hidden;
pub use self::masked_object::{MAX_OBJECT, MaskedObject, SECRET_LIMIT};
pub use self::outline::Outline;
pub use self::reading::{Reading, mask};
pub use self::shown::shown;

/// The key of the object that holds secrets.
const SECRETS: &str = "buildkit_secrets";
/// The key of the object that names keys of SSH.
const SSH: &str = "buildkit_ssh";
/// The key of a secret that holds its text.
const TEXT: &str = "text";

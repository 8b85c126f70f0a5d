//! What somebody wrote, in JSON, YAML, a task or a pipeline: as objects without their secrets, with the way back to the text.
//!
//! Functions from texts to values: no file, no clock, no environment. What is said of an object, by whoever judges it, is told here at its
//! place in the text, in the language of whoever wrote that, and shows nothing that may be secret.
//!
//! In the order of a text's way:
//!
//! - [`content`]: what a text is, by its [`shape`]; [`unread`]: one that is nothing of ours.
//! - [`yaml`]: a text in YAML, as JSON with the place of each value.
//! - [`task`]: the parameters of a task, as such JSON too.
//! - [`pipeline`]: the tasks within a pipeline that build images, judged where they stand.
//! - [`inline_secrets`]: the texts of secrets are taken out of the object; [`secret_name`]: names before which a secret may stand, however
//!   they are spelt: by their `letters`.
//! - [`source`]: an object, and the way from it to the text.
//! - [`idiom`]: what is said of an object, in the language of whoever wrote it.
//! - [`report`]: what was found, and the texts that it points into.
//! - [`fix`]: changes of a text where a mistake has one right answer.
//! - [`telling`]: a text as its builds, and what is told of it, for hosts of the planner in other languages, which have it as a component
//!   (`component/`).
//!
//! Reads, writes: nothing. Unknown here: the rules of the object, and what is built. Source: `schema/forms.wit`.

pub mod content;
pub mod fix;
pub mod idiom;
pub mod inline_secrets;
mod letters;
pub mod pipeline;
pub mod report;
pub mod secret_name;
pub mod shape;
pub mod source;
pub mod task;
pub mod telling;
pub mod unread;
pub mod yaml;

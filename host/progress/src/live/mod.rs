//! A live display: what runs now, redrawn below what has ended.
//!
//! A step that ends leaves one line; its log goes. So it shows less than plain text, and is for a person who watches.
//!
//! - `face`: events as lines that stay. `frame`: what runs, as lines that do not.
//! - [`Screen`] (`screen`): where both are drawn, by a thread of its own that nobody waits for. `terminal`: what it draws
//!   on; `size`: how large that is.

mod face;
mod frame;
mod screen;
mod size;
mod terminal;

pub(super) use face::Live;
pub use screen::Screen;
pub use size::Size;

//! The forms as a component: what `schema/forms.wit` promises, for hosts of the planner in other languages.
//!
//! A crate of its own, because the product links the forms, statically, and makes no library of them.
//!
//! - `exports`: the functions of the contract. `bindings`: its types, as `wit-bindgen` wrote them.
//!
//! For any other target it is empty.

#[cfg(target_family = "wasm")]
#[rustfmt::skip]
mod bindings;
#[cfg(target_family = "wasm")]
mod exports;

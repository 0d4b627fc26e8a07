//! Diagnostics: every error that a person sees is worded in this shape and rendered here.
//!
//! A crate has typed errors (`thiserror`) and turns them into a [`Diagnostic`] by
//! [`Diagnose`]. Its codes stand in one table (`CODES`, a slice of [`Code`]) and are joined
//! in the command line.
//!
//! Absent on purpose: I/O, terminal detection, any stage's words.
#![forbid(unsafe_code)]

mod code;
mod diagnostic;
pub mod exit;
mod inert;
mod render;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnose, Diagnostic, Label, Severity, Source};
pub use inert::{inert, inert_json, inert_lines};
pub use render::{json, people, plain};
pub use suggest::nearest;

//! GitHub Actions workflows: reading, expressions, filters, matrices, and the run as a state
//! machine. Pure: text and events in, decisions out.
//!
//! Absent on purpose: files, processes, clocks, tokio. `hashFiles` and the state of steps are
//! asked of the caller through [`expr::Scope`].
#![forbid(unsafe_code)]

pub mod expr;
pub mod limits;
pub mod template;
pub mod tree;

pub use template::{Content, Key, Part, Template, TemplateMap, TemplateTree};
pub use tree::*;

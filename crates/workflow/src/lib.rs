//! GitHub Actions workflows: reading, expressions, filters, matrices, and the run as a state
//! machine. Pure: text and events in, decisions out.
//!
//! Absent on purpose: files, processes, clocks, tokio. `hashFiles` and the state of steps are
//! asked of the caller through [`expr::Scope`].
#![forbid(unsafe_code)]

mod codes;
pub mod event;
pub mod expr;
pub mod filter;
pub mod limits;
pub mod machine;
pub mod matrix;
pub mod plan;
mod reader;
mod schema;
pub mod support;
pub mod template;
pub mod tree;

pub use codes::{CODES, RUNNER_LABEL};
pub use event::Event;
pub use machine::{Conclusion, Contexts, Decision, Run};
pub use plan::JobInstance;
pub use reader::read;
pub use support::unsupported;
pub use template::{Content, Key, Part, Template, TemplateMap, TemplateTree};
pub use tree::*;

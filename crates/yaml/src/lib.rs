//! YAML that users wrote, as a tree in which every node knows its place.
//!
//! Events come from `libyaml-safer`; this crate adds spans in characters, alias expansion that
//! is counted, duplicate keys as errors, limits, and the two ways of reading plain scalars
//! that Bowline meets: the YAML 1.2 core schema (GitHub workflows, `bowline.yaml`) and the
//! YAML 1.1 reading of Go's parsers (Kubernetes manifests).
//!
//! Absent on purpose: serde (its errors have no places), file access, comments.
#![forbid(unsafe_code)]

mod codes;
mod emit;
mod error;
pub mod go;
mod json;
mod limits;
mod node;
mod parse;
mod resolve;
mod tag_guard;

pub use codes::CODES;
pub use emit::emit;
pub use error::{Error, Problem};
pub use limits::Limits;
pub use node::{Node, Scalar, Span, Style, Yaml};
pub use parse::parse_documents;
pub use resolve::{Resolved, Schema};

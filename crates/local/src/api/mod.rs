//! The Kubernetes API subset: served kinds, verbs, watches, garbage collection.

mod admission;
mod collect;
mod discovery;
pub mod failure;
pub mod kind;
pub mod objects;
mod patch;
mod path;
mod query;
pub mod selector;
pub mod serve;
mod watch;
pub mod write;

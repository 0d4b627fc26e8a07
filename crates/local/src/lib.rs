//! The one-machine cluster: a Kubernetes API subset in process, pods as sandboxed processes.
//!
//! [`Cluster`] is the API with its objects, [`Local`] adds the controllers, the pods and the
//! routing to them, [`shim`] is the process that keeps one pod alive.
//!
//! Absent on purpose: several nodes, etcd, admission webhooks, service addresses inside pods,
//! networks between pods. What a manifest asks and this machine cannot honour is refused with
//! the field's name.
#![forbid(unsafe_code)]

mod api;
mod cluster;
pub mod codes;
mod edge_process;
mod error;
pub mod limits;
mod local;
pub mod look;
mod pod;
mod replica_set;
pub mod router;
mod schema;
pub mod shim;
mod spare;

pub use cluster::Cluster;
pub use error::Error;
pub use local::{Local, Options};
pub use look::PodRow;

//! The machine as Bowline may see it: time, files, chance, tasks, folders and outbound HTTP.
//!
//! All other crates ask this one, so that every file error names its path, every outbound
//! connection passes one address policy, and tests own the time.
//!
//! Absent on purpose: `unsafe`, starting processes (`sandbox`), environment variables (they
//! are passed in), anything that knows what a release is.
#![forbid(unsafe_code)]

pub mod clock;
pub mod codes;
pub mod crash;
pub mod directories;
pub mod files;
pub mod http;
pub mod limits;
pub mod local;
pub mod random;
pub mod response;
pub mod task;

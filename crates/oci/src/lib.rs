//! OCI images: types, deterministic layers, layouts, and unpacking that stays in its root.
//!
//! The same content gives the same bytes and so the same digest, on every machine
//! (OCI image specification 1.1).
//!
//! Absent on purpose: how an image comes about (`image`), registries, zstd and schema 1
//! (refused by name), sparse files, device nodes.
#![forbid(unsafe_code)]

pub mod archive;
pub mod codes;
mod error;
mod gzip;
pub mod image;
pub mod layer;
pub mod layout;
pub mod limits;
mod tar_read;
mod tar_write;
mod types;
pub mod unpack;

pub use error::Error;
pub use image::Image;
pub use layer::Layer;
pub use types::{
    ContainerConfig, Descriptor, Empty, Healthcheck, History, ImageConfig, Index, Manifest,
    Platform, RootFs, media_type, native_architecture,
};

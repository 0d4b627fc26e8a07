//! Manifests: the plain YAML of a deployment folder, read into ordered resources in which every
//! value knows its place, with the image set by digest.
//!
//! Read as `kubectl` reads it: several documents a file, lists expanded, YAML 1.1 scalars.
//! Absent on purpose: files (they are given in as text), charts and overlays (refused by name),
//! the meaning of kinds and fields (their consumers ask [`Resource::place`]), the cluster.
#![forbid(unsafe_code)]

mod codes;
mod file_tree;
pub mod helm;
mod image;
pub mod kustomize;
pub mod limits;
mod order;
mod read;
mod resource;
pub mod sprig;
pub mod tmpl;

pub use codes::CODES;
pub use file_tree::{FileTree, TreeError};
pub use image::{ImageError, ImageSet, image_name, set_image};
pub use order::kind_rank;
pub use read::{File, is_manifest_file, read};
pub use resource::{Place, Resource};

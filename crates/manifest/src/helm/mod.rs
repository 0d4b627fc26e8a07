//! Helm: charts and values in, manifests out, to the byte of `helm template`.
//!
//! A [`Chart`] is read once and rendered many times; a render ([`render`]) is a pure function
//! of chart, values, release and [`Setting`]. What one version of Helm does otherwise than
//! another stands in its [`Profile`].
//!
//! ```text
//! FileTree ─► Chart (frozen) ─► Branch (enabled, aliased) ─► values ─► templates ─► Rendered
//! ```
//!
//! Absent on purpose: files and archives (they come as [`crate::FileTree`]), pulls from
//! repositories, the cluster, chance and clock.

mod chart;
mod coalesce;
mod error;
pub mod functions;
mod glob;
mod ignore;
mod manifests;
mod metadata;
mod objects;
mod profile;
mod read_yaml;
mod render;
mod rendered;
mod schema;
mod strvals;
mod tree;
mod values;
mod version;

pub use chart::{Chart, Unpack};
pub use error::Error;
pub use functions::{LookupKey, LookupSnapshot};
pub use ignore::Ignore;
pub use manifests::{Head, Hook, Manifest};
pub use metadata::{Dependency, Import, Metadata};
pub use objects::Capabilities;
pub use profile::{PROFILES, Profile, Split};
pub use render::{Release, Setting, render};
pub use rendered::{Origin, Rendered, Selection, show_only};
pub use schema::Schema;
pub use values::{Values, ValuesFile};

//! YAML as Go programs read and write it: `go-yaml` v2 (behind `sigs.k8s.io/yaml`, hence Helm's
//! `toYaml` and `kubectl kustomize`) and v3 (Helm's `toYamlPretty`).
//!
//! Rendered text enters ConfigMaps and checksums, so it must be equal to the byte. The rules
//! are those of libyaml's emitter with go-yaml's changes; see the licence notes in
//! `crates/yaml/NOTICE`.

mod emitter;
mod marshal;
mod message;
mod natural;
mod quoting;
mod resolve;
mod round_trip;
mod timestamp;

pub use emitter::{Emitter, Layout};
pub use marshal::{float_text, json_float, marshal, number_text};
pub use message::syntax_message;
pub use natural::{natural_order, sort_naturally};
pub use resolve::{Meaning, Version, resolve};
pub use round_trip::round_trip;

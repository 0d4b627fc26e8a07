//! The functions of sprig v3.3.0 as Helm ships them, and Helm's own that need no chart.
//!
//! One concept is one file with one static table of rows; a profile is a list of tables
//! ([`HELM_4_1`]). What a function makes of wrong arguments, and the texts of its errors, are
//! Go's to the byte.
//!
//! Absent on purpose: `env` and `expandenv` (Helm drops them), the network (`getHostByName`
//! finds nothing), chance and clock: both are given in as data ([`SprigHost`]).

mod aes;
mod args;
mod base;
mod casing;
mod cast;
mod certificates;
mod dates;
mod decimal;
mod defaults;
mod der;
mod dicts;
mod digests;
mod encode;
mod go_layout;
mod go_regex;
mod go_time;
mod go_url;
mod host;
mod json;
mod json_read;
mod keys;
mod lists;
mod math;
mod merge;
mod network;
mod passwords;
mod paths;
mod random;
mod reflect;
mod regex;
mod semver;
mod strings;
mod toml;
mod toml_read;
mod url;
mod version;
mod words;
mod yaml;
mod yaml_read;

use crate::tmpl::Function;
pub use host::{Moment, Note, Seed, SprigHost};
pub use version::{Constraints, Version};

/// The tables of profile `helm-4.1`, for [`crate::tmpl::FunctionTable::new`]; the last wins,
/// so Helm's `toJson` stands above sprig's.
pub const HELM_4_1: &[&[Function]] = &[
    aes::FUNCTIONS,
    casing::FUNCTIONS,
    certificates::FUNCTIONS,
    dates::FUNCTIONS,
    defaults::FUNCTIONS,
    dicts::FUNCTIONS,
    digests::FUNCTIONS,
    encode::FUNCTIONS,
    json::FUNCTIONS,
    keys::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    network::FUNCTIONS,
    passwords::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    reflect::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    strings::FUNCTIONS,
    toml::FUNCTIONS,
    url::FUNCTIONS,
    yaml::FUNCTIONS,
];

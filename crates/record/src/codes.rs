//! The error codes of this crate.

use bowline_diag::Code;

pub(crate) const UNKNOWN: Code = Code {
    id: "BOW0501",
    title: "nothing recorded matches a query",
    text: "`bowline trace` looked the text up as every form that it can have (commit, version, \
           digest, address, environment) and no build or deployment record matches. An image that \
           Bowline did not build has no record, and its origin is unknown.",
};
pub(crate) const AMBIGUOUS: Code = Code {
    id: "BOW0502",
    title: "a query matches several recorded things",
    text: "The first digits of a commit or digest fit more than one of them. The candidates are \
           listed; ask again with more digits. No candidate is ever chosen for you.",
};
pub(crate) const QUERY: Code = Code {
    id: "BOW0503",
    title: "a query is empty or too long",
    text: "A query is a commit (at least 7 digits), a version, a digest, an address or the name of \
           an environment, 512 bytes at most.",
};
pub(crate) const EVENT: Code = Code {
    id: "BOW0504",
    title: "a recorded event does not read as a record",
    text: "The journal holds a `record.*` event whose body this version of Bowline cannot read. \
           It was written by a newer version, or changed from outside: use the version that wrote \
           it, or a newer one.",
};

/// All codes of this crate.
pub const CODES: &[Code] = &[UNKNOWN, AMBIGUOUS, QUERY, EVENT];

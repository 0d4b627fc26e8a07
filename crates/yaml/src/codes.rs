//! Error codes of this crate.

use bowline_diag::Code;

/// The file is not YAML.
pub(crate) const SYNTAX: &str = "BOW1701";
/// The file is larger or deeper than is read.
pub(crate) const LIMIT: &str = "BOW1702";
/// A key stands twice in one mapping.
pub(crate) const DUPLICATE_KEY: &str = "BOW1703";
/// An alias without its anchor.
pub(crate) const ALIAS: &str = "BOW1704";

/// Every code of this crate, for `bowline explain` and the documentation.
pub const CODES: &[Code] = &[
    Code {
        id: SYNTAX,
        title: "the file is not YAML",
        text: "The text breaks a rule of YAML at the place shown: an indentation that does not \
               fit, a quote or bracket that is never closed, a tab where blanks are needed. \
               Nothing was read from the file. Correct the place and try again.",
    },
    Code {
        id: LIMIT,
        title: "the YAML is larger than what is read",
        text: "Files have limits in bytes, nodes, events and depth, so that a small text with \
               nested aliases cannot fill the memory. Aliases count with everything they expand \
               to. Split the file or nest less deeply.",
    },
    Code {
        id: DUPLICATE_KEY,
        title: "a key stands twice in one mapping",
        text: "Only one of the two values could be used, and which one is not clear to a \
               reader. Remove one of them. In workflows, keys that differ only in case are the \
               same key.",
    },
    Code {
        id: ALIAS,
        title: "an alias has no anchor",
        text: "`*name` repeats the node that carries `&name` earlier in the same document. The \
               anchor is missing, stands later, or contains the alias itself.",
    },
];

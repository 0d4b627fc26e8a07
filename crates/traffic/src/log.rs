//! What the edge and its shim tell their log: one line on standard error, which the shim's
//! starter points at a file.

use std::io::Write;

/// One line. A log that cannot be written must not stop traffic.
pub(crate) fn line(who: &str, text: &str) {
    let _unwritable = writeln!(std::io::stderr().lock(), "{who}: {text}");
}

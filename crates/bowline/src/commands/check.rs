//! `bowline check`: every file that a release reads, offline.

use crate::context::Context;
use crate::printer;
use bowline_diag::exit;
use bowline_engine::{Failure, check};

/// Prints every mistake; exit 2 when there is one.
pub fn run(context: &Context) -> Result<u8, Failure> {
    let checked = check::check(&context.folder)?;
    if checked.mistakes.is_empty() {
        if context.json() {
            printer::data("[]");
        } else {
            printer::data(&checked.files.join("\n"));
            printer::talk(&format!("{} files in order", checked.files.len()));
        }
        return Ok(exit::OK);
    }
    Err(Failure::mistakes(checked.mistakes))
}

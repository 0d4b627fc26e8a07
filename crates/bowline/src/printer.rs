//! The only place that writes to the terminal: data on stdout, talk on stderr.
//!
//! A closed pipe ends the writing quietly, so `bowline ls | head` is no error.

use std::io::{self, IsTerminal, Write};

/// Writes data, as it is, to stdout.
pub fn data(text: &str) {
    let mut out = io::stdout().lock();
    // A reader that went away (`| head`) wants no more; there is nobody to tell.
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    let _ = out.flush();
}

/// Writes one line of talk to stderr.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes raw bytes of the live region to stderr.
pub fn live(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

/// Whether a person sees stderr.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

//! The only place that writes to the terminal: data on stdout, talk on stderr, and the live
//! region under both.
//!
//! The live region is the last lines of the screen, drawn again in place. Whatever else is
//! written goes above it. A closed pipe ends the writing quietly, so `bowline ls | head` is no
//! error.

use crate::env_vars;
use crate::screen;
use bowline_diag::{inert_json, inert_lines};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// The width of what is no terminal.
const COLUMNS_DEFAULT: usize = 80;

/// The lines of the live region as they are on the screen.
static REGION: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes data to stdout; a terminal that reads it acts on none of it.
pub fn data(text: &str) {
    let mut region = REGION.lock().unwrap_or_else(PoisonError::into_inner);
    let drawn = std::mem::take(&mut *region);
    if !drawn.is_empty() {
        live(&screen::erase(&drawn, columns()));
    }
    // In JSON, which has other escapes for them, a control character means the same.
    let text = if text.starts_with(['{', '[']) { inert_json(text) } else { inert_lines(text) };
    let mut out = io::stdout().lock();
    // A reader that went away (`| head`) wants no more; there is nobody to tell.
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    let _ = out.flush();
}

/// Writes bytes to stdout as they are: what another program reads. A terminal gets them inert.
pub fn bytes(content: &[u8]) {
    if io::stdout().is_terminal() {
        data(&String::from_utf8_lossy(content));
        return;
    }
    let mut out = io::stdout().lock();
    let _ = out.write_all(content).and_then(|()| out.flush());
}

/// Writes lines of talk to stderr, above the live region.
pub fn talk(text: &str) {
    let region = REGION.lock().unwrap_or_else(PoisonError::into_inner);
    let text = screen::coloured_only(&screen::signs(text, ascii()));
    if region.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{text}");
        return;
    }
    let settled: Vec<String> = text.split('\n').map(str::to_owned).collect();
    live(&screen::redraw(&region, &settled, &region, columns()));
}

/// Replaces the live region, in one write and only when it changed.
pub fn region(lines: &[String]) {
    let mut region = REGION.lock().unwrap_or_else(PoisonError::into_inner);
    let columns = columns();
    let fitting = |line: &String| screen::cut(&screen::signs(line, ascii()), columns);
    let lines: Vec<String> = lines.iter().map(fitting).collect();
    if lines != *region {
        live(&screen::redraw(&region, &[], &lines, columns));
        *region = lines;
    }
}

fn live(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

/// Whether a person sees stderr.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The width of the terminal behind stderr; `COLUMNS` where it cannot be asked.
pub fn columns() -> usize {
    let asked = rustix::termios::tcgetwinsize(io::stderr()).map(|size| size.ws_col.into());
    let given = || env_vars::get("COLUMNS").and_then(|text| text.parse().ok());
    asked.ok().filter(|columns| *columns > 0).or_else(given).unwrap_or(COLUMNS_DEFAULT)
}

/// Whether the locale says that the terminal knows ASCII only. No locale says nothing.
fn ascii() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env_vars::get);
    stderr_is_terminal() && named.is_some_and(|name| !screen::is_utf8(&name))
}

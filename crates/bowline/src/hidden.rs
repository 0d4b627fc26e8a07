//! Hidden verbs: the helper processes that Bowline starts of itself.
//!
//! They are recognised before any thread starts and before flags are parsed.

use std::path::Path;

/// Runs the hidden verb of these arguments; `None` when there is none.
pub fn run(arguments: &[String]) -> Option<u8> {
    match arguments.get(1).map(String::as_str) {
        Some("__init") => bowline_sandbox::init_main(),
        Some("shim") => match arguments.get(2) {
            Some(folder) => bowline_local::shim::main(Path::new(folder)),
            None => Some(bowline_diag::exit::USAGE),
        },
        Some("edge") => Some(bowline_traffic::edge_main(&arguments[2..])),
        Some("edge-shim") => Some(bowline_traffic::edge_shim_main(&arguments[2..])),
        _ => None,
    }
}

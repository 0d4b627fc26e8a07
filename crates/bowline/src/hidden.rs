//! Hidden verbs: the helper processes that Bowline starts of itself.
//!
//! They are recognised before any thread starts and before flags are parsed.

use crate::printer;
use bowline_diag::{Diagnose, exit};
use bowline_traffic::{Error, Options, ShimOptions};
use std::path::PathBuf;

/// Runs the hidden verb of these arguments; `None` when there is none.
pub fn run(arguments: &[String]) -> Option<u8> {
    match arguments.get(1).map(String::as_str) {
        Some("__init") => bowline_sandbox::init_main(),
        Some("shim") => match arguments.get(2) {
            Some(folder) => bowline_local::shim::main(PathBuf::from(folder)),
            None => Some(exit::USAGE),
        },
        Some("edge") => match Options::parse(&arguments[2..]) {
            Ok(options) => Some(served(bowline_traffic::edge_main(options))),
            Err(error) => Some(refused(&error)),
        },
        Some("edge-shim") => match shim_options(&arguments[2..]) {
            Ok(options) => Some(served(bowline_traffic::edge_shim_main(options))),
            Err(error) => Some(refused(&error)),
        },
        _ => None,
    }
}

fn shim_options(arguments: &[String]) -> Result<ShimOptions, Error> {
    let program = std::env::current_exe()
        .map_err(|error| Error::Start(format!("the program's own path: {error}")))?;
    ShimOptions::parse(&program, &["edge"], arguments)
}

/// Runs a proxy process on a runtime of its own.
fn served(process: impl Future<Output = u8>) -> u8 {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(process),
        Err(error) => {
            printer::talk(&format!("no runtime: {error}"));
            exit::BUG
        }
    }
}

fn refused(error: &Error) -> u8 {
    printer::talk(&bowline_diag::plain(&error.diagnose()));
    exit::USAGE
}

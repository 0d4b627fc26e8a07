//! The hidden verbs as a program of their own, for this crate's tests.
//!
//! `local-test __init`, `local-test shim <pod folder>`, `local-test edge …`,
//! `local-test edge-shim …`.
#![forbid(unsafe_code)]

use bowline_diag::exit;
use bowline_traffic::{Options, ShimOptions, edge_main, edge_shim_main};
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [_, "__init"] => bowline_sandbox::init_main(),
        [_, "shim", folder] => bowline_local::shim::main((*folder).into()),
        [_, "edge", ..] => run(async {
            match Options::parse(&arguments[2..]) {
                Ok(options) => edge_main(options).await,
                Err(_) => exit::USAGE,
            }
        }),
        [program, "edge-shim", ..] => run(async {
            match ShimOptions::parse(Path::new(program), &["edge"], &arguments[2..]) {
                Ok(options) => edge_shim_main(options).await,
                Err(_) => exit::USAGE,
            }
        }),
        _ => ExitCode::from(exit::USAGE),
    }
}

fn run(verb: impl Future<Output = u8>) -> ExitCode {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    match builder.worker_threads(2).enable_all().build() {
        Ok(runtime) => ExitCode::from(runtime.block_on(verb)),
        Err(_) => ExitCode::from(exit::USAGE),
    }
}

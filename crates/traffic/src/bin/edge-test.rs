//! The hidden verbs as a program of their own, for this crate's tests.
//!
//! `edge-test edge <state> <control> [<shim>]`, `edge-test edge-shim <state> <control> <shim>`.
#![forbid(unsafe_code)]

use bowline_traffic::{Error, Options, ShimOptions, edge_main, edge_shim_main};
use std::{path::Path, process::ExitCode};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    ExitCode::from(run(&arguments).await.unwrap_or(bowline_diag::exit::USAGE))
}

async fn run(arguments: &[String]) -> Result<u8, Error> {
    let wrong = || Error::Arguments("expected edge or edge-shim".to_owned());
    let [program, verb, rest @ ..] = arguments else { return Err(wrong()) };
    match verb.as_str() {
        "edge" => Ok(edge_main(Options::parse(rest)?).await),
        "edge-shim" => {
            let options = ShimOptions::parse(Path::new(program), &["edge"], rest)?;
            Ok(edge_shim_main(options).await)
        }
        _ => Err(wrong()),
    }
}

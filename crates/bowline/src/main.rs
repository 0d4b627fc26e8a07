//! The command line: one verb, one file under `commands`.
//!
//! Absent on purpose: decisions of any kind. It parses, calls, prints.
#![forbid(unsafe_code)]

mod codes;
mod commands;
mod context;
mod demo;
mod env_vars;
mod flags;
mod hidden;
mod printer;
mod progress;
mod summary;
mod target;

use bowline_diag::exit;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Helper processes are re-executions of this binary. They must be recognised before any
    // thread starts: the launcher enters namespaces, which a threaded process cannot.
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(code) = hidden::run(&arguments) {
        return ExitCode::from(code);
    }
    let cli = match flags::Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().to_string();
            if error.use_stderr() {
                printer::talk(text.trim_end());
                return ExitCode::from(exit::USAGE);
            }
            printer::data(&text);
            return ExitCode::from(exit::OK);
        }
    };
    ExitCode::from(commands::run(cli))
}

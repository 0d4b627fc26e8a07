//! The command line: one verb, one file under `commands`.
//!
//! Absent on purpose: decisions of any kind. It parses, calls, prints.
#![forbid(unsafe_code)]

mod chart;
mod codes;
mod commands;
mod context;
mod crash;
mod demo;
mod env_vars;
mod flags;
mod hidden;
mod overlay;
mod printer;
mod progress;
mod screen;
mod summary;
mod target;
mod usage;

use bowline_diag::exit;
use clap::Parser;
use clap::error::ErrorKind;
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
            if !error.use_stderr() {
                printer::data(&error.render().to_string());
                return ExitCode::from(exit::OK);
            }
            let json = usage::wants_json(&arguments);
            let whole_help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
            if error.kind() == whole_help && !json {
                printer::talk(error.render().to_string().trim_end());
            } else {
                context::tell_failure(&usage::failure(&error), json, false);
            }
            return ExitCode::from(exit::USAGE);
        }
    };
    ExitCode::from(commands::run(cli))
}

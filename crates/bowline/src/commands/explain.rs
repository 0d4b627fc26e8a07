//! `bowline explain`: what an error code means and what to do.

use crate::{codes, printer};
use bowline_diag::{Diagnostic, exit, nearest};
use bowline_engine::Failure;

/// Prints one code's text, or the list of all.
pub fn run(code: Option<&str>) -> Result<u8, Failure> {
    let all = codes::all();
    let Some(wanted) = code else {
        let lines: Vec<String> =
            all.iter().map(|code| format!("{}  {}", code.id, code.title)).collect();
        printer::data(&lines.join("\n"));
        return Ok(exit::OK);
    };
    let upper = wanted.to_uppercase();
    if let Some(code) = all.iter().find(|code| code.id == upper) {
        printer::data(&format!("{}: {}\n\n{}", code.id, code.title, code.text));
        return Ok(exit::OK);
    }
    let near = nearest(&upper, all.iter().map(|code| code.id));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`bowline explain` lists all codes".to_owned(),
    };
    let message = format!("`{wanted}` is not an error code");
    Err(Failure::usage(Diagnostic::error("BOW1802", message).help(help)))
}

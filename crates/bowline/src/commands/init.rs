//! `bowline init`: recognises what the repository has and writes `bowline.yaml`.

use crate::context::Context;
use crate::printer;
use bowline_diag::exit;
use bowline_engine::recognise::recognise;
use bowline_engine::{Failure, config};
use bowline_host::files;

/// Writes one file, touches nothing else; a second run changes nothing.
pub fn run(context: &Context) -> Result<u8, Failure> {
    let path = context.folder.join(config::FILE);
    if files::exists(&path) {
        printer::talk(&format!("`{}` is there already; nothing was changed", config::FILE));
        return Ok(exit::OK);
    }
    let seen = recognise(&context.folder)?;
    let text = seen.config()?;
    files::write_atomic(&path, text.as_bytes())?;
    for line in &seen.found {
        printer::talk(&format!("✓ {line}"));
    }
    for line in &seen.missed {
        printer::talk(&format!("! {line}"));
    }
    printer::data(text.trim_end());
    let file = config::FILE;
    printer::talk(&format!("next: git add {file} && git commit -m \"bowline\" && bowline release"));
    Ok(exit::OK)
}

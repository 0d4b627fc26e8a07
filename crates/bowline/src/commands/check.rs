//! `bowline check`: every file that a release reads, offline.

use super::place;
use crate::context::Context;
use crate::printer;
use bowline_diag::{Diagnostic, exit};
use bowline_engine::check::{self, Checked, Setting};
use bowline_engine::{Failure, config};
use bowline_local::Cluster;
use bowline_sandbox::toolchain;

/// Prints every mistake; exit 2 when there is one, or nothing to check.
pub async fn run(context: &Context) -> Result<u8, Failure> {
    let go = toolchain::find_go(&context.house.search_path)?;
    let setting = Setting {
        go_version: go.map(|go| go.version),
        rehearsal: Cluster::in_memory()?.client("default"),
        all_workflows: true,
    };
    let here = place::of(context)?;
    let place = check::Place { root: &here.root, folder: &here.folder, name: &here.name };
    let checked = check::check(&place, &setting).await?;
    if !checked.mistakes.is_empty() {
        return Err(Failure::mistakes(checked.mistakes));
    }
    if checked.files.is_empty() {
        let message = format!("there is no `{}`, no workflow and no Dockerfile", config::FILE);
        return Err(Failure::usage(
            Diagnostic::error("BOW1807", message)
                .help("go to a repository, or name it: `bowline -C FOLDER check`"),
        ));
    }
    tell(context, &checked);
    Ok(exit::OK)
}

fn tell(context: &Context, checked: &Checked) {
    if context.json() {
        printer::data("[]");
        return;
    }
    printer::data(&checked.files.join("\n"));
    for note in &checked.notes {
        printer::talk(&format!("! {note}"));
    }
    let count = checked.files.len();
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    printer::talk(&format!("{files} in order"));
    if !checked.configured {
        printer::talk(&format!("there is no `{}`; `bowline init` writes it", config::FILE));
    }
}

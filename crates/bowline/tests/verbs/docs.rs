//! Every command of the documentation is typed, page by page, in a repository that was released
//! once. A page may promise another exit code: `$ bowline release  # exit 3`.

use crate::release::released;
use bowline_host::files;
use bowline_testkit::console_lines;
use std::path::{Path, PathBuf};

/// The largest page, in bytes.
const PAGE_BYTES_MAX: u64 = 1 << 20;

/// The pages: the README and everything in `docs`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md")];
    for entry in files::walk(root.join("docs"), 1000).expect("the documentation is there") {
        if entry.relative.ends_with(".md") {
            pages.push(root.join("docs").join(entry.relative));
        }
    }
    pages.retain(|page| files::exists(page));
    pages
}

#[test]
fn every_command_of_the_documentation_ends_as_its_page_says() {
    let mut typed = 0;
    let mut unlike = Vec::new();
    for page in pages() {
        let text = files::read_text(&page, PAGE_BYTES_MAX).expect("a page can be read");
        let lines = console_lines(&text);
        // Those in a service's folder are typed where there are services: `testkit`, `monorepo`.
        let typed_here = |command: &str| {
            command.starts_with("bowline ") && !command.starts_with("bowline -C services/")
        };
        let commands: Vec<_> = lines.iter().filter(|line| typed_here(&line.command)).collect();
        if commands.is_empty() {
            continue;
        }
        let (world, repository) = released();
        if text.contains("bowline render") {
            crate::render::write_chart_and_overlay(&repository);
        }
        for line in commands {
            typed += 1;
            let outcome = world.shell(repository.folder(), &line.command);
            if outcome.code != line.code {
                let name = page.file_name().unwrap_or_default().to_string_lossy();
                unlike.push(format!(
                    "{name}:{}: exit {} is promised\n{outcome}",
                    line.line, line.code
                ));
            }
        }
    }
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
    assert!(typed > 10, "the pages hold commands; {typed} were found");
}

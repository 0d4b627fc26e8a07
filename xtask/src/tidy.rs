//! The rules of the house as a test: one check a file, each with a case that fails.
//!
//! A finding is `file:line: sentence what to do`.

mod edges;
mod exemptions;
mod names;
mod sizes;
mod words;

use std::path::{Path, PathBuf};

/// One source file of the house.
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Runs every check.
pub fn run(root: &Path) -> Result<(), String> {
    let files = rust_files(root)?;
    let mut findings = Vec::new();
    findings.extend(edges::check(root)?);
    findings.extend(files.iter().flat_map(sizes::check));
    findings.extend(files.iter().flat_map(names::check));
    findings.extend(files.iter().flat_map(exemptions::check));
    findings.extend(words::check(root)?);
    if findings.is_empty() {
        println!("tidy: {} files in order", files.len());
        return Ok(());
    }
    Err(format!("{}\n{} findings", findings.join("\n"), findings.len()))
}

fn rust_files(root: &Path) -> Result<Vec<SourceFile>, String> {
    let mut paths = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            Ok(SourceFile { path: relative.to_string_lossy().into_owned(), text })
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), String> {
    let named = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(named)? {
        let path = entry.map_err(named)?.path();
        if path.is_dir() {
            if !path.ends_with("fixtures") && !path.ends_with("target") {
                collect(&path, paths)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

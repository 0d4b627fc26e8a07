//! `check`: every file that a release reads, validated without running anything.

use crate::config;
use crate::failure::Failure;
use crate::lane::read_policy;
use crate::workflows;
use bowline_diag::Diagnostic;
use bowline_host::files;
use bowline_manifest::File;
use bowline_rollout::spec;
use std::path::Path;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Files in a manifest folder, at most.
const MANIFEST_FILES_MAX: usize = 1000;

/// What was checked.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Every file that was read.
    pub files: Vec<String>,
    /// Every mistake.
    pub mistakes: Vec<Diagnostic>,
}

/// Checks the work tree below `root`.
///
/// # Errors
/// A folder that cannot be read.
pub fn check(root: &Path) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let folder = root.file_name().map_or_else(String::new, |n| n.to_string_lossy().to_lowercase());
    let config = match files::read_beneath(root, config::FILE, FILE_BYTES_MAX) {
        Ok(bytes) => {
            checked.files.push(config::FILE.into());
            let read = config::read(&String::from_utf8_lossy(&bytes), &folder);
            read.map_err(|mistakes| checked.mistakes.extend(mistakes)).ok()
        }
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    for path in workflows::files(root)? {
        checked.files.push(path.clone());
        match workflows::read(root, &path) {
            Ok(workflow) => checked.mistakes.extend(bowline_workflow::unsupported(&workflow)),
            Err(failure) => checked.mistakes.extend(failure.diagnostics),
        }
    }
    let dockerfile = config.as_ref().map_or("Dockerfile", |config| &config.dockerfile).to_owned();
    check_dockerfile(root, &dockerfile, config.is_some(), &mut checked)?;
    if let Some(config) = &config {
        if let Err(failure) = read_policy(config) {
            checked.mistakes.extend(failure.diagnostics);
        }
        check_manifests(root, &config.deploy_path, &mut checked)?;
    }
    Ok(checked)
}

fn check_dockerfile(
    root: &Path,
    path: &str,
    needed: bool,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let bytes = match files::read_beneath(root, path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() && !needed => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    checked.files.push(path.to_owned());
    let text = String::from_utf8_lossy(&bytes);
    if let Err(mistakes) = bowline_image::check(path, &text, None) {
        checked.mistakes.extend(mistakes);
    }
    Ok(())
}

fn check_manifests(root: &Path, folder: &str, checked: &mut Checked) -> Result<(), Failure> {
    let folder_path = root.join(folder);
    if !files::is_dir(&folder_path) {
        let message = format!("`deploy.path` names `{folder}`, which is not a folder");
        checked.mistakes.push(Diagnostic::error("BOW1009", message));
        return Ok(());
    }
    let mut read = Vec::new();
    for entry in files::walk(&folder_path, MANIFEST_FILES_MAX)? {
        if bowline_manifest::is_manifest_file(&entry.relative) {
            let bytes = files::read_beneath(&folder_path, &entry.relative, FILE_BYTES_MAX)?;
            let path = format!("{folder}/{}", entry.relative);
            checked.files.push(path.clone());
            read.push(File { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    match bowline_manifest::read(&read) {
        Ok(resources) => {
            let workloads =
                resources.iter().filter(|r| matches!(r.kind.as_str(), "Rollout" | "Deployment"));
            for workload in workloads {
                if let Err(errors) = spec::read(&workload.value) {
                    checked.mistakes.extend(errors.iter().map(|error| {
                        workload
                            .error(error.code, &error.pointer, error.message.clone(), "")
                            .help(error.help.clone())
                    }));
                }
            }
        }
        Err(mistakes) => checked.mistakes.extend(mistakes),
    }
    Ok(())
}

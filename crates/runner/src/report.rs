//! What a run left: conclusions, seconds, outputs, and the files of its workspaces.

use bowline_diag::Diagnostic;
use bowline_host::files;
use std::path::{Path, PathBuf};

pub use bowline_workflow::Conclusion;

/// A run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Success when no job failed or was cancelled (`continue-on-error` set aside).
    pub conclusion: Conclusion,
    /// Every job that was decided on, skipped ones too, in the order in which they ended.
    pub jobs: Vec<JobReport>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Where uploaded artifacts are, one folder each.
    pub artifacts: PathBuf,
    /// What deserves a look: an output that was dropped, a cache that could not be saved.
    pub warnings: Vec<String>,
}

/// A job, or one combination of its matrix.
#[derive(Clone, Debug)]
pub struct JobReport {
    /// The key under `jobs:`.
    pub id: String,
    /// The unique key of this combination: the id, with a number when there is a matrix.
    pub key: String,
    /// The name for people: `test (1.26, linux)`.
    pub name: String,
    /// How it ended.
    pub conclusion: Conclusion,
    /// Whether a failure does not count (`continue-on-error`).
    pub continue_on_error: bool,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Its steps in order; empty for a skipped job.
    pub steps: Vec<StepReport>,
    /// Its outputs.
    pub outputs: Vec<(String, String)>,
    /// What went wrong outside of any step, with its place.
    pub diagnostics: Vec<Diagnostic>,
    /// What the job changed in its workspace; `None` when it never had one.
    pub workspace_upper: Option<PathBuf>,
    /// Its stored log; `None` when it never started.
    pub log: Option<PathBuf>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// From 1; post steps go on counting.
    pub number: usize,
    /// Its `id:`, when it has one.
    pub id: Option<String>,
    /// Its name for people.
    pub name: String,
    /// How it ended before `continue-on-error`.
    pub outcome: Conclusion,
    /// How it counts.
    pub conclusion: Conclusion,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The exit code a shell would show, when a program ended by itself.
    pub exit_code: Option<i32>,
    /// What the runner itself found wrong, with its place.
    pub diagnostics: Vec<Diagnostic>,
}

impl RunReport {
    /// The file `relative` that the job wrote into its workspace; `job` is a key or an id (the
    /// first combination counts then). A file that only the checkout has is not the job's.
    ///
    /// Only a plain file is handed out: a link could lead anywhere.
    #[must_use]
    pub fn workspace_file(&self, job: &str, relative: &str) -> Option<PathBuf> {
        let by_key = self.jobs.iter().find(|report| report.key == job);
        let found = by_key.or_else(|| self.jobs.iter().find(|report| report.id == job))?;
        found.workspace_file(relative)
    }

    /// The file `relative` of every job that wrote it, in the order of the jobs.
    #[must_use]
    pub fn workspace_files(&self, relative: &str) -> Vec<(&JobReport, PathBuf)> {
        let found = self.jobs.iter().map(|job| (job, job.workspace_file(relative)));
        found.filter_map(|(job, path)| path.map(|path| (job, path))).collect()
    }
}

impl JobReport {
    /// The file `relative` that this job wrote into its workspace.
    #[must_use]
    pub fn workspace_file(&self, relative: &str) -> Option<PathBuf> {
        let upper = self.workspace_upper.as_deref()?;
        plain_file(upper, relative)
    }
}

/// `root/relative` when each folder on the way is a folder and the end is a regular file.
fn plain_file(root: &Path, relative: &str) -> Option<PathBuf> {
    let mut path = root.to_owned();
    let parts: Vec<&str> = relative.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let (last, folders) = parts.split_last()?;
    for folder in folders {
        path.push(folder);
        let is_folder = files::metadata(&path).is_ok_and(|it| it.kind == files::Kind::Dir);
        if *folder == ".." || !is_folder {
            return None;
        }
    }
    path.push(last);
    let is_file = files::metadata(&path).is_ok_and(|it| it.kind == files::Kind::File);
    (*last != ".." && is_file).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_inside_the_workspace_are_handed_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("upper");
        files::create_dirs(root.join("out")).expect("a folder");
        files::write(root.join("out/coverage.out"), b"mode: set\n").expect("a file");
        files::write(folder.path().join("secret"), b"x").expect("a file");
        files::symlink("../secret", root.join("link")).expect("a link");
        files::symlink("/", root.join("up")).expect("a link");
        for (relative, expected) in [
            ("out/coverage.out", true),
            ("./out//coverage.out", true),
            ("out", false),
            ("link", false),
            ("up/etc/passwd", false),
            ("../secret", false),
            ("out/../../secret", false),
            ("", false),
        ] {
            assert_eq!(plain_file(&root, relative).is_some(), expected, "{relative}");
        }
    }
}

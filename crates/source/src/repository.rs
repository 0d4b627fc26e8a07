//! An open repository, and what it knows about a revision.

use crate::{
    Error, Git, GitRef,
    commit::Commit,
    git::Call,
    limits::{NAMES_MAX, PATH_BYTES_MAX},
};
use bowline_host::files;
use bowline_model::{Revision, Trust};
use std::path::{Path, PathBuf};

/// A repository with a work tree.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(crate) git: Git,
    root: PathBuf,
    prefix: String,
    /// Settings that switch off every filter driver of the repository's own configuration.
    no_filters: Vec<String>,
}

impl Repository {
    pub(crate) fn open(git: Git, path: &Path) -> Result<Self, Error> {
        if !files::exists(path) {
            return Err(Error::PathMissing(path.to_owned()));
        }
        let directory = if files::is_dir(path) { path } else { path.parent().unwrap_or(path) };
        let asked = ["rev-parse", "--is-bare-repository", "--show-toplevel", "--show-prefix"];
        let found = match git.attempt(Call::new(directory, &asked))? {
            Ok(answer) => {
                // The last line is empty at the root.
                let answer = String::from_utf8_lossy(&answer).into_owned();
                let answer = answer.strip_suffix('\n').unwrap_or(&answer).to_owned();
                let places = answer.split_once('\n').and_then(|(_, rest)| rest.rsplit_once('\n'));
                places.map(|(root, prefix)| (root.to_owned(), prefix.to_owned()))
            }
            Err(said) if said.contains("not a git repository") => {
                return Err(Error::NotARepository(path.to_owned()));
            }
            Err(said) if said.contains("must be run in a work tree") => None,
            Err(said) => {
                let message = said.lines().last().unwrap_or_default();
                let message = message.trim_start_matches("fatal: ").to_owned();
                return Err(Error::Git { command: "rev-parse".into(), message });
            }
        };
        let (root, prefix) = found.ok_or_else(|| Error::Bare(path.to_owned()))?;
        let prefix = prefix.trim_end_matches('/').to_owned();
        let no_filters = Vec::new();
        let mut repository = Self { git, root: PathBuf::from(root), prefix, no_filters };
        repository.no_filters = repository.filter_settings()?;
        Ok(repository)
    }

    /// The folder of the work tree, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that it was opened in, relative to the root; empty for the root itself.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The folder's name: for people, and for the workspace path of a run.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.root.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "repository".to_owned())
    }

    /// What is known about the commit that `rev` names.
    ///
    /// `reference` is the full name of the branch or tag that was named; for `HEAD` the branch
    /// that is checked out; for a commit id a branch that holds it. In a shallow clone, where
    /// the first parent is not there, all files count as changed.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`], [`Error::NoCommit`], and what `git` refuses.
    pub fn revision(&self, rev: &GitRef) -> Result<Revision, Error> {
        let commit_id = self.resolve(rev)?;
        let commit = Commit::parse(&self.run(&["cat-file", "commit", &commit_id])?)?;
        let reference = self.branch_of(rev, &commit_id)?;
        let parent_here = match &commit.parent {
            Some(parent) => self.has(parent)?,
            None => false,
        };
        let changed = match &commit.parent {
            Some(parent) if parent_here => self.changed_files(parent, &commit_id)?,
            Some(_) | None => self.all_files(&commit.tree)?,
        };
        Ok(Revision {
            repository: self.root.to_string_lossy().into_owned(),
            nearest_tag: self.nearest_tag(&commit_id)?,
            commit: commit_id,
            tree: commit.tree,
            parent: commit.parent,
            author: commit.author,
            author_email: commit.author_email,
            committed_at: commit.committed_at,
            subject: commit.subject,
            reference,
            changed_files: changed,
            trust: Trust::Local,
            dirty: self.is_dirty()?,
        })
    }

    /// The full id of the commit that `rev` names.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`], [`Error::NoCommit`].
    pub fn resolve(&self, rev: &GitRef) -> Result<String, Error> {
        let name = format!("{rev}^{{commit}}");
        let found = self.attempt(&["rev-parse", "--verify", "--quiet", &name])?;
        if let Ok(id) = found {
            return Ok(String::from_utf8_lossy(&id).trim().to_owned());
        }
        if self.text(&["rev-list", "--all", "--max-count=1"])?.is_empty() {
            return Err(Error::NoCommit(self.root.clone()));
        }
        let names = self.text(&["for-each-ref", "--format=%(refname:short)"])?;
        let names = names.lines().take(NAMES_MAX).map(str::to_owned).collect();
        Err(Error::UnknownRevision { text: rev.to_string(), names })
    }

    fn has(&self, object: &str) -> Result<bool, Error> {
        Ok(self.attempt(&["cat-file", "-e", object])?.is_ok())
    }

    fn changed_files(&self, parent: &str, commit: &str) -> Result<Vec<String>, Error> {
        let mut arguments = vec!["diff-tree", "-r", "-z", "--name-only", "--no-renames"];
        arguments.extend(["--no-ext-diff", "--no-textconv", parent, commit]);
        Ok(self.paths(&arguments)?.into_iter().map(|path| lossy(&path)).collect())
    }

    fn all_files(&self, tree: &str) -> Result<Vec<String>, Error> {
        let paths = self.paths(&["ls-tree", "-r", "-z", "--full-tree", "--name-only", tree])?;
        Ok(paths.into_iter().map(|path| lossy(&path)).collect())
    }

    /// The paths that a call prints with zero bytes between them.
    pub(crate) fn paths(&self, arguments: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
        let output = self.run(arguments)?;
        let paths = output.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(<[u8]>::to_vec).collect())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        self.git.run(self.call(arguments))
    }

    pub(crate) fn text(&self, arguments: &[&str]) -> Result<String, Error> {
        self.git.text(self.call(arguments))
    }

    pub(crate) fn attempt(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, Error> {
        self.git.attempt(self.call(arguments))
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Call<'_> {
        let mut call = Call::new(&self.root, arguments);
        let settings =
            self.no_filters.iter().flat_map(|setting| ["-c".to_owned(), setting.clone()]);
        call.arguments.splice(0..0, settings);
        call
    }

    /// A filter driver is a program that the repository's configuration names and its
    /// `.gitattributes` choose. `git status` would run it on changed files.
    fn filter_settings(&self) -> Result<Vec<String>, Error> {
        let found = self.attempt(&["config", "-z", "--name-only", "--get-regexp", "^filter\\."])?;
        let Ok(names) = found else { return Ok(Vec::new()) };
        let names = String::from_utf8_lossy(&names).into_owned();
        let names = names.split('\0').filter(|name| name.len() < PATH_BYTES_MAX);
        Ok(names
            .filter_map(|name| {
                let (driver, key) = name.rsplit_once('.')?;
                match key {
                    "clean" | "smudge" | "process" => Some(format!("{driver}.{key}=")),
                    "required" => Some(format!("{driver}.required=false")),
                    _ => None,
                }
            })
            .collect())
    }
}

pub(crate) fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

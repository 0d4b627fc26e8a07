//! What can go wrong with a repository.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic, nearest};
use std::path::PathBuf;

/// Why a repository or revision cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `git`.
    #[error("`git` is not installed, so no repository can be read")]
    GitMissing {
        /// The folders that were searched.
        searched: String,
    },
    /// The path does not exist.
    #[error("`{}` does not exist", .0.display())]
    PathMissing(PathBuf),
    /// The path lies in no repository.
    #[error("`{}` is not in a git repository", .0.display())]
    NotARepository(PathBuf),
    /// The repository has no work tree.
    #[error("`{}` is a bare repository, which has no files to work on", .0.display())]
    Bare(PathBuf),
    /// Nothing has been committed yet.
    #[error("`{}` has no commit yet, so there is nothing to build", .0.display())]
    NoCommit(PathBuf),
    /// A text that is no name of one revision.
    #[error("`{text}` is no name of a revision: {why}")]
    Reference {
        /// The text, without control characters.
        text: String,
        /// Why not.
        why: &'static str,
    },
    /// No revision has this name.
    #[error("the repository has no revision `{text}`")]
    UnknownRevision {
        /// As it was asked for.
        text: String,
        /// Names that are there.
        names: Vec<String>,
    },
    /// The work tree holds repositories that the index does not know.
    #[error("`{}` is a repository of its own, so its files would be missing", .0[0])]
    Submodule(
        /// Their paths, at least one.
        Vec<String>,
    ),
    /// A path that would be written outside, or that no file can have.
    #[error("the commit holds the path `{path}`, which is refused: {why}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// More or larger files than the limits allow.
    #[error("{what} is more than is checked out ({limit})")]
    Limit {
        /// What is too much.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The objects of the repository lie partly in another one.
    #[error("`{}` borrows objects of another repository, so its history cannot be mounted", .0.display())]
    Borrowed(PathBuf),
    /// A file changed while it was copied.
    #[error("`{0}` changed while the work tree was copied, so the copy is of no use")]
    Changed(String),
    /// `git` said no.
    #[error("`git {command}` failed: {message}")]
    Git {
        /// The subcommand.
        command: String,
        /// The last line that it printed.
        message: String,
    },
    /// `git` printed something that is not understood.
    #[error("`git {command}` printed what Bowline does not understand: {message}")]
    Answer {
        /// The subcommand.
        command: &'static str,
        /// What.
        message: String,
    },
    /// The content of a file could not be written.
    #[error("could not write `{path}`: {source}")]
    Write {
        /// Relative to the checkout.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A program could not be run.
    #[error(transparent)]
    Sandbox(#[from] bowline_sandbox::Error),
    /// A file.
    #[error(transparent)]
    Files(#[from] bowline_host::files::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] bowline_store::Error),
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let plain = |code: &str| Diagnostic::error(code, self.to_string());
        vec![match self {
            Self::GitMissing { searched } => plain(codes::GIT.id)
                .note(format!("looked for it in {searched}"))
                .help("install `git`"),
            Self::PathMissing(_) => plain(codes::REPOSITORY.id).help("name an existing folder"),
            Self::NotARepository(_) => plain(codes::REPOSITORY.id)
                .help("run `git init && git add -A && git commit -m start` there"),
            Self::Bare(_) => plain(codes::REPOSITORY.id).help("use a clone with a work tree"),
            Self::NoCommit(_) => {
                plain(codes::REPOSITORY.id).help("run `git add -A && git commit -m start`")
            }
            Self::Reference { .. } => plain(codes::REVISION.id)
                .help("name a branch, a tag or a commit, for example `HEAD`"),
            Self::UnknownRevision { text, names } => {
                let near = nearest(text, names.iter().map(String::as_str));
                plain(codes::REVISION.id).help(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "list what is there with `git branch -a` and `git tag`".to_owned(),
                })
            }
            Self::Submodule(paths) => {
                let mut diagnostic = plain(codes::CONTENT.id);
                for path in &paths[1..] {
                    diagnostic = diagnostic.note(format!("`{path}` is one too"));
                }
                diagnostic.help("commit the files themselves, or list the folder in `.gitignore`")
            }
            Self::Path { .. } | Self::Limit { .. } => plain(codes::CONTENT.id),
            Self::Borrowed(_) => plain(codes::CONTENT.id)
                .help("run `git repack -a -d && rm -f .git/objects/info/alternates` there"),
            Self::Changed(_) => plain(codes::CONTENT.id).help("run it again"),
            Self::Git { .. } | Self::Answer { .. } => plain(codes::GIT.id),
            Self::Sandbox(error) => return error.diagnose(),
            Self::Files(error) => plain(codes::FILES.id).note(error.what()),
            Self::Write { .. } => plain(codes::FILES.id),
            Self::Store(error) => return error.diagnose(),
        }]
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Sandbox(error) => error.exit_code(),
            Self::Store(error) => error.exit_code(),
            _ => bowline_diag::exit::USAGE,
        }
    }
}

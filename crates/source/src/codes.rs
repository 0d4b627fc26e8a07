//! The error codes of this crate.

use bowline_diag::Code;

pub(crate) const GIT: Code = Code {
    id: "BOW1101",
    title: "git cannot be used",
    text: "Repositories are read with the `git` program, version 2.35 or newer, in an environment \
           of its own: no hooks, no filters, no configuration of user or system. It is not \
           installed, or it refused what was asked.",
};
pub(crate) const REPOSITORY: Code = Code {
    id: "BOW1102",
    title: "there is no usable repository",
    text: "Bowline works on a git repository with a work tree and at least one commit.",
};
pub(crate) const REVISION: Code = Code {
    id: "BOW1103",
    title: "there is no such revision",
    text: "A revision is one branch, tag or commit. Ranges, paths inside a revision and anything \
           that looks like an option are refused before git sees them.",
};
pub(crate) const CONTENT: Code = Code {
    id: "BOW1104",
    title: "the commit cannot be checked out",
    text: "A commit is checked out whole or not at all. Submodules are not \
           fetched and stay empty folders; a repository inside the work tree, paths that \
           would leave the folder, and files beyond the limits, are refused.",
};
pub(crate) const FILES: Code = Code {
    id: "BOW1105",
    title: "a file of the checkout could not be written or read",
    text: "The operating system refused; the message names the path.",
};

/// All codes of this crate.
pub const CODES: &[Code] = &[GIT, REPOSITORY, REVISION, CONTENT, FILES];

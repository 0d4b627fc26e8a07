//! A `.git` folder of depth 1: one commit, its branch, its tags, an index.

use crate::{Error, Repository, git::Call, tag::Tag};
use bowline_host::files;
use bowline_store::{Store, digest_of};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
                      \tlogallrefupdates = false\n[gc]\n\tauto = 0\n";

impl Repository {
    /// The folder for `commit`, with `HEAD` on `reference` where that is a branch.
    pub(crate) fn git_dir(
        &self,
        commit: &str,
        reference: &str,
        store: &Store,
    ) -> Result<PathBuf, Error> {
        let tags = self.tags_at(commit)?;
        let mut facts = format!("{commit}\n{reference}\n");
        for tag in &tags {
            let _ = writeln!(facts, "{} {}", tag.name, tag.object);
        }
        let key = digest_of(facts.as_bytes());
        let slot = store.tree_dir(&format!("git-{}", &key.hex()[..32]))?;
        slot.make(|folder| self.fill_git_dir(folder, commit, reference, &tags))
    }

    fn fill_git_dir(
        &self,
        folder: &Path,
        commit: &str,
        reference: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        for name in ["objects/pack", "objects/info", "refs/heads", "refs/tags", "info"] {
            files::create_dirs(folder.join(name))?;
        }
        let line = format!("{commit}\n");
        let head = if reference.starts_with("refs/heads/") {
            write_reference(folder, reference, commit)?;
            format!("ref: {reference}\n")
        } else {
            line.clone()
        };
        files::write(folder.join("HEAD"), head.as_bytes())?;
        files::write(folder.join("shallow"), line.as_bytes())?;
        files::write(folder.join("config"), CONFIG.as_bytes())?;
        for tag in tags {
            write_reference(folder, &format!("refs/tags/{}", tag.name), &tag.object)?;
        }
        self.pack(folder, commit, tags)?;
        let git_dir = folder.to_string_lossy().into_owned();
        let index = ["--git-dir", git_dir.as_str(), "read-tree", commit];
        self.git.run(Call::new(folder, &index))?;
        Ok(())
    }

    fn pack(&self, folder: &Path, commit: &str, tags: &[Tag]) -> Result<(), Error> {
        let listed = ["rev-list", "--objects", "--no-walk", "--no-object-names", commit];
        let mut objects = self.run(&listed)?;
        for tag in tags.iter().filter(|tag| tag.object != tag.commit) {
            objects.extend_from_slice(tag.object.as_bytes());
            objects.push(b'\n');
        }
        let target = folder.join("objects/pack/pack").to_string_lossy().into_owned();
        // Git writes a pack beside the objects first and renames it then: that must not be the
        // user's repository, which may lie on another file system and is none of ours to write.
        let theirs = self.run(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        let theirs = String::from_utf8_lossy(&theirs).trim_end().to_owned();
        let ours = folder.join("objects").to_string_lossy().into_owned();
        let mut call = self.call(&["pack-objects", "-q", &target]);
        call.input = objects;
        call.environment.extend([
            ("GIT_OBJECT_DIRECTORY".to_owned(), ours),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES".to_owned(), theirs),
        ]);
        self.git.run(call)?;
        Ok(())
    }
}

/// Names of branches and tags come from git, which lets none of them leave `refs/`; it is
/// checked all the same.
fn write_reference(folder: &Path, name: &str, object: &str) -> Result<(), Error> {
    crate::object::checked_path(name.as_bytes())?;
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        files::create_dirs(parent)?;
    }
    Ok(files::write(path, format!("{object}\n").as_bytes())?)
}

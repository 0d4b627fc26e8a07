//! A `.git` folder with the whole history, for the jobs that ask for it.
//!
//! It is the folder of depth 1 with all branches and tags added. The objects are not copied:
//! it borrows those of the repository, which the caller mounts read-only at a path of its choice.

use crate::{Error, Repository};
use bowline_host::files;
use bowline_model::Revision;
use bowline_store::{Store, digest_of};
use std::{collections::BTreeMap, path::PathBuf};

/// The largest `shallow` file, in bytes.
const SHALLOW_BYTES_MAX: u64 = 1024 * 1024;

/// The whole history of a revision, ready to be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// A `.git` folder, to be mounted into the tree.
    pub git_dir: PathBuf,
    /// The repository's own objects, to be mounted read-only where the folder looks for them.
    pub objects: PathBuf,
}

impl Repository {
    /// A `.git` with all that the repository has: its local branches as those of `origin`, its
    /// tags, all commits. `objects_at` is where its objects will be found when it is used.
    ///
    /// A clone that is shallow itself stays as deep as it is.
    ///
    /// # Errors
    /// [`Error::Borrowed`] when the objects lie in yet another repository; what git or the disk
    /// refuse.
    pub fn history(
        &self,
        revision: &Revision,
        store: &Store,
        objects_at: &str,
    ) -> Result<History, Error> {
        let objects = self.git_path("objects")?;
        if files::exists(objects.join("info/alternates")) {
            return Err(Error::Borrowed(objects));
        }
        let shallow = match files::read(self.git_path("shallow")?, SHALLOW_BYTES_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let packed = self.packed_references(revision)?;
        let depth_one = self.git_dir(&revision.commit, &revision.reference, store)?;
        let mut facts = format!("history\n{objects_at}\n{}\n", depth_one.display()).into_bytes();
        facts.extend_from_slice(packed.as_bytes());
        facts.extend_from_slice(shallow.as_deref().unwrap_or_default());
        let slot = store.tree_dir(&format!("git-{}", &digest_of(&facts).hex()[..32]))?;
        let git_dir = slot.make(|folder| {
            files::copy_tree(&depth_one, folder)?;
            files::write(folder.join("packed-refs"), packed.as_bytes())?;
            let alternates = format!("{objects_at}\n");
            files::write(folder.join("objects/info/alternates"), alternates.as_bytes())?;
            match &shallow {
                Some(lines) => files::write(folder.join("shallow"), lines)?,
                None => files::remove_file(folder.join("shallow"))?,
            }
            Ok::<(), Error>(())
        })?;
        Ok(History { git_dir, objects })
    }

    fn git_path(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.text(&["rev-parse", "--git-path", name])?;
        Ok(self.root().join(path))
    }

    /// What `origin` would have: the remote's branches as they are known here, the local
    /// branches over them, the tags.
    fn packed_references(&self, revision: &Revision) -> Result<String, Error> {
        let format = "--format=%(objectname) %(refname)";
        let spaces = ["refs/remotes/origin", "refs/heads", "refs/tags"];
        let listed = self.text(&["for-each-ref", format, spaces[0], spaces[1], spaces[2]])?;
        let mut references = BTreeMap::new();
        let lines = || listed.lines().filter_map(|line| line.split_once(' '));
        for (object, name) in lines() {
            if name != "refs/remotes/origin/HEAD" && !name.starts_with("refs/heads/") {
                references.insert(name.to_owned(), object.to_owned());
            }
        }
        for (object, name) in lines() {
            if let Some(branch) = name.strip_prefix("refs/heads/") {
                references.insert(format!("refs/remotes/origin/{branch}"), object.to_owned());
            }
        }
        // The branch of the run stands where the run is, whatever was committed since.
        if let Some(branch) = revision.reference.strip_prefix("refs/heads/") {
            let name = format!("refs/remotes/origin/{branch}");
            references.insert(name, revision.commit.clone());
        }
        Ok(references.iter().map(|(name, object)| format!("{object} {name}\n")).collect())
    }
}

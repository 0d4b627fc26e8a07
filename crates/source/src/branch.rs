//! Which branch or tag a revision stands for: workflows ask for it (`on.push.branches`).

use crate::{Error, GitRef, Repository};

/// Branches of this name come before others when several hold a commit.
const USUAL: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

/// What a branch of a remote begins with in a clone.
const REMOTE: &str = "refs/remotes/";

impl Repository {
    /// The full name of the branch or tag that `rev` names. For a commit id, `HEAD~1`, or a
    /// `HEAD` that is on no branch: the branch that holds `commit`, first the one that is
    /// checked out, then `main` and `master`, then the others by name, then those of remotes,
    /// then tags. Empty when nothing holds it.
    pub(crate) fn branch_of(&self, rev: &GitRef, commit: &str) -> Result<String, Error> {
        let named = self.text(&["rev-parse", "--symbolic-full-name", rev.as_str()])?;
        if named.starts_with("refs/") {
            return Ok(local_name(&named));
        }
        let current = self.attempt(&["symbolic-ref", "--quiet", "HEAD"])?.unwrap_or_default();
        let current = String::from_utf8_lossy(&current).trim().to_owned();
        let contains = format!("--contains={commit}");
        let folders = ["refs/heads", "refs/remotes", "refs/tags"];
        let arguments = ["for-each-ref", "--format=%(refname)", &contains];
        let holding = self.text(&[&arguments[..], &folders].concat())?;
        Ok(choose(&current, holding.lines()))
    }
}

/// `refs/remotes/origin/main` is the branch `main`, as it was pushed.
fn local_name(reference: &str) -> String {
    let remote = reference.strip_prefix(REMOTE).and_then(|rest| rest.split_once('/'));
    remote.map_or_else(|| reference.to_owned(), |(_, branch)| format!("refs/heads/{branch}"))
}

/// `holding` in git's order: branches, remotes, tags, each by name.
fn choose<'a>(current: &str, holding: impl Iterator<Item = &'a str>) -> String {
    let holding: Vec<&str> = holding.filter(|name| !name.ends_with("/HEAD")).collect();
    let names: Vec<String> = holding.iter().map(|name| local_name(name)).collect();
    let preferred = [current].into_iter().chain(USUAL);
    let found = preferred
        .filter(|name| !name.is_empty())
        .find(|name| names.iter().any(|known| known == name));
    found.map(str::to_owned).or_else(|| names.first().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn the_branch_that_is_checked_out_comes_first_and_tags_last() {
        let (main, dev, tag) = ("refs/heads/main", "refs/heads/dev", "refs/tags/v1");
        let (remote, remote_head) = ("refs/remotes/origin/main", "refs/remotes/origin/HEAD");
        for (current, holding, expected) in [
            (dev, vec![dev, main, tag], dev),
            ("", vec![dev, main, tag], main),
            (dev, vec![main], main),
            ("", vec!["refs/heads/a", dev], "refs/heads/a"),
            ("", vec![remote_head, remote, tag], main),
            ("", vec![tag], tag),
            (main, vec![], ""),
        ] {
            assert_eq!(choose(current, holding.clone().into_iter()), expected, "{holding:?}");
        }
    }
}

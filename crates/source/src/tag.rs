//! Tags: the nearest one that reads as a version, and those that point at a commit.

use crate::{Error, Repository, limits::TAGS_MAX};
use bowline_model::Version;

/// A tag and the commit that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    /// The tag object of an annotated tag, else the commit.
    pub(crate) object: String,
    pub(crate) commit: String,
}

impl Repository {
    /// The nearest tag reachable from `commit` that reads as a plain version (`v1.4.2`); of
    /// several on one commit the highest.
    pub(crate) fn nearest_tag(&self, commit: &str) -> Result<Option<String>, Error> {
        let versions: Vec<(Version, Tag)> = self
            .tags(&["--merged", commit])?
            .into_iter()
            .filter_map(|tag| Some((tag.name.parse::<Version>().ok()?, tag)))
            .filter(|(version, _)| version.build.is_none())
            .take(TAGS_MAX)
            .collect();
        if versions.is_empty() {
            return Ok(None);
        }
        // Tag names hold no pattern characters, so each matches itself only.
        let matches: Vec<String> =
            versions.iter().map(|(_, tag)| format!("--match={}", tag.name)).collect();
        let mut arguments = vec!["describe", "--tags", "--abbrev=0"];
        arguments.extend(matches.iter().map(String::as_str));
        arguments.push(commit);
        let nearest = self.text(&arguments)?;
        let at = versions.iter().find(|(_, tag)| tag.name == nearest).map(|(_, tag)| &tag.commit);
        let same = versions.iter().filter(|(_, tag)| Some(&tag.commit) == at);
        Ok(same.max_by_key(|(version, _)| *version).map(|(_, tag)| tag.name.clone()))
    }

    /// The tags that point at `commit`.
    pub(crate) fn tags_at(&self, commit: &str) -> Result<Vec<Tag>, Error> {
        let mut tags = self.tags(&["--points-at", commit])?;
        tags.retain(|tag| tag.commit == commit);
        Ok(tags)
    }

    fn tags(&self, filter: &[&str]) -> Result<Vec<Tag>, Error> {
        let format = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)";
        let mut arguments = vec!["for-each-ref", format];
        arguments.extend(filter);
        arguments.push("refs/tags");
        let listed = self.text(&arguments)?;
        Ok(listed
            .lines()
            .filter_map(|line| {
                let mut parts = line.split('\0').map(str::to_owned);
                let (name, object, peeled) = (parts.next()?, parts.next()?, parts.next()?);
                let commit = if peeled.is_empty() { object.clone() } else { peeled };
                Some(Tag { name, object, commit })
            })
            .collect())
    }
}

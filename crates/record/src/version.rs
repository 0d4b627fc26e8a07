//! The version rule: nearest reachable tag, patch + 1, `-build.N`.

use bowline_model::Version;

/// The version of build number `build` of a commit whose nearest reachable version tag is
/// `nearest_tag` (`v1.4.2`). A tag that does not read as a version counts as no tag.
///
/// A build number is a pre-release to Semantic Versioning, so the patch number goes up by one:
/// a build after `v1.4.2` is `v1.4.3-build.N` and sorts above its tag. A tag that carries a
/// build number itself keeps its numbers, and the new build number is above the tag's.
///
/// ```
/// use bowline_record::next_version;
/// assert_eq!(next_version(Some("v1.4.2"), 89).to_string(), "v1.4.3-build.89");
/// assert_eq!(next_version(None, 7).to_string(), "v0.0.1-build.7");
/// ```
#[must_use]
pub fn next_version(nearest_tag: Option<&str>, build: u64) -> Version {
    let tag = nearest_tag.and_then(|tag| tag.parse::<Version>().ok());
    let Some(tag) = tag else { return Version { core: [0, 0, 1], build: Some(build) } };
    let [major, minor, patch] = tag.core;
    match tag.build {
        None => Version { core: [major, minor, patch.saturating_add(1)], build: Some(build) },
        Some(tagged) => {
            Version { core: tag.core, build: Some(build.max(tagged.saturating_add(1))) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::next_version;
    use bowline_model::Version;

    #[test]
    fn a_build_never_sorts_below_its_tag() {
        for (tag, build, expected) in [
            (None, 1, "v0.0.1-build.1"),
            (Some("v1.4.2"), 89, "v1.4.3-build.89"),
            (Some("1.4.2"), 3, "v1.4.3-build.3"),
            (Some("v0.9.9"), 1, "v0.9.10-build.1"),
            (Some("v1.4.3-build.8"), 2, "v1.4.3-build.9"),
            (Some("v1.4.3-build.8"), 20, "v1.4.3-build.20"),
            (Some("nightly"), 5, "v0.0.1-build.5"),
        ] {
            let version = next_version(tag, build);
            assert_eq!(version.to_string(), expected, "{tag:?}");
            if let Some(tag) = tag.and_then(|tag| tag.parse::<Version>().ok()) {
                assert!(version > tag, "{version} > {tag}");
            }
        }
    }
}

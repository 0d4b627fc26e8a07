//! `golang` images: which version a tag asks for, and what stands in for the image.

use bowline_sandbox::toolchain;
use std::cmp::Ordering;

/// Where the toolchain lies inside, on every machine: without `-trimpath` the path is part of
/// what is built.
pub(crate) const GO_ROOT: &str = "/opt/bowline/go";
/// Where Go's build cache lies inside: its default for `HOME=/root`.
pub(crate) const BUILD_CACHE: &str = "/root/.cache/go-build";
/// Where Go's module cache lies inside: its default for `GOPATH=/go`.
pub(crate) const MODULE_CACHE: &str = "/go/pkg/mod";

/// Where programs are in images of every kind.
pub(super) const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The folder in which the image starts.
pub(super) const WORKDIR: &str = "/go";

/// The variables that the image sets.
pub(super) fn environment(version: Option<&str>) -> Vec<String> {
    let version = version.unwrap_or_default().trim_start_matches("go");
    vec![
        format!("PATH=/go/bin:{GO_ROOT}/bin:{USUAL_PATH}"),
        format!("GOLANG_VERSION={version}"),
        "GOTOOLCHAIN=local".to_owned(),
        "GOPATH=/go".to_owned(),
    ]
}

/// Whether `reference` names Docker's official Go image; and the version that its tag asks for.
pub(super) fn asked(reference: &str) -> Option<Option<String>> {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        Some(_) | None => (name, None),
    };
    let known = matches!(
        repository,
        "golang" | "library/golang" | "docker.io/golang" | "docker.io/library/golang"
    );
    if !known {
        return None;
    }
    let version = tag.map(|tag| tag.split('-').next().unwrap_or(tag));
    let version = version.filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    Some(version.map(str::to_owned))
}

/// How an installed version meets what is asked for.
pub(super) enum Meets {
    /// As new, or newer.
    Enough,
    Older,
    Unreadable,
}

/// `1.22` asks for any patch release of 1.22, and whatever is newer.
pub(super) fn meets(installed: &str, asked: &str) -> Meets {
    match toolchain::compare_go(installed, asked) {
        Some(Ordering::Equal | Ordering::Greater) => Meets::Enough,
        Some(Ordering::Less) => Meets::Older,
        None => Meets::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn a_tag_asks_for_a_version_or_for_any() {
        let version = |text: &str| Some(Some(text.to_owned()));
        for (reference, expected) in [
            ("golang:1.22-alpine", version("1.22")),
            ("golang:1.22.3-bookworm@sha256:00", version("1.22.3")),
            ("docker.io/library/golang:1.23rc1", version("1.23rc1")),
            ("golang", Some(None)),
            ("golang:alpine", Some(None)),
            ("golang:latest", Some(None)),
            ("alpine:3.18", None),
            ("example.test:5000/golang", None),
            ("mygolang:1.22", None),
        ] {
            assert_eq!(asked(reference), expected, "{reference}");
        }
    }
}

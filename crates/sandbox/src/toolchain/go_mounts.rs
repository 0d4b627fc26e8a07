//! A Go installation at another place than its own.
//!
//! Debian keeps the parts that do not depend on the machine elsewhere: `/usr/lib/go-1.19/src`
//! is a link to `../../share/go-1.19/src`, and so is `pkg/include`. Mounted at one fixed path,
//! such links lead nowhere. So a root with links that leave it is put together of its parts.
#![expect(clippy::disallowed_methods, reason = "looks through a Go installation")]

use super::GoToolchain;
use crate::limits::TOOLCHAIN_ROOT_BYTES_MAX;
use crate::spec::Mount;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep links are looked for: `pkg/include` is the deepest that is known.
const DEPTH_MAX: usize = 2;

impl GoToolchain {
    /// The mounts that show it, read-only, at `target` inside a sandbox. What leads nowhere on
    /// the host, too, is left out.
    #[must_use]
    pub fn mounts(&self, target: &Path) -> Vec<Mount> {
        if !has_leaving_links(&self.root, &self.root, DEPTH_MAX) {
            return vec![bind(self.root.clone(), target.to_owned())];
        }
        let bytes_max = TOOLCHAIN_ROOT_BYTES_MAX;
        let mut mounts = vec![Mount::Tmpfs { target: target.to_owned(), bytes_max }];
        self.parts(&self.root, target, DEPTH_MAX, &mut mounts);
        mounts
    }

    fn parts(&self, folder: &Path, target: &Path, depth: usize, mounts: &mut Vec<Mount>) {
        for entry in entries(folder) {
            let Ok(real) = fs::canonicalize(&entry) else { continue };
            let Some(name) = entry.file_name() else { continue };
            let target = target.join(name);
            if depth > 1 && !entry.is_symlink() && has_leaving_links(&self.root, &entry, depth - 1)
            {
                self.parts(&entry, &target, depth - 1, mounts);
            } else {
                mounts.push(bind(real, target));
            }
        }
    }
}

fn bind(source: PathBuf, target: PathBuf) -> Mount {
    Mount::Bind { source, target, read_only: true }
}

/// Whether a link in `folder` leaves `root`.
fn has_leaving_links(root: &Path, folder: &Path, depth: usize) -> bool {
    depth > 0
        && entries(folder).iter().any(|entry| {
            if entry.is_symlink() {
                fs::canonicalize(entry).is_ok_and(|real| !real.starts_with(root))
            } else {
                has_leaving_links(root, entry, depth - 1)
            }
        })
}

/// By name; nothing where `folder` is none, or may not be read: the mount says so.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use crate::Mount;
    use crate::toolchain::GoToolchain;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn shown(root: &Path) -> Vec<(String, String)> {
        let toolchain = GoToolchain { root: root.to_owned(), version: "go1.19.8".into() };
        let base = root.parent().unwrap();
        let mounts = toolchain.mounts(Path::new("/go"));
        let text = |path: &Path| path.display().to_string();
        let one = |mount| match mount {
            Mount::Bind { source, target, read_only: true } => {
                (text(source.strip_prefix(base).unwrap()), text(&target))
            }
            Mount::Tmpfs { target, .. } => ("memory".to_owned(), text(&target)),
            other => panic!("{other:?}"),
        };
        mounts.into_iter().map(one).collect()
    }

    fn tree(base: &Path) {
        for folder in ["go/bin", "go/pkg/tool", "share/src/fmt", "share/include"] {
            fs::create_dir_all(base.join(folder)).unwrap();
        }
        fs::write(base.join("go/VERSION"), "go1.19.8").unwrap();
        symlink("../bin", base.join("go/pkg/within")).unwrap();
    }

    #[test]
    fn an_installation_of_one_piece_is_one_mount() {
        let base = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(base.path()).unwrap();
        tree(&base);
        assert_eq!(shown(&base.join("go")), [("go".to_owned(), "/go".to_owned())]);
    }

    #[test]
    fn parts_that_lie_elsewhere_are_mounted_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        tree(&base);
        for (link, to) in [
            ("go/src", "../share/src"),
            ("go/api", "../share/not-installed"),
            ("go/pkg/include", "../../share/include"),
        ] {
            symlink(to, base.join(link)).unwrap();
        }
        let expected = [
            ("memory", "/go"),
            ("go/VERSION", "/go/VERSION"),
            ("go/bin", "/go/bin"),
            ("share/include", "/go/pkg/include"),
            ("go/pkg/tool", "/go/pkg/tool"),
            ("go/bin", "/go/pkg/within"),
            ("share/src", "/go/src"),
        ];
        let expected = expected.map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(shown(&base.join("go")), expected);
    }
}

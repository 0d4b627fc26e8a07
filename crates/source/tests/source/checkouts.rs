//! Checkouts: the same bytes, modes, links and times, with a `.git` that works.

use crate::sample::{Sample, TIME, name, run_git};
use bowline_source::Error;
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

#[test]
fn a_checkout_has_bytes_modes_links_and_the_time_of_the_commit() {
    let Some(sample) = Sample::new() else { return };
    let script = sample.write("bin/run.sh", "#!/bin/sh\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    sample.write("sub/data", "line\r\nend");
    sample.write("empty", "");
    symlink("../sub/data", sample.root().join("bin/link")).expect("a link");
    symlink("/etc/passwd", sample.root().join("out")).expect("a link");
    // Attributes change nothing: bytes are those of the object database.
    sample.write(".gitattributes", "sub/data export-ignore\n");
    sample.commit("start");
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    let tree = checkout.tree.as_path();
    assert_eq!(fs::read(tree.join("sub/data")).expect("a file"), b"line\r\nend");
    assert_eq!(fs::read(tree.join("empty")).expect("a file"), b"");
    assert_eq!(fs::read_link(tree.join("bin/link")).expect("a link"), Path::new("../sub/data"));
    assert_eq!(fs::read_link(tree.join("out")).expect("a link"), Path::new("/etc/passwd"));
    for (path, mode) in [("bin/run.sh", 0o755), ("sub/data", 0o644), ("bin", 0o755), ("", 0o755)] {
        let found = fs::symlink_metadata(tree.join(path)).expect("metadata");
        assert_eq!((found.mode() & 0o7777, found.mtime()), (mode, TIME), "{path}");
    }
    assert!(!tree.join(".git").exists());
    let again = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    assert_eq!(again, checkout);
}

#[test]
fn the_git_folder_holds_one_commit_its_branch_and_its_tag() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    sample.write("a.txt", "2");
    sample.write("sub/b.txt", "2");
    let commit = sample.commit("second");
    sample.git(&["tag", "v1.4.2"]);
    sample.git(&["tag", "-a", "-m", "signed off", "release"]);
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    let workspace = sample.folder.path().join("workspace");
    copy(&checkout.tree, &workspace);
    copy(&checkout.git_dir, &workspace.join(".git"));
    let git = |arguments: &[&str]| run_git(&workspace, arguments);
    assert_eq!(git(&["rev-parse", "HEAD"]), commit);
    assert_eq!(git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["describe", "--tags", "--exact-match", "--match", "v*"]), "v1.4.2");
    assert_eq!(git(&["describe"]), "release");
    assert_eq!(git(&["rev-list", "--count", "HEAD"]), "1");
    git(&["fsck", "--strict"]);
    sample.git(&["checkout", "--quiet", "--detach"]);
    sample.git(&["branch", "--quiet", "-D", "main"]);
    sample.git(&["tag", "-d", "v1.4.2"]);
    let tagged = sample.repository.revision(&name(&commit)).expect("a revision");
    assert_eq!(tagged.reference, "refs/tags/release");
    sample.git(&["tag", "-d", "release"]);
    let detached = sample.repository.revision(&name(&commit)).expect("a revision");
    let detached = sample.repository.checkout(&detached, &sample.store).expect("a checkout");
    assert_eq!(detached.tree, checkout.tree);
    let head = fs::read_to_string(detached.git_dir.join("HEAD")).expect("HEAD");
    assert_eq!(head.trim(), commit);
}

#[test]
fn the_whole_history_borrows_the_objects_of_the_repository() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    sample.git(&["tag", "v1.0.0"]);
    sample.git(&["branch", "side"]);
    sample.write("a.txt", "2");
    let commit = sample.commit("second");
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    sample.write("a.txt", "3");
    sample.commit("later");
    let at = sample.folder.path().join("borrowed");
    let at = at.to_string_lossy();
    let history = sample.repository.history(&revision, &sample.store, &at).expect("a history");
    assert_eq!(history, sample.repository.history(&revision, &sample.store, &at).expect("again"));
    // The mount of the job's box, as a link.
    symlink(&history.objects, at.as_ref()).expect("a link");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    let workspace = sample.folder.path().join("workspace");
    copy(&checkout.tree, &workspace);
    copy(&history.git_dir, &workspace.join(".git"));
    let git = |arguments: &[&str]| run_git(&workspace, arguments);
    assert_eq!(git(&["rev-parse", "HEAD", "origin/main"]), format!("{commit}\n{commit}"));
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["rev-list", "--count", "HEAD"]), "2");
    assert_eq!(git(&["rev-parse", "--is-shallow-repository"]), "false");
    assert!(git(&["describe", "--tags"]).starts_with("v1.0.0-1-g"));
    assert_eq!(git(&["diff", "--name-only", "origin/side"]), "a.txt");
    git(&["fsck", "--strict"]);
}

#[test]
fn a_repository_that_borrows_objects_itself_has_no_history_to_mount() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    let clone = sample.folder.path().join("clone");
    let from = sample.root().display().to_string();
    sample.git(&["clone", "-q", "--shared", &from, &clone.to_string_lossy()]);
    let clone = bowline_source::open(&clone).expect("a repository");
    let revision = clone.revision(&name("HEAD")).expect("a revision");
    let error = clone.history(&revision, &sample.store, "/objects").expect_err("it is refused");
    assert!(matches!(error, Error::Borrowed(_)), "{error}");
}

#[test]
fn a_work_tree_is_copied_as_it_lies_there() {
    let Some(sample) = Sample::new() else { return };
    sample.write(".gitignore", "*.log\n");
    sample.write("a.txt", "1");
    sample.write("gone.txt", "1");
    sample.commit("start");
    sample.write("a.txt", "changed");
    fs::remove_file(sample.root().join("gone.txt")).expect("removed");
    sample.write("new/b.txt", "new");
    sample.write("x.log", "ignored");
    let checkout = sample.repository.worktree(&sample.store).expect("a work tree");
    assert_eq!(fs::read_to_string(checkout.tree.join("a.txt")).expect("a file"), "changed");
    assert!(checkout.tree.join("new/b.txt").exists() && !checkout.tree.join("x.log").exists());
    assert!(!checkout.tree.join("gone.txt").exists());
    let head = fs::read_to_string(checkout.git_dir.join("HEAD")).expect("HEAD");
    assert_eq!(head.trim(), "ref: refs/heads/main");
    sample.write("a.txt", "changed again");
    let later = sample.repository.worktree(&sample.store).expect("a work tree");
    assert_ne!(later.tree, checkout.tree);
    assert_eq!(fs::read_to_string(checkout.tree.join("a.txt")).expect("a file"), "changed");
}

#[test]
fn pointers_of_git_lfs_are_noted() {
    let Some(sample) = Sample::new() else { return };
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "4d7a".repeat(16)
    );
    sample.write("model.bin", &pointer);
    sample.commit("start");
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    assert_eq!(checkout.notes.len(), 1);
    assert!(checkout.notes[0].starts_with("`model.bin` is a Git LFS pointer"));
}

#[test]
fn a_submodule_is_an_empty_folder_and_a_note_and_a_nested_repository_an_error() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    let commit = sample.commit("start");
    let entry = format!("160000,{commit},vendor/lib");
    sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
    sample.git(&["commit", "--quiet", "-m", "submodule"]);
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    let work = sample.repository.worktree(&sample.store).expect("a work tree");
    for checkout in [checkout, work] {
        let folder = checkout.tree.join("vendor/lib");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 0);
        assert!(checkout.notes[0].starts_with("`vendor/lib` is a submodule"), "{checkout:?}");
    }
    let nested = sample.root().join("nested");
    fs::create_dir(&nested).expect("a folder");
    sample.git(&["reset", "--quiet", "--hard", &commit]);
    run_git(&nested, &["init", "--quiet"]);
    fs::write(nested.join("x"), "1").expect("a file");
    run_git(&nested, &["add", "x"]);
    run_git(&nested, &["commit", "--quiet", "-m", "x"]);
    let error = sample.repository.worktree(&sample.store).expect_err("a nested repository");
    assert!(matches!(error, Error::Submodule(paths) if paths == ["nested"]));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).expect("a link"), target).expect("a link");
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

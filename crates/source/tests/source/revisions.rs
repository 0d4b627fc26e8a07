//! What is known about a revision, and the errors when there is none.

use crate::sample::{Sample, TIME, git, name};
use bowline_source::Error;
use std::fs;

#[test]
fn a_revision_knows_its_commit_branch_tag_and_changes() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.write("sub/größe b.txt", "1");
    let first = sample.commit("start\n\nbody");
    let repository = &sample.repository;
    let revision = repository.revision(&name("HEAD")).expect("a revision");
    assert_eq!((revision.commit.as_str(), revision.parent.as_deref()), (first.as_str(), None));
    assert_eq!(revision.changed_files, ["a.txt", "sub/größe b.txt"]);
    assert_eq!((revision.reference.as_str(), revision.dirty), ("refs/heads/main", false));
    assert_eq!((revision.author.as_str(), revision.subject.as_str()), ("Ada", "start"));
    assert_eq!((revision.committed_at, revision.nearest_tag), (TIME, None));
    assert_eq!(revision.tree, sample.git(&["rev-parse", "HEAD^{tree}"]));

    repository.tag(&name("v1.4.2"), &name("HEAD")).expect("a tag");
    repository.tag(&name("v1.4.1"), &name("HEAD")).expect("a tag");
    repository.tag(&name("v9.9.9-build.3"), &name("HEAD")).expect("a tag");
    repository.tag(&name("nightly"), &name("HEAD")).expect("a tag");
    assert!(repository.tag(&name("nightly"), &name("HEAD")).is_err(), "a tag never moves");
    sample.write("a.txt", "2");
    fs::remove_file(sample.root().join("sub/größe b.txt")).expect("removed");
    let second = sample.commit("change");
    let revision = repository.revision(&name(&second[..10])).expect("a revision");
    assert_eq!(revision.commit, second);
    assert_eq!(revision.parent, Some(first));
    assert_eq!(revision.changed_files, ["a.txt", "sub/größe b.txt"]);
    assert_eq!(
        (revision.reference.as_str(), revision.nearest_tag.as_deref()),
        ("refs/heads/main", Some("v1.4.2"))
    );
    let tagged = repository.revision(&name("v1.4.2")).expect("a revision");
    assert_eq!(tagged.reference, "refs/tags/v1.4.2");
    assert_eq!(repository.revision(&name("HEAD~1")).expect("a revision").commit, tagged.commit);
}

#[test]
fn a_commit_without_a_name_belongs_to_a_branch_that_holds_it() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    let first = sample.commit("start");
    sample.write("a.txt", "2");
    let second = sample.commit("change");
    sample.git(&["branch", "--quiet", "aside", &first]);
    let of = |text: &str| sample.repository.revision(&name(text)).expect("a revision").reference;
    assert_eq!(of("HEAD~1"), "refs/heads/main", "the branch that is checked out");
    assert_eq!(of("aside"), "refs/heads/aside", "what was named");
    sample.git(&["checkout", "--quiet", "--detach", &second]);
    assert_eq!(of("HEAD"), "refs/heads/main", "as in a clone of a machine that tests");
    sample.git(&["checkout", "--quiet", "aside"]);
    assert_eq!(of(&first), "refs/heads/aside");
    sample.git(&["update-ref", "refs/remotes/origin/topic", &second]);
    sample.git(&["branch", "--quiet", "-D", "main"]);
    assert_eq!(of(&second), "refs/heads/topic", "a branch as it was pushed");
    assert_eq!(of("origin/topic"), "refs/heads/topic");
    sample.git(&["update-ref", "-d", "refs/remotes/origin/topic"]);
    assert_eq!(of(&second), "", "nothing holds it");
}

#[test]
fn a_changed_or_unknown_file_makes_the_tree_dirty() {
    let Some(sample) = Sample::new() else { return };
    sample.write(".gitignore", "*.log\n");
    sample.write("a.txt", "1");
    sample.commit("start");
    sample.write("build.log", "ignored");
    assert!(!sample.repository.is_dirty().expect("a status"));
    sample.write("a.txt", "changed");
    sample.write("new/b.txt", "new");
    let status = sample.repository.status().expect("a status");
    assert_eq!((status.changed, status.untracked), (vec!["a.txt".into()], vec!["new/".into()]));
}

#[test]
fn errors_say_what_is_missing() {
    let Some(sample) = Sample::new() else { return };
    let git = git().expect("git is there");
    let head = name("HEAD");
    assert!(matches!(sample.repository.revision(&head), Err(Error::NoCommit(_))));
    sample.write("a.txt", "1");
    sample.commit("start");
    sample.git(&["branch", "feature/retry"]);
    match sample.repository.revision(&name("feature/rerty")) {
        Err(error @ Error::UnknownRevision { .. }) => {
            let help = bowline_diag::Diagnose::diagnose(&error)[0].help.clone();
            assert_eq!(help.as_deref(), Some("did you mean `feature/retry`?"));
        }
        other => panic!("{other:?}"),
    }
    // A tree or blob is no revision.
    let tree = sample.git(&["rev-parse", "HEAD^{tree}"]);
    assert!(matches!(sample.repository.revision(&name(&tree)), Err(Error::UnknownRevision { .. })));
    let outside = tempfile::tempdir().expect("a folder");
    assert!(matches!(git.open(outside.path()), Err(Error::NotARepository(_))));
    assert!(matches!(git.open(outside.path().join("x")), Err(Error::PathMissing(_))));
    sample.git(&["clone", "--quiet", "--bare", ".", outside.path().to_str().expect("UTF-8")]);
    assert!(matches!(git.open(outside.path()), Err(Error::Bare(_))));
    let nowhere = bowline_source::Git::find(outside.path().to_str().expect("UTF-8"));
    assert!(matches!(nowhere, Err(Error::GitMissing { .. })));
}

#[test]
fn a_merge_and_a_shallow_clone_have_changes_too() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    sample.git(&["checkout", "--quiet", "-b", "side"]);
    sample.write("side.txt", "1");
    sample.commit("side");
    sample.git(&["checkout", "--quiet", "main"]);
    sample.write("main.txt", "1");
    sample.commit("main");
    sample.git(&["merge", "--quiet", "--no-edit", "side"]);
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    assert_eq!(revision.changed_files, ["side.txt"]);
    let clone = sample.folder.path().join("clone");
    let (from, to) = (format!("file://{}", sample.root().display()), clone.to_string_lossy());
    sample.git(&["clone", "--quiet", "--depth=1", &from, &to]);
    let shallow = git().expect("git is there").open(&clone).expect("a repository");
    let revision = shallow.revision(&name("HEAD")).expect("a revision");
    assert!(revision.parent.is_some());
    assert_eq!(revision.changed_files, ["a.txt", "main.txt", "side.txt"]);
}

//! Histories as they come: forced, moved, cut off, on several branches.

use crate::site::{Site, WORKFLOW};
use bowline_host::files;

const FILTERED: &str = "    paths: ['**.go', 'go.mod', 'deploy/**']\n";

#[test]
fn a_forced_main_and_a_moved_tag_leave_versions_and_the_way_back_whole() {
    let site = Site::plain();
    let git = |arguments: &[&str]| site.repository.git(arguments);
    git(&["tag", "v1.4.2"]);
    site.release().expect_exit(0);
    let lost = site.say("one", "two");
    git(&["tag", "v1.5.0"]);
    site.release().expect_exit(0);
    assert_eq!(site.outcomes()[0].0, "v1.5.1-build.2");

    // `main` is forced back: the second commit is on no branch, and its tag moves.
    git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let forced = site.say("one", "three");
    git(&["tag", "--force", "v1.5.0"]);
    site.release().expect_exit(0);
    assert_eq!(site.outcomes()[0].0, "v1.5.1-build.3", "the number still tells them apart");
    assert_eq!(site.answer(), "three");
    let traced = site.run(&["trace", "v1.5.1-build.2"]).expect_exit(0);
    traced.expect_data(&lost);
    site.run(&["trace", &forced]).expect_exit(0).expect_data("v1.5.1-build.3");

    // The way back needs nothing of the repository.
    git(&["reflog", "expire", "--expire=now", "--all"]);
    git(&["gc", "--quiet", "--prune=now"]);
    site.run(&["rollback"]).expect_exit(0).expect_data("v1.5.1-build.2");
    assert_eq!(site.answer(), "two");
    let gone = site.run(&["release", &lost]).expect_exit(2);
    assert!(gone.stderr.contains("no revision"), "{gone}");
}

#[test]
fn an_orphan_counts_every_file_as_new() {
    let site = Site::plain();
    site.repository.write(
        ".github/workflows/ci.yml",
        &WORKFLOW
            .replace("    branches: [main]\n", &format!("    branches: [main, fresh]\n{FILTERED}")),
    );
    site.repository.commit("paths");
    site.repository.git(&["tag", "v2.0.0"]);
    site.repository.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    site.repository.commit("from nothing");
    let released = site.release().expect_exit(0);
    assert!(!released.stderr.contains("skipped"), "{released}");
    assert_eq!(site.outcomes()[0].0, "v0.0.1-build.1", "no tag can be reached");
    assert_eq!(site.answer(), "one");
}

#[test]
fn shallow_clones_linked_work_trees_and_a_detached_head_are_released() {
    let site = Site::plain();
    site.repository.git(&["tag", "v1.0.0"]);
    site.say("one", "two");
    let root = site.world.root();
    let from = format!("file://{}", site.repository.folder().display());
    site.repository.git(&["clone", "--quiet", "--depth=1", &from, "../shallow"]);
    let shallow = site.world.bowline(&root.join("shallow"), &["release"]).expect_exit(0);
    assert!(!shallow.stderr.contains("skipped"), "{shallow}");
    assert_eq!(site.answer(), "two");
    assert_eq!(site.outcomes()[0].0, "v0.0.1-build.1", "the tag was not fetched");

    // A work tree that is linked to the repository, on no branch, at the first commit.
    site.repository.git(&["worktree", "add", "--quiet", "--detach", "../linked", "HEAD~1"]);
    let linked = site.world.bowline(&root.join("linked"), &["release"]).expect_exit(0);
    assert!(!linked.stderr.contains("skipped"), "`main` holds the commit: {linked}");
    assert_eq!(site.answer(), "one");
    assert_eq!(site.outcomes()[0].0, "v1.0.1-build.2");
    let folder = root.join("linked");
    assert!(files::exists(folder.join(".git")), "the work tree is as it was");

    site.repository.git(&["clone", "--quiet", "--bare", &from, "../bare.git"]);
    let bare = site.world.bowline(&root.join("bare.git"), &["release"]).expect_exit(2);
    assert!(bare.stderr.contains("is a bare repository"), "{bare}");
}

#[test]
fn a_commit_on_two_branches_is_a_push_to_the_one_that_is_checked_out() {
    let site = Site::plain();
    let show = "      - run: echo \"ref ${{ github.ref }}\"\n";
    site.repository.write(".github/workflows/ci.yml", &format!("{WORKFLOW}{show}"));
    site.repository.commit("say the branch");
    site.repository.git(&["branch", "aaa"]);
    let commit = site.repository.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let verbose = |revision: &str| site.run(&["release", revision, "--verbose"]);
    verbose(&commit).expect_exit(0).expect_talk("ref refs/heads/main");

    // On `aaa` the same commit is a push that the workflow is not for.
    site.repository.git(&["checkout", "--quiet", "aaa"]);
    let other = verbose("HEAD").expect_exit(0);
    assert!(other.stderr.contains("skipped"), "{other}");
    // Named, `main` is meant again.
    verbose("main").expect_exit(0).expect_talk("ref refs/heads/main");
}

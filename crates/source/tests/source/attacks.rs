//! Rows 15 and 16 of the attack table: names that are options, and repositories that want to
//! run something. Each would leave a file behind.

use crate::sample::{Sample, name};
use bowline_source::{Error, GitRef};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A program that leaves a file behind.
fn trap(sample: &Sample) -> (PathBuf, PathBuf) {
    let marker = sample.folder.path().join("it-ran");
    let program = sample.folder.path().join("trap.sh");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", marker.display());
    fs::write(&program, script).expect("a script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    (program, marker)
}

fn use_everything(sample: &Sample) {
    let repository = &sample.repository;
    let revision = repository.revision(&name("HEAD")).expect("a revision");
    repository.checkout(&revision, &sample.store).expect("a checkout");
    repository.worktree(&sample.store).expect("a work tree");
    repository.status().expect("a status");
}

#[test]
fn nothing_of_a_repository_is_run() {
    let Some(mut sample) = Sample::new() else { return };
    let (program, marker) = trap(&sample);
    let program = program.to_str().expect("UTF-8").to_owned();
    sample.write("a.txt", "1");
    sample.write(".gitattributes", "* filter=trap diff=trap\n");
    sample.commit("start");
    for (key, value) in [
        ("filter.trap.clean", program.as_str()),
        ("filter.trap.smudge", &program),
        ("filter.trap.process", &program),
        ("filter.trap.required", "true"),
        ("diff.trap.textconv", &program),
        ("diff.trap.command", &program),
        ("diff.external", &program),
        ("core.fsmonitor", &program),
        ("core.pager", &program),
        ("core.sshCommand", &program),
        ("gpg.program", &program),
        ("log.showSignature", "true"),
        ("core.alternateRefsCommand", &program),
    ] {
        sample.git(&["config", key, value]);
    }
    let hooks = sample.root().join(".git/hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    for hook in ["pre-commit", "post-checkout", "post-index-change", "reference-transaction"] {
        fs::copy(&program, hooks.join(hook)).expect("a hook");
    }
    sample.git(&["config", "core.hooksPath", hooks.to_str().expect("UTF-8")]);
    sample.write("a.txt", "a change that status has to look at");
    // The configuration is looked at when the repository is opened.
    let git = crate::sample::git().expect("git is there");
    sample.repository = git.open(sample.root()).expect("a repository");
    use_everything(&sample);
    sample.commit("second");
    assert!(!marker.exists(), "something of the repository was run");
    // It may well fail: the trap is no filter that git could talk to.
    let status = Command::new("git").arg("status").current_dir(sample.root()).output();
    status.expect("git runs");
    assert!(marker.exists(), "the trap itself works, so the test can fail");
}

#[test]
fn a_name_is_never_an_option_or_a_path() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    for text in ["--upload-pack=touch /x", "-o", "--output=x", "HEAD:a.txt", "a..b", "x\u{0}y"] {
        let refused = text.parse::<GitRef>();
        assert!(matches!(refused, Err(Error::Reference { .. })), "{text}");
    }
}

#[test]
fn other_repositories_are_never_asked() {
    let Some(sample) = Sample::new() else { return };
    let (program, marker) = trap(&sample);
    sample.write("a.txt", "1");
    sample.commit("start");
    let url = format!("ext::{}", program.display());
    sample.git(&["config", "remote.origin.url", &url]);
    sample.git(&["config", "remote.origin.promisor", "true"]);
    sample.git(&["config", "extensions.partialClone", "origin"]);
    let blob = sample.git(&["rev-parse", "HEAD:a.txt"]);
    let object = sample.root().join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(object).expect("an object");
    let revision = sample.repository.revision(&name("HEAD"));
    let checkout = revision.and_then(|r| sample.repository.checkout(&r, &sample.store));
    assert!(checkout.is_err(), "a missing object is an error");
    assert!(!marker.exists(), "a remote helper was run");
}

#[test]
fn paths_that_leave_the_folder_are_refused() {
    let Some(sample) = Sample::new() else { return };
    sample.write("a.txt", "1");
    sample.commit("start");
    let blob = sample.git(&["rev-parse", "HEAD:a.txt"]);
    let forms = [".git ", ".git.", "git~1", ".g\u{200c}it", ".git::$INDEX_ALLOCATION"];
    for path in ["..", ".git", ".GIT", "."].into_iter().chain(forms) {
        let tree = raw_tree(&sample, path, &blob);
        let mut revision = sample.repository.revision(&name("HEAD")).expect("a revision");
        revision.tree = tree;
        revision.commit = "0".repeat(40);
        let refused = sample.repository.checkout(&revision, &sample.store);
        assert!(matches!(refused, Err(Error::Path { .. })), "{path}: {refused:?}");
    }
    assert!(!Path::new(sample.folder.path()).join("store/trees/a.txt").exists());
}

/// A tree object with one file, written without git's own checks.
fn raw_tree(sample: &Sample, path: &str, blob: &str) -> String {
    let mut content = format!("100644 {path}\0").into_bytes();
    let digits: Vec<u32> = blob.chars().filter_map(|c| c.to_digit(16)).collect();
    let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]));
    content.extend(bytes.map(|byte| byte.expect("a byte")));
    let file = sample.folder.path().join("raw-tree");
    fs::write(&file, content).expect("a file");
    let file = file.to_str().expect("UTF-8");
    sample.git(&["hash-object", "-t", "tree", "--literally", "-w", file])
}

/// Row 16: objects that stand for other objects, grafts, and a repository's own configuration
/// that includes a file elsewhere change nothing of what is read, and run nothing.
#[test]
fn row_16_replace_refs_and_grafts_and_includes_change_nothing() {
    let Some(sample) = Sample::new() else { return };
    let (program, marker) = trap(&sample);
    sample.write("a.txt", "true");
    let good = sample.commit("start");
    sample.write("a.txt", "false");
    let evil = sample.commit("evil");
    sample.git(&["reset", "--quiet", "--hard", &good]);
    sample.git(&["replace", &good, &evil]);
    let grafts = sample.root().join(".git/info");
    fs::create_dir_all(&grafts).expect("a folder");
    fs::write(grafts.join("grafts"), format!("{good} {evil}\n")).expect("a file");
    let included = sample.folder.path().join("included");
    let text = format!("[core]\n\tfsmonitor = {0}\n\tsshCommand = {0}\n", program.display());
    fs::write(&included, text).expect("a file");
    sample.git(&["config", "include.path", included.to_str().expect("UTF-8")]);
    let revision = sample.repository.revision(&name(&good)).expect("a revision");
    assert_eq!((revision.subject.as_str(), revision.parent.as_deref()), ("start", None));
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    assert_eq!(fs::read_to_string(checkout.tree.join("a.txt")).expect("a file"), "true");
    sample.repository.status().expect("a status");
    assert!(!marker.exists(), "the included configuration was obeyed");
}

/// Row 16: a submodule whose address is a program, a file or a folder outside is never fetched;
/// its name may say anything.
#[test]
fn row_16_submodules_are_never_fetched() {
    let Some(sample) = Sample::new() else { return };
    let (program, marker) = trap(&sample);
    sample.write("a.txt", "1");
    let commit = sample.commit("start");
    let modules = format!(
        "[submodule \"../../x\"]\n\tpath = lib\n\turl = ext::{}\n\tupdate = !{0}\n\
         [submodule \"y\"]\n\tpath = y\n\turl = file:///etc\n",
        program.display()
    );
    sample.write(".gitmodules", &modules);
    sample.git(&["add", ".gitmodules"]);
    for path in ["lib", "y"] {
        let entry = format!("160000,{commit},{path}");
        sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
    }
    sample.git(&["commit", "--quiet", "-m", "submodules"]);
    let revision = sample.repository.revision(&name("HEAD")).expect("a revision");
    let checkout = sample.repository.checkout(&revision, &sample.store).expect("a checkout");
    for path in ["lib", "y"] {
        assert_eq!(fs::read_dir(checkout.tree.join(path)).expect("a folder").count(), 0);
    }
    assert_eq!(checkout.notes.len(), 2, "{:?}", checkout.notes);
    assert!(!marker.exists(), "the address of a submodule was run");
}

//! The corpus of kustomizations: `fixtures/kustomize/<case>` with what `kubectl kustomize` of
//! v1.35.2 printed (`expected.yaml`), or, where it fails, our own sentence (`expected-error`).

use bowline_manifest::kustomize::{FileTree, build};
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kustomize")
}

fn read(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(root, &path, files);
            continue;
        }
        let name = path.strip_prefix(root).expect("beneath the root").to_string_lossy();
        files.push((name.replace('\\', "/"), std::fs::read(&path).expect("a file")));
    }
}

fn tree(folder: &Path) -> FileTree {
    let mut files = Vec::new();
    read(folder, folder, &mut files);
    FileTree::new(files.into_iter().filter(|(name, _)| !name.starts_with("expected")))
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(corpus()).expect("the corpus is there");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    cases
}

/// What differs from the expectation of one case.
fn differs(case: &Path) -> Option<String> {
    let got = build(&tree(case), "");
    let expected = std::fs::read_to_string(case.join("expected.yaml")).ok();
    match (got, expected) {
        (Ok(got), Some(expected)) if got == expected => None,
        (Ok(got), Some(expected)) => Some(format!("expected:\n{expected}\ngot:\n{got}")),
        (Ok(got), None) => Some(format!("it must fail, and gives:\n{got}")),
        (Err(found), Some(_)) => Some(bowline_diag::plain(&found)),
        (Err(found), None) => {
            let got = bowline_diag::plain(&found);
            let path = case.join("expected-error");
            if std::env::var_os("BOWLINE_BLESS").is_some() {
                std::fs::write(&path, &got).expect("the expectation can be written");
            }
            let expected = std::fs::read_to_string(path).unwrap_or_default();
            (got != expected).then(|| format!("expected error:\n{expected}\ngot:\n{got}"))
        }
    }
}

#[test]
fn the_corpus_is_rendered_as_kubectl_renders_it() {
    let cases = cases();
    let mut failed = Vec::new();
    for case in &cases {
        if let Some(difference) = differs(case) {
            failed.push(format!("== {}\n{difference}", case.display()));
        }
    }
    println!("kustomize {}/{}", cases.len() - failed.len(), cases.len());
    assert!(cases.len() >= 150, "the corpus has {} cases", cases.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_remote_base_is_refused_by_name() {
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let text = "resources:\n- https://example.org/a//b?ref=v1\n";
    let found = build(&FileTree::new([file("kustomization.yaml", text)]), "").err();
    let shown = bowline_diag::plain(&found.expect("it is refused"));
    assert!(shown.contains("BOW0631") && shown.contains("kustomization.yaml:2:3"), "{shown}");
}

#[test]
fn files_above_the_kustomization_are_not_read() {
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    for path in ["../x.yaml", "/x.yaml", "a/../../x.yaml", "../../x.yaml"] {
        let tree = FileTree::new([
            file("o/kustomization.yaml", &format!("resources: [{path}]\n")),
            file("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
        ]);
        assert!(build(&tree, "o").is_err(), "{path}");
    }
}

/// Overlays made from the corpus: each rendering case as a base of another kustomization.
#[test]
fn overlays_over_the_corpus_equal_kubectl_where_it_is_there() {
    let Some(kubectl) = std::env::var_os("BOWLINE_KUBECTL") else {
        println!("kustomize-overlays skipped: BOWLINE_KUBECTL names no kubectl");
        return;
    };
    let (mut passed, mut total, mut failed) = (0, 0, Vec::new());
    for (at, case) in cases().iter().enumerate() {
        let folder = std::env::temp_dir().join(format!("bowline-k-{}-{at}", std::process::id()));
        let mut files = Vec::new();
        read(case, case, &mut files);
        let extra = [
            "namePrefix: over-\nnamespace: there\n",
            "commonLabels: {over: lay}\nnameSuffix: -z\n",
            "images: [{name: nginx, newTag: over}]\ncommonAnnotations: {over: lay}\n",
        ][at % 3];
        let overlay = format!("resources: [../base]\n{extra}");
        for (name, bytes) in &files {
            let path = folder.join("base").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, bytes).expect("written");
        }
        std::fs::create_dir_all(folder.join("top")).expect("made");
        std::fs::write(folder.join("top/kustomization.yaml"), overlay).expect("written");
        let output = std::process::Command::new(&kubectl)
            .arg("kustomize")
            .arg(folder.join("top"))
            .output()
            .expect("kubectl starts");
        let got = build(&tree(&folder), "top").ok();
        let expected = output.status.success().then(|| output.stdout.clone());
        total += 1;
        if got.as_deref().map(str::as_bytes) == expected.as_deref() {
            passed += 1;
        } else {
            failed.push(case.display().to_string());
        }
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    println!("kustomize-overlays {passed}/{total}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

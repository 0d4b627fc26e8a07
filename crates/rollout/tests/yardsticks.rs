//! Public Rollouts: each one is carried out or refused with a field's name, never misread.
//!
//! The data is read from `BOWLINE_YARDSTICKS`, else from `../shared/yardsticks` beside the
//! workspace. A missing folder is said loudly and does not pass as a score.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "tests read their own files")]

use bowline_rollout::spec::{read, read_fragment};
use bowline_yaml::{Limits, Schema, parse_documents};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Fewer documents than this mean that the yardstick is not whole.
const ROLLOUTS_MIN: usize = 28;
/// So many are carried out today; the number may only rise.
const CARRIED_OUT_MIN: usize = 4;

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("BOWLINE_YARDSTICKS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/yardsticks"),
        PathBuf::from,
    );
    let folder = root.join("rollouts");
    if !folder.is_dir() {
        println!("rollouts skipped: no yardsticks in {}", root.display());
        return None;
    }
    Some(folder)
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// Every Rollout of every file that is YAML; templates of charts are not.
fn rollouts(folder: &Path) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    yaml_files(folder, &mut files);
    let mut found = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a text");
        let name = path.strip_prefix(folder).expect("below").display().to_string();
        match parse_documents(&text, &Limits::manifests()) {
            Ok(documents) => {
                let values = documents.iter().map(|node| node.to_json(Schema::Yaml11));
                let ours = values.filter(|value| value["kind"] == "Rollout");
                found.extend(ours.map(|value| (name.clone(), value)));
            }
            Err(error) => {
                let is_template = text.contains("{{");
                assert!(is_template, "{name} is YAML and must be read: {error:?}");
                println!("no YAML      {name} is a template of a chart");
            }
        }
    }
    found
}

#[test]
fn every_public_rollout_is_carried_out_or_refused_with_a_fields_name() {
    let Some(folder) = folder() else { return };
    let documents = rollouts(&folder);
    let mut carried_out = 0;
    for (name, document) in &documents {
        match read(document) {
            Ok(spec) => {
                carried_out += 1;
                println!("carried out  {name} `{}`", spec.name);
            }
            Err(errors) => {
                assert!(!errors.is_empty(), "{name} is refused without a reason");
                for error in &errors {
                    let named = document.pointer(&error.pointer).is_some();
                    let missing = error.message.contains("missing");
                    assert!(named || missing, "{name}: {error} names a field of the document");
                    assert!(!error.help.is_empty(), "{name}: {error}");
                    assert!(error.message.chars().count() <= 100, "{name}: {error}");
                }
                println!("refused      {name}: {}", errors[0]);
            }
        }
        let fragment = read_fragment(document).is_ok();
        assert!(fragment || read(document).is_err(), "a whole one is a fragment too");
    }
    println!("rollouts {}/{}", documents.len(), documents.len());
    println!("rollouts-carried-out {carried_out}/{}", documents.len());
    assert!(documents.len() >= ROLLOUTS_MIN, "the yardstick is incomplete: {}", documents.len());
    assert!(carried_out >= CARRIED_OUT_MIN, "{carried_out} are carried out");
}

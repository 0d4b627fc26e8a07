//! Scores against public test data that nobody on this project wrote. The data is read from
//! `BOWLINE_YARDSTICKS`, else from `../shared/yardsticks` beside the workspace; it is never
//! part of this repository. A missing folder is said loudly and does not pass as a score.

use std::path::PathBuf;

#[path = "yardsticks/expressions.rs"]
mod expressions;
#[path = "yardsticks/reader.rs"]
mod reader;

/// The folder of the yardsticks, when there is one.
fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("BOWLINE_YARDSTICKS") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/yardsticks"),
    };
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("{name} skipped: no yardsticks in {}", root.display());
    None
}

#[test]
fn expressions_score_at_least_their_floor() {
    let Some(folder) = folder("expressions") else { return };
    let (passed, total, failures) = expressions::score(&folder);
    for failure in &failures {
        eprintln!("{failure}");
    }
    println!("expressions {passed}/{total}");
    assert!(passed >= 1020, "{passed} of {total}");
}

#[test]
fn the_workflow_reader_scores_at_least_its_floor() {
    let Some(folder) = folder("workflow-reader") else { return };
    let (passed, total, failures) = reader::score(&folder);
    for failure in &failures {
        eprintln!("{failure}");
    }
    println!("workflow-reader {passed}/{total}");
    assert!(passed >= 76, "{passed} of {total}");
}

//! Cases in `fixtures/`: files between `=== name` lines, then `=== expect` with what comes of
//! them: `Kind/name file:line` in order, or `error file:line:column message`.

use bowline_diag::Diagnostic;
use bowline_manifest::{File, read};
use std::{fmt::Write as _, fs, path::Path};

#[test]
fn fixtures_are_read_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue; // Kustomizations have a test of their own.
        }
        check(&path);
        count += 1;
    }
    assert!(count >= 7, "{count} fixtures");
}

fn check(path: &Path) {
    let text = fs::read_to_string(path).expect("a fixture");
    let mut files = Vec::new();
    let mut expected = None;
    for part in text.split("=== ").skip(1) {
        let (name, content) = part.split_once('\n').expect("a name and a content");
        match name {
            "expect" => expected = Some(content.trim_end().to_owned()),
            _ => files.push(File { path: name.to_owned(), text: content.to_owned() }),
        }
    }
    let found = match read(&files) {
        Ok(resources) => resources.iter().fold(String::new(), |mut text, resource| {
            let place = resource.place("/metadata/name");
            let _ = writeln!(text, "{} {}:{}", resource.title(), place.file, place.line);
            text
        }),
        Err(errors) => errors.iter().map(one_line).collect(),
    };
    let expected = expected.expect("an expectation");
    assert_eq!(found.trim_end(), expected, "{}", path.display());
}

fn one_line(error: &Diagnostic) -> String {
    let place = error
        .labels
        .first()
        .map_or(String::new(), |label| format!("{}:{}:{} ", label.file, label.line, label.column));
    format!("error {} {place}{}\n", error.code, error.message)
}

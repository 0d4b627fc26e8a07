//! File names say their concept; the words that hide one are refused.

use super::SourceFile;

const HIDING: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common", "manager"];

/// Findings of one file.
pub fn check(file: &SourceFile) -> Vec<String> {
    file.path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"))
        .filter(|part| HIDING.contains(part))
        .map(|part| format!("{}:1: `{part}` hides a concept: name the file by it", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, check};

    #[test]
    fn a_hiding_name_is_found() {
        let named = |path: &str| SourceFile { path: path.into(), text: String::new() };
        assert_eq!(check(&named("crates/a/src/utils.rs")).len(), 1);
        assert_eq!(check(&named("crates/a/src/common/mod.rs")).len(), 1);
        assert!(check(&named("crates/a/src/utilization.rs")).is_empty());
    }
}

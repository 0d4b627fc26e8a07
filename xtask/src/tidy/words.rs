//! One word everywhere: the table of `docs/words.md` names every crate with its verbs, the
//! prefix of its events and its page, and each of them exists.

use super::edges;
use std::path::Path;

/// Findings of the words table.
pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let path = "docs/words.md";
    let table = std::fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"))?;
    let page_exists = |page: &str| root.join("docs").join(page).is_file();
    Ok(findings(path, &table, &page_exists))
}

fn findings(path: &str, table: &str, page_exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    let rows: Vec<(usize, Vec<&str>)> = table
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("| `"))
        .map(|(index, line)| {
            (index + 1, line.trim_matches('|').split('|').map(str::trim).collect())
        })
        .collect();
    for name in edges::crates() {
        let word = format!("`{name}`");
        if !rows.iter().any(|(_, cells)| cells.first() == Some(&word.as_str())) {
            findings.push(format!("{path}:1: add a row for the crate `{name}`"));
        }
    }
    for (line, cells) in &rows {
        let [word, _verbs, _prefix, page] = cells.as_slice() else {
            findings.push(format!("{path}:{line}: a row has four cells"));
            continue;
        };
        let name = word.trim_matches('`');
        if !edges::crates().any(|known| known == name) {
            findings.push(format!("{path}:{line}: there is no crate `{name}`"));
        }
        let target = page.split_once("](").and_then(|(_, rest)| rest.strip_suffix(')'));
        match target {
            Some(target) if page_exists(target) => {}
            Some(target) => findings.push(format!("{path}:{line}: there is no page `{target}`")),
            None if *page == "–" => {}
            None => findings.push(format!("{path}:{line}: link the page, or write –")),
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{edges, findings};

    #[test]
    fn a_missing_row_and_a_missing_page_are_found() {
        let full: String =
            edges::crates().map(|name| format!("| `{name}` | – | – | – |\n")).collect();
        assert!(findings("w", &full, &|_| true).is_empty());
        let linked = full.replace("| `gate` | – | – | – |", "| `gate` | – | – | [gate](gate.md) |");
        assert_eq!(findings("w", &linked, &|_| false).len(), 1);
        let short = full.replace("| `gate` | – | – | – |\n", "");
        assert_eq!(findings("w", &short, &|_| true).len(), 1);
    }
}

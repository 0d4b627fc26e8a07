//! From rendered files to manifests and hooks, in the order in which they are applied.

use super::profile::Profile;
use super::read_yaml::{self, YamlError, fields, string};
use std::collections::BTreeMap;
use std::ops::Range;

/// What Helm reads of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`; empty where nothing but comments stands.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
}

/// One document of a rendered file.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The template, from the root chart's name on.
    pub path: String,
    /// The document without `---` and blanks around it.
    pub text: Vec<u8>,
    /// What it is.
    pub head: Head,
    /// The bytes of the rendered file that it is.
    pub range: Range<usize>,
}

impl Manifest {
    /// Whether Helm leaves it when the release goes.
    pub fn is_kept(&self) -> bool {
        let policy = self.head.annotations.get("helm.sh/resource-policy");
        policy.is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
    }
}

/// A manifest that is applied at a moment of a release, not with the others.
#[derive(Clone, Debug)]
pub struct Hook {
    /// What is applied.
    pub manifest: Manifest,
    /// When.
    pub events: Vec<&'static str>,
    /// Lower ones first.
    pub weight: i64,
    /// When it is deleted again.
    pub delete_policies: Vec<String>,
    /// When its log is shown.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether it is a test of the release.
    pub fn is_test(&self) -> bool {
        self.events.contains(&"test")
    }
}

const EVENTS: &[(&str, &str)] = &[
    ("pre-install", "pre-install"),
    ("post-install", "post-install"),
    ("pre-delete", "pre-delete"),
    ("post-delete", "post-delete"),
    ("pre-upgrade", "pre-upgrade"),
    ("post-upgrade", "post-upgrade"),
    ("pre-rollback", "pre-rollback"),
    ("post-rollback", "post-rollback"),
    ("test", "test"),
    ("test-success", "test"),
];

/// Everything that was rendered, by what it is.
#[derive(Debug, Default)]
pub struct Sorted {
    /// What is applied.
    pub manifests: Vec<Manifest>,
    /// What is applied at its moment.
    pub hooks: Vec<Hook>,
    /// Names of hooks that nobody knows, with their file.
    pub unknown_hooks: Vec<(String, String)>,
}

/// A document that is no YAML object.
#[derive(Debug)]
pub struct BadDocument {
    /// Its file.
    pub path: String,
    /// Why, with the line in the document.
    pub error: YamlError,
    /// Where it stands in the file.
    pub range: Range<usize>,
}

/// Sorts rendered files, which come in the order of their paths.
pub fn sort<'f>(
    files: impl Iterator<Item = (&'f str, &'f [u8])>,
    profile: &Profile,
) -> Result<Sorted, BadDocument> {
    let mut sorted = Sorted::default();
    for (path, content) in files {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with('_') || trim(content, 0..content.len()).is_empty() {
            continue;
        }
        for range in split(content) {
            let text = content[range.clone()].to_vec();
            let head = head(&text).map_err(|error| BadDocument {
                path: path.to_owned(),
                error,
                range: range.clone(),
            })?;
            sorted.take(Manifest { path: path.to_owned(), text, head, range });
        }
    }
    let rank = |kind: &str| {
        let known = profile.kinds.iter().position(|known| *known == kind);
        let unknown = if known.is_none() { kind.to_owned() } else { String::new() };
        (known.unwrap_or(usize::MAX), unknown)
    };
    sorted.manifests.sort_by_cached_key(|manifest| rank(&manifest.head.kind));
    sorted.hooks.sort_by_cached_key(|hook| rank(&hook.manifest.head.kind));
    Ok(sorted)
}

impl Sorted {
    fn take(&mut self, manifest: Manifest) {
        let annotations = &manifest.head.annotations;
        let Some(names) = annotations.get("helm.sh/hook").cloned() else {
            self.manifests.push(manifest);
            return;
        };
        let list = |key: &str| -> Vec<String> {
            let values = annotations.get(key).into_iter().flat_map(|text| text.split(','));
            values.map(|value| value.trim().to_lowercase()).collect()
        };
        let weight = annotations.get("helm.sh/hook-weight");
        let weight = weight.and_then(|text| text.parse().ok()).unwrap_or(0);
        let delete_policies = list("helm.sh/hook-delete-policy");
        let output_log_policies = list("helm.sh/hook-output-log-policy");
        let mut events = Vec::new();
        for name in names.split(',') {
            let name = name.trim().to_lowercase();
            let Some((_, event)) = EVENTS.iter().find(|(known, _)| *known == name) else {
                self.unknown_hooks.push((manifest.path, name));
                return;
            };
            events.push(*event);
        }
        self.hooks.push(Hook { manifest, events, weight, delete_policies, output_log_policies });
    }
}

/// What Go's `\s` takes.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// A range without the blanks at both ends, as `strings.TrimSpace` sees them.
pub fn trim(text: &[u8], range: Range<usize>) -> Range<usize> {
    let within = &text[range.clone()];
    let space = |byte: u8| is_blank(byte) || byte == 0x0b;
    let mut from = range.start;
    let mut to = range.end;
    // Blanks beyond ASCII are rare, so the text is only read as UTF-8 when it is needed.
    match std::str::from_utf8(within) {
        Ok(text) => {
            from += text.len() - text.trim_start().len();
            to = from + text.trim().len();
        }
        Err(_) => {
            while from < to && space(text[from]) {
                from += 1;
            }
            while to > from && space(text[to - 1]) {
                to -= 1;
            }
        }
    }
    from..to
}

/// The documents of a file: cut at `(?:^|\s*\n)---\s*`, blanks taken away.
pub fn split(text: &[u8]) -> Vec<Range<usize>> {
    let all = trim(text, 0..text.len());
    let mut documents = Vec::new();
    let mut from = all.start;
    let mut push = |from: usize, to: usize| {
        if from < to {
            documents.push(trim(text, from..to));
        }
    };
    let finder = memchr::memmem::Finder::new(b"---");
    let mut search = from;
    while let Some(found) = finder.find(&text[search..all.end]) {
        let dashes = search + found;
        let starts_line = dashes == all.start || (dashes > from && text[dashes - 1] == b'\n');
        if !starts_line {
            search = dashes + 1;
            continue;
        }
        let mut end = dashes;
        while end > from && is_blank(text[end - 1]) {
            end -= 1;
        }
        push(from, end);
        from = dashes + 3;
        while from < all.end && is_blank(text[from]) {
            from += 1;
        }
        search = from;
    }
    push(from, all.end);
    documents
}

/// Reads what Helm reads of a document.
pub fn head(text: &[u8]) -> Result<Head, YamlError> {
    let mut head = Head::default();
    let Some(node) = read_yaml::document(text)? else { return Ok(head) };
    let json = read_yaml::json(&node)?;
    let wrong = |node: &bowline_yaml::Node, what: &str| YamlError {
        message: format!("{what} is {}, not a mapping", node.kind()),
        line: node.span.line,
        column: node.span.column,
    };
    let is_null = |node: &bowline_yaml::Node| {
        read_yaml::meaning(node) == Some(bowline_yaml::go::Meaning::Null)
    };
    if json.is_null() {
        return Ok(head);
    }
    if node.as_mapping().is_none() {
        return Err(wrong(&node, "the document"));
    }
    let found = fields(&node)?;
    let text = |name: &str| found.get(name).map_or(Ok(String::new()), |node| string(node));
    head.api_version = text("apiVersion")?;
    head.kind = text("kind")?;
    let Some(metadata) = found.get("metadata").filter(|node| !is_null(node)) else {
        return Ok(head);
    };
    if metadata.as_mapping().is_none() {
        return Err(wrong(metadata, "`metadata`"));
    }
    let found = fields(metadata)?;
    head.name = found.get("name").map_or(Ok(String::new()), |node| string(node))?;
    let Some(annotations) = found.get("annotations").filter(|node| !is_null(node)) else {
        return Ok(head);
    };
    if annotations.as_mapping().is_none() {
        return Err(wrong(annotations, "`metadata.annotations`"));
    }
    for (key, value) in fields(annotations)? {
        head.annotations.insert(key, string(value)?);
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn documents_are_cut_as_helm_cuts_them() {
        for (text, expected) in [
            ("a: 1\n---\nb: 2\n", &["a: 1", "b: 2"][..]),
            ("---\na: 1\n---  # c\nb: 2", &["a: 1", "# c\nb: 2"]),
            ("---\n---\na: 1", &["---\na: 1"]),
            ("a: |\n  ---\n  b", &["a: |\n  ---\n  b"]),
            ("a: x---\nb: 1", &["a: x---\nb: 1"]),
            ("\n\n# only\n", &["# only"]),
        ] {
            let parts = split(text.as_bytes());
            let parts: Vec<_> = parts.into_iter().map(|range| &text[range]).collect();
            assert_eq!(parts, expected, "{text:?}");
        }
    }
}

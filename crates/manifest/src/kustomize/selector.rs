//! Which resources a target means: regular expressions and selectors of labels.

use super::fail::{Fail, Outcome};
use super::file_parts::Selector;
use super::id::ResId;
use super::resource::Resource;
use regex::Regex;
use std::collections::HashMap;

/// Resources by what they are and were called.
pub(crate) struct Index {
    pub(crate) by_id: HashMap<ResId, Vec<usize>>,
    pub(crate) by_name: HashMap<String, Vec<usize>>,
}

impl Index {
    pub(crate) fn of(resources: &[Resource]) -> Self {
        let mut index = Self { by_id: HashMap::new(), by_name: HashMap::new() };
        for (at, resource) in resources.iter().enumerate() {
            for id in resource.all_ids() {
                let places = index.by_name.entry(id.name.clone()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
                let places = index.by_id.entry(id).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        index
    }

    /// The places to look at for a name; all when it is not a plain one.
    pub(crate) fn candidates(&self, name: &str, count: usize) -> Vec<usize> {
        if name.is_empty() || !is_plain(name) {
            return (0..count).collect();
        }
        self.by_name.get(name).cloned().unwrap_or_default()
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

enum Pattern {
    Any,
    Plain(String),
    Regex(Regex),
}

impl Pattern {
    fn new(text: &str) -> Outcome<Self> {
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if is_plain(text) {
            return Ok(Self::Plain(text.to_owned()));
        }
        Regex::new(&format!("^(?:{text})$")).map(Self::Regex).map_err(|error| {
            Fail::new(format!("`{text}` is no regular expression")).note(error.to_string())
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Plain(wanted) => wanted == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The places of the resources that a patch's target means.
pub(crate) fn select(
    resources: &[Resource],
    index: &Index,
    selector: &Selector,
) -> Outcome<Vec<usize>> {
    let id = &selector.id;
    let (group, version) = (Pattern::new(&id.gvk.group)?, Pattern::new(&id.gvk.version)?);
    let (kind, name) = (Pattern::new(&id.gvk.kind)?, Pattern::new(&id.name)?);
    let namespace = Pattern::new(&id.namespace)?;
    let labels = parse(&selector.labels)?;
    let annotations = parse(&selector.annotations)?;
    let mut found = Vec::new();
    for at in index.candidates(&id.name, resources.len()) {
        let resource = &resources[at];
        if resource.deleted {
            continue;
        }
        let (old, new) = (resource.original_id(), resource.effective_id());
        let fits = (namespace.matches(&old.namespace) || namespace.matches(&new.namespace))
            && (name.matches(&old.name) || name.matches(&new.name))
            && group.matches(&new.gvk.group)
            && version.matches(&new.gvk.version)
            && kind.matches(&new.gvk.kind)
            && matches(&labels, resource, "labels")
            && matches(&annotations, resource, "annotations");
        if fits {
            found.push(at);
        }
    }
    Ok(found)
}

/// One demand on a set of labels.
pub(crate) struct Demand {
    key: String,
    test: Test,
}

enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

/// Whether labels or annotations meet all demands.
pub(crate) fn matches(demands: &[Demand], resource: &Resource, field: &str) -> bool {
    if demands.is_empty() {
        return true;
    }
    let texts: HashMap<String, String> = resource.texts(field).into_iter().collect();
    demands.iter().all(|demand| {
        let value = texts.get(&demand.key);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &demand.test {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Above(limit) => number().is_some_and(|number| number > *limit),
            Test::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    })
}

/// Reads a selector as Kubernetes does: `a=b, c!=d, e in (x, y), f notin (z), g, !h, i>1`.
pub(crate) fn parse(text: &str) -> Outcome<Vec<Demand>> {
    let mut demands = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    let mut parts = Vec::new();
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    if text.trim().is_empty() {
        return Ok(demands);
    }
    for part in parts {
        let wrong = || Fail::new(format!("`{part}` is no selector of labels"));
        demands.push(demand(part.trim()).ok_or_else(wrong)?);
    }
    Ok(demands)
}

fn demand(part: &str) -> Option<Demand> {
    let make = |key: &str, test: Test| {
        let key = key.trim();
        let good = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let fits = !key.is_empty() && key.chars().all(good);
        fits.then(|| Demand { key: key.to_owned(), test })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((head, list)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
        return match word {
            "in" => make(key, Test::In(values)),
            "notin" => make(key, Test::NotIn(values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return make(key, Test::NotIn(one(value)));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return make(key, Test::In(one(value)));
    }
    if let Some((key, value)) = part.split_once('>') {
        return make(key, Test::Above(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return make(key, Test::Below(value.trim().parse().ok()?));
    }
    match part.strip_prefix('!') {
        Some(key) => make(key, Test::Missing),
        None => make(part, Test::Exists),
    }
}

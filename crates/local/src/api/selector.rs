//! Label and field selectors.

use crate::api::{failure::Failure, kind::Kind};
use serde_json::Value;

/// Which objects of a kind a list or watch gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(&'static str, bool, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

/// The fields that may be selected by, with the kind that has them (empty: every kind).
const FIELDS: &[(&str, &str, &str)] = &[
    ("metadata.name", "", "/metadata/name"),
    ("metadata.namespace", "", "/metadata/namespace"),
    ("status.phase", "Pod", "/status/phase"),
    ("status.phase", "Namespace", "/status/phase"),
    ("involvedObject.uid", "Event", "/involvedObject/uid"),
    ("involvedObject.name", "Event", "/involvedObject/name"),
    ("involvedObject.namespace", "Event", "/involvedObject/namespace"),
    ("involvedObject.kind", "Event", "/involvedObject/kind"),
    ("reason", "Event", "/reason"),
    ("type", "Event", "/type"),
];

impl Selector {
    /// Reads `labelSelector` and `fieldSelector` for objects of `kind`.
    ///
    /// # Errors
    /// 400 for a malformed selector or a field that cannot be selected by.
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, Failure> {
        let labels = requirements(labels)?;
        let mut selected = Vec::new();
        for term in fields.split(',').map(str::trim).filter(|term| !term.is_empty()) {
            let (name, equal, value) = split_equality(term).ok_or_else(|| {
                Failure::bad_request(format!("`{term}` is no field selector: name=value"))
            })?;
            let row = FIELDS
                .iter()
                .find(|(field, of, _)| *field == name && (of.is_empty() || *of == kind.kind));
            let Some((_, _, pointer)) = row else {
                let message = format!("field label not supported for {}: {name}", kind.kind);
                return Err(Failure::bad_request(message));
            };
            selected.push((*pointer, equal, value.to_owned()));
        }
        Ok(Self { labels, fields: selected })
    }

    /// Reads a `matchLabels` / `matchExpressions` object (`spec.selector` of a ReplicaSet).
    /// `None` when an operator or shape is unknown.
    #[must_use]
    pub fn of_object(selector: &Value) -> Option<Self> {
        let mut labels = Vec::new();
        if let Some(map) = selector.get("matchLabels") {
            for (key, value) in map.as_object()? {
                let values = vec![value.as_str()?.to_owned()];
                labels.push(Requirement { key: key.clone(), test: Test::In(values) });
            }
        }
        if let Some(list) = selector.get("matchExpressions") {
            for item in list.as_array()? {
                let key = item.get("key")?.as_str()?.to_owned();
                let values = || -> Option<Vec<String>> {
                    let list = item.get("values")?.as_array()?;
                    list.iter().map(|v| v.as_str().map(str::to_owned)).collect()
                };
                let test = match item.get("operator")?.as_str()? {
                    "In" => Test::In(values()?),
                    "NotIn" => Test::NotIn(values()?),
                    "Exists" => Test::Exists,
                    "DoesNotExist" => Test::Absent,
                    _ => return None,
                };
                labels.push(Requirement { key, test });
            }
        }
        Some(Self { labels, fields: Vec::new() })
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether it takes `object`.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let fields = self.fields.iter().all(|(pointer, equal, wanted)| {
            let value = object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            (value == wanted) == *equal
        });
        fields && self.matches_labels(object.pointer("/metadata/labels"))
    }

    /// Whether it takes an object with these labels.
    #[must_use]
    pub fn matches_labels(&self, labels: Option<&Value>) -> bool {
        self.labels.iter().all(|requirement| {
            let value = labels.and_then(|l| l.get(&requirement.key)).and_then(Value::as_str);
            match (&requirement.test, value) {
                (Test::In(values), Some(value)) => values.iter().any(|v| v == value),
                (Test::NotIn(values), Some(value)) => values.iter().all(|v| v != value),
                (Test::Exists, Some(_)) | (Test::Absent | Test::NotIn(_), None) => true,
                (Test::Exists | Test::In(_), None) | (Test::Absent, Some(_)) => false,
            }
        })
    }
}

/// `a=b`, `a==b`, `a!=b`.
fn split_equality(term: &str) -> Option<(&str, bool, &str)> {
    if let Some((name, value)) = term.split_once("!=") {
        return Some((name.trim(), false, value.trim()));
    }
    let (name, value) = term.split_once('=')?;
    Some((name.trim(), true, value.trim_start_matches('=').trim()))
}

fn requirements(text: &str) -> Result<Vec<Requirement>, Failure> {
    let mut terms = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                terms.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms.into_iter().map(str::trim).filter(|term| !term.is_empty()).map(requirement).collect()
}

fn requirement(term: &str) -> Result<Requirement, Failure> {
    let malformed = || Failure::bad_request(format!("`{term}` is no label selector"));
    if let Some(open) = term.find('(') {
        let values = term[open + 1..].strip_suffix(')').ok_or_else(malformed)?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = term[..open].split_whitespace();
        let (Some(key), Some(operator), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        let test = match operator {
            "in" => Test::In(values),
            "notin" => Test::NotIn(values),
            _ => return Err(malformed()),
        };
        return Ok(Requirement { key: key.to_owned(), test });
    }
    if let Some((key, equal, value)) = split_equality(term) {
        let values = vec![value.to_owned()];
        let test = if equal { Test::In(values) } else { Test::NotIn(values) };
        return Ok(Requirement { key: key.to_owned(), test });
    }
    let (key, test) = match term.strip_prefix('!') {
        Some(key) => (key.trim(), Test::Absent),
        None => (term, Test::Exists),
    };
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err(malformed());
    }
    Ok(Requirement { key: key.to_owned(), test })
}

#[cfg(test)]
mod tests {
    use super::Selector;
    use crate::api::kind::by_name;
    use serde_json::json;

    #[test]
    fn a_selector_takes_the_objects_it_names() {
        let object = json!({
            "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "web", "v": "2"}},
            "status": {"phase": "Running"},
        });
        for (labels, fields, taken) in [
            ("", "", true),
            ("app=web", "", true),
            ("app==web,v!=1", "", true),
            ("app in (api, web),v", "", true),
            ("app notin (web)", "", false),
            ("!app", "", false),
            ("!other,missing!=x", "", true),
            ("other", "", false),
            ("", "metadata.name=a,status.phase!=Pending", true),
            ("app=web", "metadata.name=b", false),
        ] {
            let selector = Selector::parse(by_name("Pod"), labels, fields).expect(labels);
            assert_eq!(selector.matches(&object), taken, "{labels} {fields}");
        }
    }

    #[test]
    fn a_selector_that_cannot_be_honoured_is_refused() {
        for (labels, fields) in
            [("app in web", ""), ("app of (web)", ""), ("", "spec.nodeName=a"), ("", "x")]
        {
            let failure = Selector::parse(by_name("Pod"), labels, fields).expect_err("refused");
            assert_eq!(failure.code, 400, "{labels} {fields}");
        }
    }
}

//! Typed reading of Kustomize's own files, as Go's JSON decoder does it: unknown fields and
//! wrong types are errors, null means "not set", the last of two equal keys wins.

use super::fail::{Fail, Outcome};
use super::node::place;
use bowline_yaml::go::{Meaning, Version, resolve};
use bowline_yaml::{Limits, Node, Style, Yaml};
use std::collections::BTreeMap;

/// What is read from one file.
pub(crate) fn limits() -> Limits {
    Limits {
        bytes_max: crate::limits::OVERLAY_FILE_BYTES_MAX,
        nodes_max: crate::limits::OVERLAY_FILE_NODES_MAX,
        events_max: crate::limits::OVERLAY_FILE_NODES_MAX * 2,
        ..Limits::charts()
    }
}

/// One file of Kustomize's own, while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
}

impl<'a> Reader<'a> {
    pub(crate) fn fail(&self, node: &Node, message: impl Into<String>) -> Box<Fail> {
        Fail::new(message).at(self.file, place(node))
    }

    fn meaning(node: &Node) -> Option<Meaning> {
        let Yaml::Scalar(scalar) = &node.value else { return None };
        let tagged = node.tag.as_deref() == Some("tag:yaml.org,2002:str");
        Some(if scalar.style == Style::Plain && !tagged {
            match resolve(&scalar.text, Version::V2) {
                Meaning::Timestamp => Meaning::Text,
                other => other,
            }
        } else {
            Meaning::Text
        })
    }

    pub(crate) fn is_null(&self, node: &Node) -> bool {
        Self::meaning(node) == Some(Meaning::Null)
    }

    fn wrong(&self, node: &Node, wanted: &str) -> Box<Fail> {
        let found = match Self::meaning(node) {
            None => node.kind(),
            Some(Meaning::Bool(_)) => "a truth value",
            Some(Meaning::Text | Meaning::Timestamp) => "text",
            Some(Meaning::Null) => "nothing",
            Some(_) => "a number",
        };
        let fail = self.fail(node, format!("{wanted} is needed here, and this is {found}"));
        match (wanted, node.as_str()) {
            ("text", Some(text)) => fail.help(format!("write it in quotes: `\"{text}\"`")),
            _ => fail,
        }
    }

    pub(crate) fn text(&self, node: &Node) -> Outcome<String> {
        match Self::meaning(node) {
            Some(Meaning::Text) => Ok(node.as_str().unwrap_or_default().to_owned()),
            Some(Meaning::Null) => Ok(String::new()),
            _ => Err(self.wrong(node, "text")),
        }
    }

    pub(crate) fn flag(&self, node: &Node) -> Outcome<bool> {
        match Self::meaning(node) {
            Some(Meaning::Bool(value)) => Ok(value),
            Some(Meaning::Null) => Ok(false),
            _ => Err(self.wrong(node, "`true` or `false`")),
        }
    }

    pub(crate) fn integer(&self, node: &Node) -> Outcome<i64> {
        match Self::meaning(node) {
            Some(Meaning::Int(value)) => Ok(value),
            Some(Meaning::Null) => Ok(0),
            _ => Err(self.wrong(node, "a whole number")),
        }
    }

    pub(crate) fn list(&self, node: &'a Node) -> Outcome<&'a [Node]> {
        match node.as_sequence() {
            Some(items) => Ok(items),
            None if self.is_null(node) => Ok(&[]),
            None => Err(self.wrong(node, "a list")),
        }
    }

    pub(crate) fn texts(&self, node: &'a Node) -> Outcome<Vec<String>> {
        self.list(node)?.iter().map(|item| self.text(item)).collect()
    }

    pub(crate) fn text_map(&self, node: &'a Node) -> Outcome<BTreeMap<String, String>> {
        let mut map = BTreeMap::new();
        for (key, value) in self.entries(node)? {
            map.insert(Self::key(key), self.text(value)?);
        }
        Ok(map)
    }

    pub(crate) fn flag_map(&self, node: &'a Node) -> Outcome<BTreeMap<String, bool>> {
        let mut map = BTreeMap::new();
        for (key, value) in self.entries(node)? {
            map.insert(Self::key(key), self.flag(value)?);
        }
        Ok(map)
    }

    /// A key as JSON has it: `n` and `no` are YAML 1.1 truth values, and become `false`.
    fn key(node: &Node) -> String {
        match Self::meaning(node) {
            Some(Meaning::Bool(value)) => value.to_string(),
            Some(Meaning::Int(value)) => value.to_string(),
            Some(Meaning::Uint(value)) => value.to_string(),
            _ => node.as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The entries of a mapping, those that `<<` brings first.
    pub(crate) fn entries(&self, node: &'a Node) -> Outcome<Vec<(&'a Node, &'a Node)>> {
        let Some(entries) = node.as_mapping() else {
            if self.is_null(node) {
                return Ok(Vec::new());
            }
            return Err(self.wrong(node, "a mapping"));
        };
        let mut all = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if key.as_str() == Some("<<") {
                let sources = value.as_sequence().unwrap_or(std::slice::from_ref(value));
                for source in sources.iter().rev() {
                    all.splice(0..0, self.entries(source)?);
                }
            } else {
                all.push((key, value));
            }
        }
        Ok(all)
    }

    /// The entries with their names as `known` spells them; another name is an error.
    pub(crate) fn fields(
        &self,
        node: &'a Node,
        known: &'static [&'static str],
    ) -> Outcome<Vec<(&'static str, &'a Node)>> {
        let mut fields = Vec::new();
        for (key, value) in self.entries(node)? {
            let name = key.as_str().unwrap_or_default();
            let found = known
                .iter()
                .find(|known| **known == name)
                .or_else(|| known.iter().find(|known| known.eq_ignore_ascii_case(name)));
            match found {
                Some(found) => fields.push((*found, value)),
                None => {
                    let fail = self.fail(key, format!("`{name}` is no field of Kustomize here"));
                    let nearest = bowline_diag::nearest(name, known.iter().copied());
                    return Err(match nearest {
                        Some(nearest) => fail.help(format!("did you mean `{nearest}`?")),
                        None => fail,
                    });
                }
            }
        }
        Ok(fields)
    }
}

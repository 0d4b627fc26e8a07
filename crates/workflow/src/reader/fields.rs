//! Mappings with known keys.

use super::Reader;
use crate::codes;
use crate::schema::{Row, Table};
use bowline_diag::nearest;
use bowline_yaml::{Node, Resolved, Schema, Style, Yaml};

/// The known keys of a mapping that are there, with their rows.
pub(super) struct Fields<'n> {
    entries: Vec<(&'static Row, &'n Node, &'n Node)>,
    /// Known keys that unknown ones were taken for: "did you mean".
    meant: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The row and value of a key.
    pub(super) fn get(&self, key: &str) -> Option<(&'static Row, &'n Node)> {
        self.entries.iter().find(|(row, _, _)| row.key == key).map(|(row, _, node)| (*row, *node))
    }

    /// Whether an unknown key was reported as a slip of `key`.
    pub(super) fn is_slip_of(&self, key: &str) -> bool {
        self.meant.contains(&key)
    }

    /// The key's own node.
    pub(super) fn key(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(row, _, _)| row.key == key).map(|(_, node, _)| *node)
    }
}

impl Reader<'_> {
    /// The entries of `node` by `table`. Unknown and missing keys are reported.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        table: &'static Table,
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("{} is a mapping, and here stands {}", table.what, node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        };
        let (mut found, mut meant) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            let name = key.as_str().unwrap_or_default();
            match table.row(name) {
                Some(row) => found.push((row, key, value)),
                None => {
                    let known = table.rows.iter().map(|row| row.key);
                    meant.extend(self.unknown_key(key, table.what, known));
                }
            }
        }
        for row in table.rows.iter().filter(|row| row.required) {
            let there = found.iter().any(|(present, _, _)| present.key == row.key);
            if !there && !meant.contains(&row.key) {
                let message = format!("{} has no `{}`, which must be there", table.what, row.key);
                self.error(codes::MISSING_KEY, message, node.span, "");
            }
        }
        Some(Fields { entries: found, meant })
    }

    /// Reports a key that `what` does not have; the known one that was probably meant.
    pub(super) fn unknown_key(
        &mut self,
        key: &Node,
        what: &str,
        known: impl Iterator<Item = &'static str>,
    ) -> Option<&'static str> {
        let name = key.as_str().unwrap_or_default();
        let known: Vec<&'static str> = known.collect();
        let message = format!("{what} has no key `{name}`, so it would be ignored");
        let mut error = self.diagnostic(codes::UNKNOWN_KEY, message, key.span, "");
        let near = nearest(name, known.iter().copied());
        error = match near {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error.help("remove it"),
            None => error.help(format!("the keys are `{}`", known.join("`, `"))),
        };
        self.errors.push(error);
        near
    }

    /// Explicit tags must fit their values; a quoted scalar is text.
    pub(super) fn check_tags(&mut self, node: &Node) {
        let quoted = matches!(&node.value, Yaml::Scalar(scalar) if scalar.style != Style::Plain);
        let text_tag = matches!(node.tag.as_deref(), None | Some("!" | "tag:yaml.org,2002:str"));
        if !node.tag_fits(Schema::Core12) || (quoted && !text_tag) {
            let tag = node.tag.as_deref().unwrap_or_default();
            let short = tag.replace("tag:yaml.org,2002:", "!!");
            let message = format!("the value does not fit its tag `{short}`");
            self.error(codes::WRONG_VALUE, message, node.span, "");
        }
        match &node.value {
            Yaml::Scalar(_) => {}
            Yaml::Sequence(items) => items.iter().for_each(|item| self.check_tags(item)),
            Yaml::Mapping(entries) => {
                for (key, value) in entries {
                    self.check_tags(key);
                    self.check_tags(value);
                }
            }
        }
    }

    /// A boolean without expressions; anything else is reported.
    pub(super) fn plain_boolean(&mut self, node: &Node) -> Option<bool> {
        if let Some(Resolved::Bool(value)) = node.resolve(Schema::Core12) {
            return Some(value);
        }
        self.error(codes::WRONG_VALUE, "`true` or `false` is needed here", node.span, "");
        None
    }
}

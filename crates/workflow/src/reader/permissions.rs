//! `permissions`, `concurrency`, `defaults`.

use super::Reader;
use crate::codes;
use crate::schema::workflow::PERMISSIONS;
use crate::schema::{Row, Table};
use crate::tree::{Concurrency, Defaults, Grant, Permissions};
use bowline_diag::nearest;
use bowline_yaml::{Node, Schema};

impl Reader<'_> {
    pub(super) fn permissions(&mut self, node: &Node) -> Option<Permissions> {
        let span = node.span;
        let Some(entries) = node.as_mapping() else {
            let word = self.literal(node)?;
            let grant = match word.value.as_str() {
                "read-all" => Grant::ReadAll,
                "write-all" => Grant::WriteAll,
                other => {
                    let message = format!("`{other}` is not `read-all`, `write-all` or a mapping");
                    self.error(codes::WRONG_VALUE, message, span, "");
                    return None;
                }
            };
            return Some(Permissions { span, grant });
        };
        let mut granted = Vec::new();
        for (key, value) in entries {
            let name = key.as_str().unwrap_or_default();
            let Some((_, levels)) = PERMISSIONS.iter().find(|(scope, _)| *scope == name) else {
                self.unknown_key(key, "`permissions`", PERMISSIONS.iter().map(|row| row.0));
                continue;
            };
            let (Some(scope), Some(level)) = (self.word(key), self.literal(value)) else {
                continue;
            };
            if levels.contains(&level.value.as_str()) {
                granted.push((scope, level));
                continue;
            }
            let message = format!("`{}` is no level of `{name}`", level.value);
            let error = self.diagnostic(codes::WRONG_VALUE, message, value.span, "");
            let near = nearest(&level.value, levels.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the levels are `{}`", levels.join("`, `")),
            };
            self.errors.push(error.help(help));
        }
        Some(Permissions { span, grant: Grant::Map(granted) })
    }

    pub(super) fn concurrency(
        &mut self,
        row: &Row,
        node: &Node,
        table: &'static Table,
    ) -> Option<Concurrency> {
        let span = node.span;
        if node.as_mapping().is_none() {
            let group = self.text(row, node)?;
            return Some(Concurrency { span, group, cancel_in_progress: None, queue: None });
        }
        let fields = self.fields(node, table)?;
        let cancel_in_progress =
            fields.get("cancel-in-progress").and_then(|(row, node)| self.boolean(row, node));
        let queue = fields.get("queue").and_then(|(row, node)| self.text(row, node));
        if let Some(queue) = &queue
            && let Some(word) = queue.as_literal().map(|value| value.to_text())
            && word != "single"
            && word != "max"
        {
            let message = format!("`queue` is `single` or `max`, not `{word}`");
            self.error(codes::WRONG_VALUE, message, queue.span, "");
        }
        let group = fields.get("group").and_then(|(row, node)| self.text(row, node))?;
        Some(Concurrency { span, group, cancel_in_progress, queue })
    }

    pub(super) fn defaults(
        &mut self,
        node: &Node,
        table: &'static Table,
        run: &'static Table,
    ) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(fields) = self.fields(node, table) else { return defaults };
        let Some((_, node)) = fields.get("run") else { return defaults };
        if node.is_null(Schema::Core12) {
            return defaults;
        }
        let Some(fields) = self.fields(node, run) else { return defaults };
        defaults.shell = fields.get("shell").and_then(|(row, node)| self.text(row, node));
        defaults.working_directory =
            fields.get("working-directory").and_then(|(row, node)| self.text(row, node));
        defaults
    }
}

//! `strategy` and `runs-on`.

use super::Reader;
use crate::codes;
use crate::schema::Row;
use crate::schema::job as table;
use crate::template::{Key, Template, TemplateTree};
use crate::tree::{RunsOn, Strategy};
use bowline_yaml::{Node, Span};

impl Reader<'_> {
    pub(super) fn strategy(&mut self, row: &Row, node: &Node) -> Option<Strategy> {
        let span = node.span;
        let empty =
            Strategy { span, matrix: None, fail_fast: None, max_parallel: None, whole: None };
        if node.as_mapping().is_none() {
            let whole = Some(self.whole(row, node, "a mapping")?);
            return Some(Strategy { whole, ..empty });
        }
        let fields = self.fields(node, &table::STRATEGY)?;
        Some(Strategy {
            matrix: fields.get("matrix").and_then(|(row, node)| self.matrix(row, node)),
            fail_fast: fields.get("fail-fast").and_then(|(row, node)| self.boolean(row, node)),
            max_parallel: fields.get("max-parallel").and_then(|(row, node)| self.number(row, node)),
            ..empty
        })
    }

    fn matrix(&mut self, row: &Row, node: &Node) -> Option<TemplateTree> {
        if node.as_mapping().is_none() {
            return self.whole(row, node, "a mapping").map(TemplateTree::Scalar);
        }
        let before = self.errors.len();
        let tree = self.tree(row, node)?;
        let TemplateTree::Mapping(_, entries) = &tree else { return Some(tree) };
        if self.errors.len() > before {
            return Some(tree); // What is left out would look like an empty list.
        }
        if entries.is_empty() {
            self.error(
                codes::MATRIX,
                "the matrix is empty, so the job would not run",
                node.span,
                "",
            );
        }
        for (key, value) in entries {
            let Key::Name(name) = key else { continue };
            match value {
                // One expression may yield the list.
                TemplateTree::Scalar(template) if !template.expressions().is_empty() => {}
                TemplateTree::Sequence(span, items) => self.matrix_list(&name.value, *span, items),
                TemplateTree::Scalar(_) | TemplateTree::Mapping(..) => {
                    let message = format!("`{}` of a matrix takes a list", name.value);
                    self.error(codes::MATRIX, message, value.span(), "");
                }
            }
        }
        Some(tree)
    }

    fn matrix_list(&mut self, name: &str, span: Span, items: &[TemplateTree]) {
        let entries = matches!(name.to_lowercase().as_str(), "include" | "exclude");
        if items.is_empty() && !entries {
            let message = format!("`{name}` of the matrix is empty, so the job would not run");
            self.error(codes::MATRIX, message, span, "");
        }
        for item in items.iter().filter(|_| entries) {
            match item {
                TemplateTree::Mapping(_, keys) if !keys.is_empty() => {}
                TemplateTree::Scalar(template) if !template.expressions().is_empty() => {}
                TemplateTree::Scalar(_)
                | TemplateTree::Sequence(..)
                | TemplateTree::Mapping(..) => {
                    let message = format!("an item of `{name}` is a mapping of matrix keys");
                    self.error(codes::MATRIX, message, item.span(), "");
                }
            }
        }
    }

    pub(super) fn runs_on(&mut self, row: &Row, node: &Node) -> Option<RunsOn> {
        let span = node.span;
        if node.as_mapping().is_none() {
            let labels = self.labels(row, node);
            return Some(RunsOn { span, labels, group: None });
        }
        let fields = self.fields(node, &table::RUNS_ON)?;
        let group = fields.get("group").and_then(|(row, node)| self.text(row, node));
        if let Some(group) = &group {
            self.check_group(group);
        }
        let labels = match fields.get("labels") {
            Some((row, node)) => self.labels(row, node),
            None => Vec::new(),
        };
        Some(RunsOn { span, labels, group })
    }

    fn labels(&mut self, row: &Row, node: &Node) -> Vec<Template> {
        match node.as_sequence() {
            Some(items) => items.iter().filter_map(|item| self.text(row, item)).collect(),
            None => self.text(row, node).into_iter().collect(),
        }
    }

    /// `org/name` and `ent/name` are the only prefixes of a group.
    fn check_group(&mut self, group: &Template) {
        let Some(name) = group.as_literal().map(|value| value.to_text()) else { return };
        let Some((prefix, rest)) = name.split_once('/') else { return };
        let known = matches!(prefix, "org" | "organization" | "ent" | "enterprise");
        if !known || rest.is_empty() || rest.contains('/') {
            let message =
                format!("`{name}` is no runner group: use `organization/` or `enterprise/`");
            self.error(codes::WRONG_VALUE, message, group.span, "");
        }
    }
}

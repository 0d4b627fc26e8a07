//! `container`, `services`, `environment`, `snapshot`: checked whole, kept as trees.

use super::Reader;
use crate::codes;
use crate::schema::job as table;
use crate::schema::{Row, Table};
use crate::template::TemplateTree;
use crate::tree::Spanned;
use bowline_yaml::{Node, Schema};

type Kept = Option<Spanned<TemplateTree>>;

impl Reader<'_> {
    pub(super) fn container(&mut self, row: &Row, node: &Node) -> Kept {
        self.image_mapping(row, node, &table::CONTAINER)
    }

    pub(super) fn services(&mut self, row: &Row, node: &Node) -> Kept {
        let Some(entries) = node.as_mapping() else {
            let whole = self.whole(row, node, "a mapping of services")?;
            return Some(Spanned::new(TemplateTree::Scalar(whole), node.span));
        };
        for (key, value) in entries {
            self.word(key);
            self.image_mapping(row, value, &table::SERVICE);
        }
        self.kept(row, node)
    }

    /// An image's name, or a mapping with `image`.
    fn image_mapping(&mut self, row: &Row, node: &Node, keys: &'static Table) -> Kept {
        if node.as_mapping().is_none() {
            let image = self.string(row, node)?;
            return Some(Spanned::new(TemplateTree::Scalar(image), node.span));
        }
        let fields = self.fields(node, keys)?;
        match fields.get("image") {
            Some((row, image)) => {
                self.text(row, image);
            }
            None => {
                let message = format!("{} needs an `image`", keys.what);
                self.error(codes::MISSING_KEY, message, node.span, "");
            }
        }
        for key in ["options", "entrypoint", "command"] {
            if let Some((row, node)) = fields.get(key) {
                self.string(row, node);
            }
        }
        if let Some((row, node)) = fields.get("env") {
            self.map(row, node);
        }
        for key in ["ports", "volumes"] {
            let Some((row, node)) = fields.get(key) else { continue };
            match node.as_sequence() {
                Some(items) => items.iter().for_each(|item| drop(self.text(row, item))),
                None => drop(self.whole(row, node, "a list")),
            }
        }
        if let Some((_, node)) = fields.get("credentials")
            && let Some(fields) = self.fields(node, &table::CREDENTIAL_KEYS)
        {
            for key in ["username", "password"] {
                if let Some((row, node)) = fields.get(key) {
                    self.text(row, node);
                }
            }
        }
        let row = Row { expression: CREDENTIALS_AND_ENV, ..crate::schema::key("container") };
        self.kept(&row, node)
    }

    pub(super) fn environment(&mut self, row: &Row, node: &Node) -> Kept {
        if node.as_mapping().is_none() {
            let name = self.string(row, node)?;
            return Some(Spanned::new(TemplateTree::Scalar(name), node.span));
        }
        let fields = self.fields(node, &table::ENVIRONMENT)?;
        for key in ["name", "url"] {
            if let Some((row, node)) = fields.get(key) {
                self.string(row, node);
            }
        }
        if let Some((row, node)) = fields.get("deployment") {
            self.boolean(row, node);
        }
        let row = Row { expression: EVERYTHING, ..crate::schema::key("environment") };
        self.kept(&row, node)
    }

    pub(super) fn snapshot(&mut self, row: &Row, node: &Node) -> Kept {
        if node.as_mapping().is_none() {
            let name = self.text(row, node)?;
            return Some(Spanned::new(TemplateTree::Scalar(name), node.span));
        }
        let fields = self.fields(node, &table::SNAPSHOT)?;
        for key in ["image-name", "version"] {
            if let Some((row, node)) = fields.get(key) {
                self.text(row, node);
            }
        }
        if let Some(found) = fields.get("if") {
            self.condition(Some(found));
        }
        let row = Row { expression: EVERYTHING, ..crate::schema::key("snapshot") };
        self.kept(&row, node)
    }

    /// The tree of a node whose parts were checked before: nothing is reported twice.
    fn kept(&mut self, row: &Row, node: &Node) -> Kept {
        let before = self.errors.len();
        let row = Row { expression: EVERYTHING, required: row.required, key: row.key };
        let tree = self.tree(&row, node);
        self.errors.truncate(before);
        if node.is_null(Schema::Core12) {
            return None;
        }
        tree.map(|tree| Spanned::new(tree, node.span))
    }
}

const EVERYTHING: crate::schema::Usable = crate::schema::Usable {
    contexts: &[
        "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets",
        "steps", "inputs",
    ],
    functions: &["always", "cancelled", "success", "failure"],
};
const CREDENTIALS_AND_ENV: crate::schema::Usable = EVERYTHING;

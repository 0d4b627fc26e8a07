//! One object of a manifest, with the place of each of its values.

use bowline_diag::Diagnostic;
use bowline_yaml::Node;
use serde_json::Value;
use std::sync::Arc;

/// Where a value stands. Lines and columns count from 1, columns and lengths in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path as it was given in.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In characters.
    pub length: usize,
}

/// One object. `value` is what is applied; it changes only through [`crate::set_image`] or the
/// caller, while places always speak of the file as it was read.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `apps/v1`, `argoproj.io/v1alpha1`, `v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `metadata.namespace`; `None` where the file names none.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The whole object.
    pub value: Value,
    /// The file's path as it was given in.
    pub file: String,
    /// The text of the file, for diagnostics.
    pub(crate) text: Arc<str>,
    /// The object as it was read.
    pub(crate) node: Node,
}

impl Resource {
    /// The API group: what stands before the `/` of the API version, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `Rollout/shop` or `Rollout/prod/shop`: for people.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind, self.name),
            None => format!("{}/{}", self.kind, self.name),
        }
    }

    /// The place of the value at a JSON pointer (RFC 6901). Where the file has nothing there,
    /// the place of the nearest thing around it.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        self.nearest(pointer, |node, _| node.clone())
    }

    /// The place of the *key* at a JSON pointer, for what is said about a field's name.
    #[must_use]
    pub fn key_place(&self, pointer: &str) -> Place {
        self.nearest(pointer, |node, key| match key {
            Some(key) => key.clone(),
            None => node.clone(),
        })
    }

    /// An error about the value at `pointer`, labelled with `text` and with the file's lines.
    #[must_use]
    pub fn error(
        &self,
        code: &str,
        pointer: &str,
        message: impl Into<String>,
        text: impl Into<String>,
    ) -> Diagnostic {
        let place = self.place(pointer);
        Diagnostic::error(code, message)
            .at(place.file, place.line, place.column, place.length, text)
            .source(self.file.clone(), std::sync::Arc::clone(&self.text))
    }

    fn nearest(&self, pointer: &str, choose: impl Fn(&Node, Option<&Node>) -> Node) -> Place {
        let mut path = pointer;
        let node = loop {
            if let Some(node) = self.node.pointer(path) {
                let (parent, last) = path.rsplit_once('/').unwrap_or(("", ""));
                let name = last.replace("~1", "/").replace("~0", "~");
                let key = self.node.pointer(parent).and_then(|parent| parent.key(&name));
                break choose(node, key.filter(|_| !path.is_empty()));
            }
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        };
        Place {
            file: self.file.clone(),
            line: node.span.line,
            column: node.span.column,
            length: node.span.length,
        }
    }
}

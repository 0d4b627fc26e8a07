//! The tree: values with their places.

use crate::{Resolved, Schema};
use std::fmt;

/// Where a node begins. Lines and columns count from 1, columns and lengths in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In characters; of a node over several lines, what belongs to it on the first line.
    pub length: usize,
}

/// `line:column`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes: the schema decides what it is.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// A scalar before any schema has been asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text with quotes and escapes taken away.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// A single value.
    Scalar(Scalar),
    /// A list, in order.
    Sequence(Vec<Node>),
    /// Keys and values, in the order of the file. Keys are unique unless
    /// [`crate::Limits::duplicate_keys`] lets them stand twice.
    Mapping(Vec<(Node, Node)>),
}

/// A value with its place. An alias is replaced by a copy of its anchor's node, which keeps
/// the places of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// An explicit tag, resolved: `tag:yaml.org,2002:str`, `!Custom`.
    pub tag: Option<String>,
    /// The name of an anchor on this node.
    pub anchor: Option<String>,
    /// What it holds.
    pub value: Yaml,
}

impl Node {
    /// The meaning of a scalar under `schema`; `None` for a list or mapping. A tag that does
    /// not fit the text is ignored here; [`Node::tag_fits`] tells.
    #[must_use]
    pub fn resolve(&self, schema: Schema) -> Option<Resolved<'_>> {
        match &self.value {
            Yaml::Scalar(scalar) => {
                Some(crate::resolve::scalar(&scalar.text, scalar.style, self.tag(), schema))
            }
            Yaml::Sequence(_) | Yaml::Mapping(_) => None,
        }
    }

    /// Whether an explicit core tag (`!!int`, `!!bool` …) fits the text it stands at.
    #[must_use]
    pub fn tag_fits(&self, schema: Schema) -> bool {
        match &self.value {
            Yaml::Scalar(scalar) => crate::resolve::tag_fits(&scalar.text, self.tag(), schema),
            Yaml::Sequence(_) => {
                matches!(self.tag(), None | Some("tag:yaml.org,2002:seq" | "!"))
            }
            Yaml::Mapping(_) => {
                matches!(self.tag(), None | Some("tag:yaml.org,2002:map" | "!"))
            }
        }
    }

    fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The value of `key`, compared exactly; of several the last one. `None` also when this is no
    /// mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().rfind(|(k, _)| k.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The key's own node (for its place).
    #[must_use]
    pub fn key(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.as_str() == Some(key)).map(|(k, _)| k)
    }

    /// The text of a scalar, whatever the schema makes of it.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Yaml::Scalar(scalar) => Some(&scalar.text),
            Yaml::Sequence(_) | Yaml::Mapping(_) => None,
        }
    }

    /// The items of a list; `None` when this is none.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Yaml::Sequence(items) => Some(items),
            Yaml::Scalar(_) | Yaml::Mapping(_) => None,
        }
    }

    /// The entries of a mapping; `None` when this is none.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Yaml::Mapping(entries) => Some(entries),
            Yaml::Scalar(_) | Yaml::Sequence(_) => None,
        }
    }

    fn entries(&self) -> &[(Node, Node)] {
        self.as_mapping().unwrap_or_default()
    }

    /// Whether this is a null under `schema`.
    #[must_use]
    pub fn is_null(&self, schema: Schema) -> bool {
        self.resolve(schema) == Some(Resolved::Null)
    }

    /// The node at a JSON pointer (RFC 6901): `/spec/template/0`.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut node = self;
        for part in pointer.strip_prefix('/')?.split('/') {
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match &node.value {
                Yaml::Mapping(_) => node.get(&part)?,
                Yaml::Sequence(items) => items.get(part.parse::<usize>().ok()?)?,
                Yaml::Scalar(_) => return None,
            };
        }
        Some(node)
    }

    /// This node and everything below it, counted.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Yaml::Scalar(_) => 0,
            Yaml::Sequence(items) => items.iter().map(Node::count).sum(),
            Yaml::Mapping(entries) => entries.iter().map(|(k, v)| k.count() + v.count()).sum(),
        }
    }

    /// What it is, for messages: `a mapping`, `a list`, `a scalar`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Yaml::Scalar(_) => "a scalar",
            Yaml::Sequence(_) => "a list",
            Yaml::Mapping(_) => "a mapping",
        }
    }
}

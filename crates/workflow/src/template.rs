//! Scalars that may hold `${{ }}`, and lists and mappings of them.

use crate::expr::{EvaluationError, Expression, Object, Scope, Value};
use crate::tree::Spanned;
use bowline_yaml::Span;
use std::sync::Arc;

/// A scalar: a literal, one expression, or text with expressions in it.
#[derive(Clone, Debug)]
pub struct Template {
    /// Where the scalar stands.
    pub span: Span,
    /// What it holds.
    pub content: Content,
}

/// What a template holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// No expression: the value as YAML types it.
    Literal(Value),
    /// The whole scalar is one `${{ }}`: its value keeps its type.
    Expression(Expression),
    /// Text and expressions: always a string.
    Parts(Vec<Part>),
}

/// A piece of a template that is text and expressions.
#[derive(Clone, Debug)]
pub enum Part {
    /// Taken as it is.
    Text(String),
    /// Its value as text.
    Expression(Expression),
}

impl Template {
    /// A literal string, for tests and defaults.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        let content = Content::Literal(Value::String(text.into()));
        Self { span: Span { line: 1, column: 1, length: 1 }, content }
    }

    /// The value, when there is no expression in it.
    #[must_use]
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.content {
            Content::Literal(value) => Some(value),
            Content::Expression(_) | Content::Parts(_) => None,
        }
    }

    /// The value; one expression keeps its type, text with expressions is a string.
    ///
    /// # Errors
    /// What an expression fails with, at its place.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        match &self.content {
            Content::Literal(value) => Ok(value.clone()),
            Content::Expression(expression) => expression.evaluate(scope),
            Content::Parts(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(piece) => text.push_str(piece),
                        Part::Expression(expression) => {
                            text.push_str(&expression.evaluate(scope)?.to_text());
                        }
                    }
                }
                Ok(Value::String(text.into()))
            }
        }
    }

    /// The value as text.
    ///
    /// # Errors
    /// What an expression fails with, at its place.
    pub fn render(&self, scope: &dyn Scope) -> Result<String, EvaluationError> {
        Ok(self.evaluate(scope)?.to_text())
    }

    /// The expressions in it, in order.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expression> {
        match &self.content {
            Content::Literal(_) => Vec::new(),
            Content::Expression(expression) => vec![expression],
            Content::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Text(_) => None,
                    Part::Expression(expression) => Some(expression),
                })
                .collect(),
        }
    }
}

/// The key of an entry.
#[derive(Clone, Debug)]
pub enum Key {
    /// A name.
    Name(Spanned<String>),
    /// A name with `${{ }}` in it.
    Template(Template),
    /// `${{ insert }}`: the value is a mapping whose entries are put here.
    Insert(Span),
}

/// A mapping of names to scalars: `env`, `with`, `outputs`, `secrets`.
#[derive(Clone, Debug, Default)]
pub struct TemplateMap {
    /// Where it stands; line 0 when the key is absent.
    pub span: Span,
    /// The entries in the order of the file.
    pub entries: Vec<(Key, Template)>,
    /// The whole mapping as one expression, instead of entries.
    pub whole: Option<Template>,
}

impl TemplateMap {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.whole.is_none()
    }

    /// The template under a plain name, compared without case as inputs are.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Template> {
        self.named().find(|(key, _)| key.value.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The entries whose key is a plain name.
    pub fn named(&self) -> impl Iterator<Item = (&Spanned<String>, &Template)> {
        self.entries.iter().filter_map(|(key, value)| match key {
            Key::Name(name) => Some((name, value)),
            Key::Template(_) | Key::Insert(_) => None,
        })
    }

    /// Every entry's value, in order. A key that comes twice (through `insert`) keeps the
    /// first place and the last value.
    ///
    /// # Errors
    /// What an expression fails with, or that the mapping is none.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Vec<(String, Value)>, EvaluationError> {
        let mut object = Object::default();
        if let Some(whole) = &self.whole {
            insert(&mut object, &whole.evaluate(scope)?, whole.span)?;
        }
        for (key, value) in &self.entries {
            match key {
                Key::Name(name) => object.insert(name.value.clone(), value.evaluate(scope)?),
                Key::Template(name) => {
                    object.insert(name.render(scope)?, value.evaluate(scope)?);
                }
                Key::Insert(span) => insert(&mut object, &value.evaluate(scope)?, *span)?,
            }
        }
        Ok(object.into_entries())
    }

    /// Every entry's value as text, in order.
    ///
    /// # Errors
    /// As [`TemplateMap::evaluate`].
    pub fn render(&self, scope: &dyn Scope) -> Result<Vec<(String, String)>, EvaluationError> {
        let entries = self.evaluate(scope)?.into_iter();
        Ok(entries.map(|(key, value)| (key, value.to_text())).collect())
    }
}

fn insert(into: &mut Object, value: &Value, span: Span) -> Result<(), EvaluationError> {
    match value {
        Value::Null => Ok(()),
        Value::Object(object) => {
            for (key, value) in object.entries() {
                into.insert(key.to_owned(), value.clone());
            }
            Ok(())
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            let message = format!("a mapping is needed here, and the value is {}", value.kind());
            Err(EvaluationError::at(message, span))
        }
    }
}

/// Any YAML with templates in it: a matrix, a container.
#[derive(Clone, Debug)]
pub enum TemplateTree {
    /// A scalar.
    Scalar(Template),
    /// A list and where it stands.
    Sequence(Span, Vec<TemplateTree>),
    /// A mapping and where it stands.
    Mapping(Span, Vec<(Key, TemplateTree)>),
}

impl TemplateTree {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Scalar(template) => template.span,
            Self::Sequence(span, _) | Self::Mapping(span, _) => *span,
        }
    }

    /// The value under a plain name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&TemplateTree> {
        let Self::Mapping(_, entries) = self else { return None };
        entries.iter().find_map(|(key, value)| match key {
            Key::Name(key) if key.value.eq_ignore_ascii_case(name) => Some(value),
            Key::Name(_) | Key::Template(_) | Key::Insert(_) => None,
        })
    }

    /// The value with every expression evaluated.
    ///
    /// # Errors
    /// What an expression fails with, or that an inserted mapping is none.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        match self {
            Self::Scalar(template) => template.evaluate(scope),
            Self::Sequence(_, items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|i| i.evaluate(scope)).collect();
                Ok(Value::Array(Arc::new(items?)))
            }
            Self::Mapping(_, entries) => {
                let mut object = Object::default();
                for (key, value) in entries {
                    let value = value.evaluate(scope)?;
                    match key {
                        Key::Name(name) => object.insert(name.value.clone(), value),
                        Key::Template(name) => object.insert(name.render(scope)?, value),
                        Key::Insert(span) => insert(&mut object, &value, *span)?,
                    }
                }
                Ok(Value::Object(Arc::new(object)))
            }
        }
    }
}

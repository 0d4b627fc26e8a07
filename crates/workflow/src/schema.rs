//! What may stand where: our own definition of GitHub's workflow syntax, as tables.
//!
//! A row is a key with the contexts and functions that its `${{ }}` may use. New syntax is a
//! new row; what is not in a row is an error at its place.

pub(crate) mod event;
pub(crate) mod job;
pub(crate) mod step;
pub(crate) mod workflow;

/// Context names in lower case.
pub(crate) type Names = &'static [&'static str];

/// A mapping: its name for messages, and its keys.
#[derive(Debug)]
pub(crate) struct Table {
    /// `a job`, `a step`.
    pub(crate) what: &'static str,
    /// Its keys.
    pub(crate) rows: &'static [Row],
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Row {
    /// As it is written.
    pub(crate) key: &'static str,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// What `${{ }}` in the value may use.
    pub(crate) expression: Usable,
}

/// What an expression may use at a place. Without contexts no expression may stand there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usable {
    /// Contexts.
    pub(crate) contexts: Names,
    /// Functions beyond those that every place has.
    pub(crate) functions: Names,
}

/// No expression at all.
pub(crate) const NOTHING: Usable = Usable { contexts: &[], functions: &[] };

/// A key without expressions.
pub(crate) const fn key(key: &'static str) -> Row {
    Row { key, required: false, expression: NOTHING }
}

/// A key without expressions that must be there.
pub(crate) const fn required(key: &'static str) -> Row {
    Row { key, required: true, expression: NOTHING }
}

/// A key whose value may hold expressions.
pub(crate) const fn with(key: &'static str, expression: Usable) -> Row {
    Row { key, required: false, expression }
}

/// A key whose value may hold expressions and that must be there.
pub(crate) const fn required_with(key: &'static str, expression: Usable) -> Row {
    Row { key, required: true, expression }
}

/// Contexts only.
pub(crate) const fn contexts(contexts: Names) -> Usable {
    Usable { contexts, functions: &[] }
}

impl Table {
    /// The row of a key.
    pub(crate) fn row(&self, key: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.key == key)
    }
}

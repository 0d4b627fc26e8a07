//! Words of a Dockerfile: quotes, escapes, and the expansion of variables.
//!
//! `$x ${x} ${x:-y} ${x-y} ${x:+y} ${x+y} ${x:?y} ${x?y} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/a/b}
//! ${x//a/b}`, as BuildKit expands them (its public rows are the test).

mod expand;
mod pattern;

use expand::Expansion;
use std::collections::BTreeMap;

/// The variables that are visible where a word stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    values: BTreeMap<String, String>,
}

impl Scope {
    /// The value of `name`; `None` when it is not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Sets `name`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// All names, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// All variables by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What becomes of quotes and escape characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// Taken away after they did their work.
    Removed,
    /// They work and are kept in the text, escape characters too.
    Kept,
    /// They stand for themselves and quote nothing: the body of a heredoc.
    Plain,
}

/// What becomes of variables that are not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// Nothing stands in their place.
    Empty,
    /// They stay as they were written.
    Kept,
}

/// A word that cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WordError(pub String);

/// How words are expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// `\`, or a backtick after `# escape=`.
    pub escape: char,
    /// What becomes of quotes.
    pub quotes: Quotes,
    /// What becomes of variables that are not set.
    pub unset: Unset,
}

impl Words {
    /// As instructions expand their words.
    #[must_use]
    pub fn new(escape: char) -> Self {
        Self { escape, quotes: Quotes::Removed, unset: Unset::Empty }
    }

    /// `text` as one word: blanks in it and in values are kept.
    ///
    /// # Errors
    /// An open quote or brace, an unknown modifier, a required variable that is not set.
    pub fn expand(&self, text: &str, scope: &Scope) -> Result<String, WordError> {
        Ok(Expansion::new(*self, text, scope).run()?.0)
    }

    /// `text` split at blanks that stand outside quotes, also those that a value brings.
    ///
    /// # Errors
    /// As [`Words::expand`].
    pub fn split(&self, text: &str, scope: &Scope) -> Result<Vec<String>, WordError> {
        Ok(Expansion::new(*self, text, scope).run()?.1)
    }
}

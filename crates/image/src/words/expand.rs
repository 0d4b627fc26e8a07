//! The expansion itself: one pass over the characters, substitutions inside one another by
//! recursion.

use super::{Quotes, Scope, Unset, WordError, Words, pattern};
use crate::limits::{SUBSTITUTION_DEPTH_MAX, WORD_BYTES_MAX};

/// The text so far, as a whole and split into words.
#[derive(Default)]
struct Output {
    text: String,
    words: Vec<String>,
    word: String,
    open: bool,
}

impl Output {
    /// A character as it stands: never a separator.
    fn raw(&mut self, c: char) {
        self.text.push(c);
        self.word.push(c);
        self.open = true;
    }

    /// Something quoted: a word even when it is empty inside, but an empty word is dropped.
    fn quoted(&mut self, text: &str) {
        self.text.push_str(text);
        self.word.push_str(text);
        self.open = true;
    }

    /// A character outside quotes: a blank ends the word.
    fn plain(&mut self, c: char) {
        self.text.push(c);
        self.split_at(c);
    }

    /// The value of a variable outside quotes.
    fn value(&mut self, value: &str) {
        self.text.push_str(value);
        value.chars().for_each(|c| self.split_at(c));
    }

    fn split_at(&mut self, c: char) {
        if !c.is_whitespace() {
            self.word.push(c);
            self.open = true;
        } else if self.open && !self.word.is_empty() {
            self.end_word();
        }
    }

    fn end_word(&mut self) {
        self.words.push(std::mem::take(&mut self.word));
        self.open = false;
    }

    fn finish(mut self) -> (String, Vec<String>) {
        if !self.word.is_empty() {
            self.end_word();
        }
        (self.text, self.words)
    }
}

pub(super) struct Expansion<'a> {
    words: Words,
    scope: &'a Scope,
    chars: Vec<char>,
    at: usize,
    depth: usize,
    produced: usize,
    /// Escapes are kept: inside a pattern they belong to the pattern.
    raw_escapes: bool,
}

fn error<T>(message: impl Into<String>) -> Result<T, WordError> {
    Err(WordError(message.into()))
}

const NO_BRACE: &str = "a substitution is never closed: `}` is missing";

impl<'a> Expansion<'a> {
    pub(super) fn new(words: Words, text: &str, scope: &'a Scope) -> Self {
        let raw_escapes = words.quotes == Quotes::Kept;
        let chars = text.chars().collect();
        Self { words, scope, chars, at: 0, depth: 0, produced: 0, raw_escapes }
    }

    pub(super) fn run(mut self) -> Result<(String, Vec<String>), WordError> {
        self.until(None)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// Up to `stop` (which is taken too) or the end.
    fn until(&mut self, stop: Option<char>) -> Result<(String, Vec<String>), WordError> {
        let mut output = Output::default();
        let quotes = self.words.quotes != Quotes::Plain;
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.at += 1;
                return Ok(output.finish());
            }
            match c {
                '\'' if quotes => output.quoted(&self.single_quoted()?),
                '"' if quotes => output.quoted(&self.double_quoted()?),
                '$' => {
                    let value = self.dollar()?;
                    output.value(&value);
                }
                c if c == self.words.escape => {
                    self.at += 1;
                    if self.raw_escapes {
                        output.raw(c);
                    }
                    let Some(escaped) = self.next() else { break };
                    output.raw(escaped);
                }
                c => {
                    self.at += 1;
                    output.plain(c);
                }
            }
        }
        match stop {
            Some('}') => error(NO_BRACE),
            Some(stop) => error(format!("a substitution is never closed: `{stop}` is missing")),
            None => Ok(output.finish()),
        }
    }

    /// Everything between single quotes stands as it is.
    fn single_quoted(&mut self) -> Result<String, WordError> {
        let mut text = String::new();
        let keep = self.words.quotes == Quotes::Kept;
        self.at += 1;
        if keep {
            text.push('\'');
        }
        loop {
            match self.next() {
                None => return error("a single quote is never closed"),
                Some('\'') => break,
                Some(c) => text.push(c),
            }
        }
        if keep {
            text.push('\'');
        }
        Ok(text)
    }

    /// Between double quotes variables are expanded; the escape character stands for itself
    /// except before `"`, `$` and another escape character.
    fn double_quoted(&mut self) -> Result<String, WordError> {
        let mut text = String::new();
        let keep = self.words.quotes == Quotes::Kept;
        self.at += 1;
        if keep {
            text.push('"');
        }
        loop {
            match self.peek() {
                None => return error("a double quote is never closed"),
                Some('"') => break,
                Some('$') => text.push_str(&self.dollar()?),
                Some(c) if c == self.words.escape => {
                    self.at += 1;
                    if self.raw_escapes {
                        text.push(c);
                    }
                    match self.peek() {
                        // Dropped here; the missing quote is the next thing that is seen.
                        None => {}
                        Some(next) if next == '"' || next == '$' || next == c => {
                            self.at += 1;
                            text.push(next);
                        }
                        Some(_) => text.push(c),
                    }
                }
                Some(c) => {
                    self.at += 1;
                    text.push(c);
                }
            }
        }
        self.at += 1;
        if keep {
            text.push('"');
        }
        Ok(text)
    }

    fn dollar(&mut self) -> Result<String, WordError> {
        self.at += 1;
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return match self.scope.get(&name) {
                Some(value) => self.counted(value.to_owned()),
                None if self.words.unset == Unset::Kept => Ok(format!("${name}")),
                None => Ok(String::new()),
            };
        }
        self.at += 1;
        self.depth += 1;
        if self.depth > SUBSTITUTION_DEPTH_MAX {
            return error(format!("more than {SUBSTITUTION_DEPTH_MAX} substitutions are nested"));
        }
        let value = self.braced()?;
        self.depth -= 1;
        self.counted(value)
    }

    /// A word that doubles itself with each ENV line stops here.
    fn counted(&mut self, value: String) -> Result<String, WordError> {
        self.produced += value.len();
        if self.produced > WORD_BYTES_MAX {
            return error(format!("a word grows beyond {WORD_BYTES_MAX} bytes"));
        }
        Ok(value)
    }

    /// After `${`.
    fn braced(&mut self) -> Result<String, WordError> {
        match self.peek() {
            None => return error(NO_BRACE),
            Some('{' | '}' | ':') => return error("a substitution has no name"),
            Some(_) => {}
        }
        let name = self.name();
        let Some(mut modifier) = self.next() else { return error(NO_BRACE) };
        let value = self.scope.get(&name).map(str::to_owned);
        if modifier == '}' {
            return Ok(match value {
                None if self.words.unset == Unset::Kept => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            });
        }
        if modifier == '/' {
            return self.replaced(&name, value);
        }
        let colon = modifier == ':';
        if colon {
            let Some(next) = self.next() else { return error(NO_BRACE) };
            modifier = next;
        }
        let sign = if colon { ":" } else { "" };
        if !matches!(modifier, '-' | '+' | '?') && (colon || !matches!(modifier, '#' | '%')) {
            return error(format!("`${{{name}{sign}{modifier}` is no substitution that is known"));
        }
        let word = self.operand('}', matches!(modifier, '#' | '%'))?;
        if value.is_none() && self.words.unset == Unset::Kept {
            return Ok(format!("${{{name}{sign}{modifier}{word}}}"));
        }
        let set = value.filter(|value| !(colon && value.is_empty()));
        match modifier {
            '-' => Ok(set.unwrap_or(word)),
            '+' => Ok(set.map_or_else(String::new, |_| word)),
            '?' => set.ok_or_else(|| required(&name, &word, colon)),
            _ => self.trimmed(&set.unwrap_or_default(), &word, modifier),
        }
    }

    fn operand(&mut self, stop: char, raw_escapes: bool) -> Result<String, WordError> {
        let before = self.raw_escapes;
        self.raw_escapes |= raw_escapes;
        let word = self.until(Some(stop));
        self.raw_escapes = before;
        Ok(word?.0)
    }

    fn trimmed(&self, value: &str, word: &str, modifier: char) -> Result<String, WordError> {
        let longest = word.starts_with(modifier);
        let word = if longest { &word[1..] } else { word };
        let pattern = pattern::Pattern::parse(word)?;
        Ok(if modifier == '#' {
            pattern.without_prefix(value, longest)
        } else {
            pattern.without_suffix(value, longest)
        })
    }

    /// After `${name/`.
    fn replaced(&mut self, name: &str, value: Option<String>) -> Result<String, WordError> {
        let all = self.peek() == Some('/');
        if all {
            self.at += 1;
        }
        let word = self.operand('/', true)?;
        let replacement = self.operand('}', true)?;
        let Some(value) = value else {
            let twice = if all { "//" } else { "/" };
            return Ok(match self.words.unset {
                Unset::Kept => format!("${{{name}{twice}{word}/{replacement}}}"),
                Unset::Empty => String::new(),
            });
        };
        Ok(pattern::Pattern::parse(&word)?.replace(&value, &replacement, all))
    }

    /// A name, one of the special parameters, or digits; empty when there is none.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.peek() {
            Some(c) if c.is_numeric() => {
                while let Some(c) = self.peek().filter(|c| c.is_numeric()) {
                    self.at += 1;
                    name.push(c);
                }
                return name;
            }
            Some(c @ ('@' | '*' | '#' | '?' | '-' | '$' | '!')) => {
                self.at += 1;
                return c.to_string();
            }
            Some(_) | None => {}
        }
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || *c == '_') {
            self.at += 1;
            name.push(c);
        }
        name
    }
}

fn required(name: &str, word: &str, colon: bool) -> WordError {
    let state = if colon { "empty or not set" } else { "not set" };
    WordError(match word {
        "" => format!("`{name}` is {state}, but it is required"),
        said => format!("`{name}` is {state}: {said}"),
    })
}

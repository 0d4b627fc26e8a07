//! What follows the keyword, in the shape that each instruction has.

use super::{Instruction, Line, SyntaxError, Word, flags};
use crate::limits::NESTING_MAX;

/// A name with a value, as ENV and LABEL have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name as it was written.
    pub name: Word,
    /// The value, quotes and escapes still in it.
    pub value: Word,
    /// `name=value`; otherwise the old form `name the rest`.
    pub assigned: bool,
}

/// The arguments of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// None at all.
    Empty,
    /// Exec form: a JSON array of strings.
    Json(Vec<String>),
    /// The rest of the line as one text.
    Text(Word),
    /// Words between blanks.
    Words(Vec<Word>),
    /// Names with values.
    Pairs(Vec<Pair>),
    /// HEALTHCHECK: the type (`CMD`, `NONE`) and what follows it.
    Health(Word, Box<Arguments>),
    /// ONBUILD: an instruction inside.
    Instruction(Box<Instruction>),
}

/// Reads the instruction of `line`. An unknown keyword is kept with its text.
pub(super) fn instruction(
    line: Line,
    escape: char,
    nesting: usize,
) -> Result<Instruction, SyntaxError> {
    let text = line.text.clone();
    let text = text.trim_end();
    let start = text.len() - text.trim_start().len();
    let length = text[start..].find(is_blank).unwrap_or(text.len() - start);
    let keyword = text[start..start + length].to_ascii_uppercase();
    let after = start + length;
    let (flags, skipped) = flags::take(&text[after..], after);
    let rest = text[after + skipped..].trim_start();
    let rest = Word { text: rest.to_owned(), offset: text.len() - rest.len() };
    let arguments = match keyword.as_str() {
        "ADD" | "COPY" | "VOLUME" => match json(&rest, &line)? {
            Some(items) => items,
            None => blank_separated(&rest),
        },
        "CMD" | "ENTRYPOINT" | "RUN" | "SHELL" => command(&rest, &line)?,
        "ENV" => pairs(&keyword, &rest, &line, escape)?,
        "LABEL" => pairs(&keyword, &rest, &line, escape)?,
        "ARG" => words_or_empty(quoted_words(&rest, escape)),
        "EXPOSE" | "FROM" => blank_separated(&rest),
        "HEALTHCHECK" => health(&rest, &line)?,
        "ONBUILD" => inner(&rest, &line, escape, nesting)?,
        _ => text_or_empty(rest),
    };
    Ok(Instruction { keyword, line, flags, arguments, heredocs: Vec::new() })
}

/// What separates a keyword or plain words; a line end cannot be in a logical line.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{b}' | '\u{c}' | '\r')
}

fn text_or_empty(rest: Word) -> Arguments {
    if rest.text.is_empty() { Arguments::Empty } else { Arguments::Text(rest) }
}

fn words_or_empty(words: Vec<Word>) -> Arguments {
    if words.is_empty() { Arguments::Empty } else { Arguments::Words(words) }
}

fn blank_separated(rest: &Word) -> Arguments {
    let mut words = Vec::new();
    let mut at = 0;
    for part in rest.text.split(is_blank) {
        if !part.is_empty() {
            words.push(Word { text: part.to_owned(), offset: rest.offset + at });
        }
        at += part.len() + 1;
    }
    words_or_empty(words)
}

/// Exec form if it is a JSON array of strings, else shell form.
fn command(rest: &Word, line: &Line) -> Result<Arguments, SyntaxError> {
    if rest.text.is_empty() {
        return Ok(Arguments::Empty);
    }
    Ok(json(rest, line)?.unwrap_or_else(|| Arguments::Text(rest.clone())))
}

/// `None` when it is no JSON array: then every builder reads it as plain text.
fn json(rest: &Word, line: &Line) -> Result<Option<Arguments>, SyntaxError> {
    if !rest.text.starts_with('[') {
        return Ok(None);
    }
    let Ok(items) = serde_json::from_str::<Vec<serde_json::Value>>(&rest.text) else {
        return Ok(None);
    };
    let mut strings = Vec::with_capacity(items.len());
    for item in items {
        match item {
            serde_json::Value::String(text) => strings.push(text),
            other => {
                let message = format!("an exec form holds strings only, but `{other}` is none");
                return Err(SyntaxError::new(message, line.place(rest.offset)));
            }
        }
    }
    Ok(Some(Arguments::Json(strings)))
}

fn health(rest: &Word, line: &Line) -> Result<Arguments, SyntaxError> {
    let length = rest.text.find(char::is_whitespace).unwrap_or(rest.text.len());
    if length == 0 {
        return Ok(Arguments::Empty);
    }
    let kind = Word { text: rest.text[..length].to_owned(), offset: rest.offset };
    let command_text = rest.text[length..].trim_start();
    let offset = rest.offset + rest.text.len() - command_text.len();
    let command = command(&Word { text: command_text.to_owned(), offset }, line)?;
    Ok(Arguments::Health(kind, Box::new(command)))
}

fn inner(rest: &Word, line: &Line, escape: char, nesting: usize) -> Result<Arguments, SyntaxError> {
    if rest.text.is_empty() {
        return Ok(Arguments::Empty);
    }
    if nesting + 1 >= NESTING_MAX {
        let message = "an ONBUILD may not hold another one";
        return Err(SyntaxError::new(message, line.place(rest.offset)));
    }
    let inner = instruction(line.rest(rest.offset), escape, nesting + 1)?;
    Ok(Arguments::Instruction(Box::new(inner)))
}

/// `a=1 b="2 3"`, or the old form `a the rest of the line`: the first word decides.
fn pairs(keyword: &str, rest: &Word, line: &Line, escape: char) -> Result<Arguments, SyntaxError> {
    let words = quoted_words(rest, escape);
    let Some(first) = words.first() else { return Ok(Arguments::Empty) };
    if !first.text.contains('=') {
        let length = rest.text.find(is_blank).unwrap_or(rest.text.len());
        let value = rest.text[length..].trim_start_matches(is_blank);
        if value.is_empty() {
            let message = format!("{keyword} needs a name and a value, but there is one word");
            return Err(SyntaxError::new(message, line.place(rest.offset)));
        }
        let name = Word { text: rest.text[..length].to_owned(), offset: rest.offset };
        let offset = rest.offset + rest.text.len() - value.len();
        let value = Word { text: value.to_owned(), offset };
        return Ok(Arguments::Pairs(vec![Pair { name, value, assigned: false }]));
    }
    let mut pairs = Vec::new();
    for word in words {
        let Some((name, value)) = word.text.split_once('=') else {
            let text = &word.text;
            let message = format!("`{text}` has no `=`: {keyword} takes name=value");
            return Err(SyntaxError::new(message, line.place(word.offset)));
        };
        let value = Word { text: value.to_owned(), offset: word.offset + name.len() + 1 };
        let name = Word { text: name.to_owned(), offset: word.offset };
        pairs.push(Pair { name, value, assigned: true });
    }
    Ok(Arguments::Pairs(pairs))
}

/// Words between blanks, where quotes and the escape character hold blanks together. Both are
/// kept in the words. Inside single quotes nothing is escaped.
fn quoted_words(rest: &Word, escape: char) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut chars = rest.text.char_indices();
    while let Some((index, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
            continue;
        }
        let start = || Word { text: String::new(), offset: rest.offset + index };
        let current = word.get_or_insert_with(start);
        if c == escape && quote != Some('\'') {
            // An escape character at the very end is dropped.
            if let Some((_, next)) = chars.next() {
                current.text.push(c);
                current.text.push(next);
            }
            continue;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(_) | None => {}
        }
        current.text.push(c);
    }
    words.extend(word.filter(|word| !word.text.is_empty()));
    words
}

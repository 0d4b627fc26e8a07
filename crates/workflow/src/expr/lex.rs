//! Text to tokens.

use super::error::{ParseError, ParseReason};
use super::number;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// As it was written.
    pub(crate) text: String,
    /// From 1, in characters.
    pub(crate) position: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    OpenGroup,
    CloseGroup,
    OpenIndex,
    CloseIndex,
    Separator,
    Dot,
    Star,
    Operator(&'static str),
    Number(f64),
    String(String),
    /// A name: literal words, contexts, functions, properties.
    Word,
}

/// Takes `source` apart. What cannot be a token ends the list and is given beside it, because
/// a grammatical error before it is named first.
pub(crate) fn tokens(source: &str) -> (Vec<Token>, Option<ParseError>) {
    let characters: Vec<char> = source.chars().collect();
    let mut lexer = Lexer { characters: &characters, at: 0, tokens: Vec::new() };
    loop {
        match lexer.step() {
            Ok(true) => {}
            Ok(false) => return (lexer.tokens, None),
            Err(error) => return (lexer.tokens, Some(error)),
        }
    }
}

struct Lexer<'s> {
    characters: &'s [char],
    at: usize,
    tokens: Vec<Token>,
}

const TWO: [&str; 6] = ["!=", ">=", "<=", "==", "&&", "||"];
const ONE: [(char, &str); 3] = [('!', "!"), ('>', ">"), ('<', "<")];

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn step(&mut self) -> Result<bool, ParseError> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let Some(c) = self.peek(0) else { return Ok(false) };
        match c {
            '(' => self.push(TokenKind::OpenGroup, 1),
            ')' => self.push(TokenKind::CloseGroup, 1),
            '[' => self.push(TokenKind::OpenIndex, 1),
            ']' => self.push(TokenKind::CloseIndex, 1),
            ',' => self.push(TokenKind::Separator, 1),
            '*' => self.push(TokenKind::Star, 1),
            '\'' => self.string()?,
            '!' | '>' | '<' | '=' | '&' | '|' => self.operator()?,
            '.' if self.begins_value() => self.number()?,
            '.' => self.push(TokenKind::Dot, 1),
            '-' | '+' | '0'..='9' => self.number()?,
            _ => self.word()?,
        }
        Ok(true)
    }

    /// Whether a value may begin here, so that a dot belongs to a number.
    fn begins_value(&self) -> bool {
        self.tokens.last().is_none_or(|token| {
            matches!(
                token.kind,
                TokenKind::Separator
                    | TokenKind::OpenGroup
                    | TokenKind::OpenIndex
                    | TokenKind::Operator(_)
            )
        })
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let text = self.characters[self.at..self.at + length].iter().collect();
        self.tokens.push(Token { kind, text, position: self.at + 1 });
        self.at += length;
    }

    fn no_token(&self, length: usize) -> ParseError {
        let text = self.characters[self.at..self.at + length].iter().collect();
        ParseError { reason: ParseReason::NoToken(text), position: self.at + 1 }
    }

    /// The number of characters until something that ends a word; dots do not end a number.
    fn run(&self, dots_too: bool) -> usize {
        let ends = |c: char| is_boundary(c) && !(dots_too && c == '.');
        let rest = &self.characters[self.at + 1..];
        1 + rest.iter().position(|c| ends(*c)).unwrap_or(rest.len())
    }

    fn string(&mut self) -> Result<(), ParseError> {
        let mut text = String::new();
        let mut ahead = 1;
        loop {
            match (self.peek(ahead), self.peek(ahead + 1)) {
                (None, _) => return Err(self.no_token(self.characters.len() - self.at)),
                (Some('\''), Some('\'')) => {
                    text.push('\'');
                    ahead += 2;
                }
                (Some('\''), _) => break,
                (Some(c), _) => {
                    text.push(c);
                    ahead += 1;
                }
            }
        }
        self.push(TokenKind::String(text), ahead + 1);
        Ok(())
    }

    fn operator(&mut self) -> Result<(), ParseError> {
        let pair: String = self.characters[self.at..].iter().take(2).collect();
        if let Some(operator) = TWO.iter().find(|operator| **operator == pair) {
            self.push(TokenKind::Operator(operator), 2);
            return Ok(());
        }
        match ONE.iter().find(|(c, _)| Some(*c) == self.peek(0)) {
            Some((_, operator)) => {
                self.push(TokenKind::Operator(operator), 1);
                Ok(())
            }
            None => Err(self.no_token(self.run(false))),
        }
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let length = self.run(true);
        let text: String = self.characters[self.at..self.at + length].iter().collect();
        let value = number::parse(&text);
        if value.is_nan() {
            return Err(self.no_token(length));
        }
        self.push(TokenKind::Number(value), length);
        Ok(())
    }

    fn word(&mut self) -> Result<(), ParseError> {
        let length = self.run(false);
        let letters = &self.characters[self.at..self.at + length];
        let legal = (letters[0].is_ascii_alphabetic() || letters[0] == '_')
            && letters.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if !legal {
            return Err(self.no_token(length));
        }
        self.push(TokenKind::Word, length);
        Ok(())
    }
}

fn is_boundary(c: char) -> bool {
    c.is_whitespace() || "([)],.!><=&|".contains(c)
}

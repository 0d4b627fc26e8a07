//! Text to tokens, by Go's rules: what is trimmed, what ends a word, which sentence says why not.

use super::ast::as_u32;
use super::quote;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Keyword(Word),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

const WORDS: &[(&[u8], Word)] = &[
    (b"block", Word::Block),
    (b"break", Word::Break),
    (b"continue", Word::Continue),
    (b"define", Word::Define),
    (b"else", Word::Else),
    (b"end", Word::End),
    (b"if", Word::If),
    (b"nil", Word::Nil),
    (b"range", Word::Range),
    (b"template", Word::Template),
    (b"with", Word::With),
];

/// A token: its bytes and the line on which it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub token: Token,
    pub from: u32,
    pub to: u32,
    pub line: u32,
}

pub(super) struct Lexer<'t> {
    text: &'t [u8],
    pos: usize,
    start: usize,
    line: u32,
    start_line: u32,
    parens: usize,
    inside: bool,
    ended: bool,
    /// The sentence of an error token.
    pub message: String,
    pub break_is_word: bool,
    pub continue_is_word: bool,
}

const SPACES: &[u8] = b" \t\r\n";

fn is_space(byte: u8) -> bool {
    SPACES.contains(&byte)
}

/// Letters, digits and the underscore, of all scripts.
pub(super) fn is_word_char(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || char == '_';
    }
    quote::is_letter(char) || quote::is_digit(char)
}

fn trims_left(text: &[u8]) -> bool {
    text.len() >= 2 && text[0] == b'-' && is_space(text[1])
}

fn trims_right(text: &[u8]) -> bool {
    text.len() >= 2 && is_space(text[0]) && text[1] == b'-'
}

fn newlines(text: &[u8]) -> u32 {
    as_u32(memchr::memchr_iter(b'\n', text).count())
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            parens: 0,
            inside: false,
            ended: false,
            message: String::new(),
            break_is_word: true,
            continue_is_word: true,
        }
    }

    pub fn next_item(&mut self) -> Item {
        if self.ended {
            // After an error Go's lexer has an empty input.
            return Item { token: Token::Eof, from: 0, to: 0, line: self.start_line };
        }
        if self.inside { self.inside_action() } else { self.text() }
    }

    fn item(&mut self, token: Token) -> Item {
        let item =
            Item { token, from: as_u32(self.start), to: as_u32(self.pos), line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    /// Skips what is between the start of the token and here, counting its lines.
    fn ignore(&mut self) {
        self.line += newlines(&self.text[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Item {
        self.message = message.into();
        self.ended = true;
        Item {
            token: Token::Error,
            from: as_u32(self.start),
            to: as_u32(self.pos),
            line: self.start_line,
        }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        let rest = self.rest();
        match rest.first() {
            None => None,
            Some(&byte) if byte < 0x80 => Some(byte as char),
            Some(_) => Some(quote::decode(rest).0),
        }
    }

    fn next(&mut self) -> Option<char> {
        let rest = self.rest();
        let (char, width) = match rest.first() {
            None => return None,
            Some(&byte) if byte < 0x80 => (byte as char, 1),
            Some(_) => {
                let (char, width) = quote::decode(rest);
                (char, width)
            }
        };
        self.pos += width;
        if char == '\n' {
            self.line += 1;
        }
        Some(char)
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.pos += usize::from(found);
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn text(&mut self) -> Item {
        loop {
            let Some(found) = find_left(self.rest()) else {
                self.pos = self.text.len();
                if self.pos > self.start {
                    self.line += newlines(&self.text[self.start..self.pos]);
                    return self.item(Token::Text);
                }
                return self.item(Token::Eof);
            };
            if found > 0 {
                self.pos += found;
                let text = &self.text[self.start..self.pos];
                let kept = if trims_left(&self.text[self.pos + 2..]) {
                    text.len() - text.iter().rev().take_while(|byte| is_space(**byte)).count()
                } else {
                    text.len()
                };
                let end = self.pos;
                self.pos = self.start + kept;
                self.line += newlines(&self.text[self.start..self.pos]);
                let item = self.item(Token::Text);
                self.pos = end;
                self.ignore();
                if kept > 0 {
                    return item;
                }
            }
            // A comment is no token: what follows it is text again.
            if let Some(item) = self.left_delimiter() {
                return item;
            }
        }
    }

    fn left_delimiter(&mut self) -> Option<Item> {
        self.pos += 2;
        let marker = if trims_left(self.rest()) { 2 } else { 0 };
        if self.text[self.pos + marker..].starts_with(b"/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        let item = self.item(Token::LeftDelimiter);
        self.inside = true;
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        Some(item)
    }

    fn comment(&mut self) -> Option<Item> {
        self.pos += 2;
        let Some(length) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.error("unclosed comment"));
        };
        self.pos += length + 2;
        let Some(trims) = self.at_right_delimiter() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.pos += if trims { 4 } else { 2 };
        if trims {
            self.pos += self.rest().iter().take_while(|byte| is_space(**byte)).count();
        }
        self.ignore();
        None
    }

    /// `Some(true)`: with a trim marker.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if trims_right(rest) && rest[2..].starts_with(b"}}") {
            return Some(true);
        }
        rest.starts_with(b"}}").then_some(false)
    }

    fn right_delimiter(&mut self) -> Item {
        let trims = self.at_right_delimiter() == Some(true);
        if trims {
            self.pos += 2;
            self.ignore();
        }
        self.pos += 2;
        let item = self.item(Token::RightDelimiter);
        if trims {
            self.pos += self.rest().iter().take_while(|byte| is_space(**byte)).count();
            self.ignore();
        }
        self.inside = false;
        item
    }

    fn inside_action(&mut self) -> Item {
        if self.at_right_delimiter().is_some() {
            if self.parens == 0 {
                return self.right_delimiter();
            }
            return self.error("unclosed left paren");
        }
        let before = (self.pos, self.line);
        let Some(char) = self.next() else { return self.error("unclosed action") };
        match char {
            ' ' | '\t' | '\r' | '\n' => {
                (self.pos, self.line) = before;
                self.space()
            }
            '=' => self.item(Token::Assign),
            ':' => {
                if self.next() == Some('=') {
                    return self.item(Token::Declare);
                }
                self.error("expected :=")
            }
            '|' => self.item(Token::Pipe),
            '"' => self.quoted('"', Token::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Token::CharConstant, "unterminated character constant"),
            '`' => self.raw_quoted(),
            '$' => self.dotted(Token::Variable),
            '.' if !self.rest().first().is_none_or(u8::is_ascii_digit) => self.dotted(Token::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = before.0;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.item(Token::LeftParen)
            }
            ')' if self.parens == 0 => self.error("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.item(Token::RightParen)
            }
            char if is_word_char(char) => {
                self.pos = before.0;
                self.identifier()
            }
            ' '..='~' => self.item(Token::Char),
            char => {
                let message = format!("unrecognized character in action: {}", code_point(char));
                self.error(message)
            }
        }
    }

    fn space(&mut self) -> Item {
        let mut count = 0;
        while self.peek().is_some_and(|char| char.is_ascii() && is_space(char as u8)) {
            self.next();
            count += 1;
        }
        // The last space may belong to a trim marker.
        let back = &self.text[self.pos - 1..];
        if trims_right(back) && back[2..].starts_with(b"}}") {
            self.pos -= 1;
            if self.text[self.pos] == b'\n' {
                self.line -= 1;
            }
            if count == 1 {
                return self.right_delimiter();
            }
        }
        self.item(Token::Space)
    }

    fn bad_character(&mut self) -> Item {
        let shown = self.peek().map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), code_point);
        self.error(format!("bad character {shown}"))
    }

    fn identifier(&mut self) -> Item {
        while self.peek().is_some_and(is_word_char) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = &self.text[self.start..self.pos];
        if word == b"true" || word == b"false" {
            return self.item(Token::Bool);
        }
        match WORDS.iter().find(|(text, _)| *text == word) {
            Some((_, Word::Break)) if !self.break_is_word => self.item(Token::Identifier),
            Some((_, Word::Continue)) if !self.continue_is_word => self.item(Token::Identifier),
            Some((_, word)) => self.item(Token::Keyword(*word)),
            None => self.item(Token::Identifier),
        }
    }

    /// After the `.` of a field or the `$` of a variable.
    fn dotted(&mut self, token: Token) -> Item {
        if self.at_terminator() {
            return self.item(if token == Token::Field { Token::Dot } else { token });
        }
        while self.peek().is_some_and(is_word_char) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.item(token)
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(b"}}"),
        }
    }

    fn quoted(&mut self, end: char, token: Token, unterminated: &str) -> Item {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(char) if char == end => return self.item(token),
                Some(_) => {}
            }
        }
    }

    fn raw_quoted(&mut self) -> Item {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string"),
                Some('`') => return self.item(Token::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Item {
        let good = self.scan_number();
        if !good {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || self.text[self.pos - 1] != b'i' {
                return self.bad_number();
            }
            return self.item(Token::Complex);
        }
        self.item(Token::Number)
    }

    fn bad_number(&mut self) -> Item {
        let mut message = b"bad number syntax: ".to_vec();
        quote::quote(&mut message, &self.text[self.start..self.pos], false);
        self.error(String::from_utf8_lossy(&message).into_owned())
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let decimal = digits.len() == 11;
        let hexadecimal = digits.len() == 23;
        if (decimal && self.accept(b"eE")) || (hexadecimal && self.accept(b"pP")) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_word_char) {
            self.next();
            return false;
        }
        true
    }
}

/// The first `{{`.
fn find_left(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'{', &text[from..]) {
        let at = from + found;
        if text.get(at + 1) == Some(&b'{') {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Go's `%#U`.
pub(super) fn code_point(char: char) -> String {
    if quote::is_print(char) {
        format!("U+{:04X} '{char}'", char as u32)
    } else {
        format!("U+{:04X}", char as u32)
    }
}

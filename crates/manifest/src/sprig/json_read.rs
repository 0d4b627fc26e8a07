//! JSON as `encoding/json` reads it into `interface {}`: every number a float, its messages.

use crate::tmpl::{Map, Str, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why a text could not be decoded.
pub(super) struct Failure {
    /// Go's sentence.
    pub message: String,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Go's limit of nesting.
const DEPTH_MAX: usize = 10_000;

/// Reads one value.
pub(super) fn read(text: &[u8]) -> Result<Value, Failure> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value("looking for beginning of value")?;
    reader.blanks();
    match reader.text.get(reader.at) {
        None => Ok(value),
        Some(byte) => Err(invalid(*byte, "after top-level value")),
    }
}

/// Reads into a Go type: another value is an error, `null` is [`Value::Nil`].
pub(super) fn read_into(text: &[u8], typ: &str) -> Result<Value, Failure> {
    let value = read(text)?;
    fits(&value, typ).map(|()| value)
}

/// `json: cannot unmarshal …`.
pub(super) fn fits(value: &Value, typ: &str) -> Result<(), Failure> {
    let what = match value {
        Value::Nil => return Ok(()),
        Value::Map(_) if typ.starts_with("map") => return Ok(()),
        Value::List(_) if typ.starts_with("[]") => return Ok(()),
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    };
    Err(Failure::new(format!("json: cannot unmarshal {what} into Go value of type {typ}")))
}

fn invalid(byte: u8, context: &str) -> Failure {
    let shown = match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let mut quoted = Vec::new();
            let char = char::from(byte).to_string();
            crate::tmpl::text::quote(&mut quoted, char.as_bytes(), false);
            let quoted = String::from_utf8_lossy(&quoted).into_owned();
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    };
    Failure::new(format!("invalid character {shown} {context}"))
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Result<u8, Failure> {
        let end = || Failure::new("unexpected end of JSON input");
        self.text.get(self.at).copied().ok_or_else(end)
    }

    fn value(&mut self, context: &str) -> Result<Value, Failure> {
        self.blanks();
        match self.peek()? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => Ok(Value::Str(self.string()?)),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Nil),
            b'-' | b'0'..=b'9' => self.number(),
            byte => Err(invalid(byte, context)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Failure>) -> Result<Value, Failure> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Failure::new("exceeded max depth"));
        }
        self.at += 1;
        let value = stacker::maybe_grow(64 * 1024, 1024 * 1024, || read(self))?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, Failure> {
        let mut entries = BTreeMap::new();
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Value::Map(Rc::new(Map::new(entries))));
        }
        loop {
            self.blanks();
            match self.peek()? {
                b'"' => {}
                byte => {
                    return Err(invalid(byte, "looking for beginning of object key string"));
                }
            }
            let key = self.string()?;
            self.blanks();
            match self.peek()? {
                b':' => self.at += 1,
                byte => return Err(invalid(byte, "after object key")),
            }
            let value = self.value("looking for beginning of value")?;
            entries.insert(key, value);
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Value::Map(Rc::new(Map::new(entries))));
                }
                byte => return Err(invalid(byte, "after object key:value pair")),
            }
        }
    }

    fn array(&mut self) -> Result<Value, Failure> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value("looking for beginning of value")?);
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                byte => return Err(invalid(byte, "after array element")),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Failure> {
        for expected in word.bytes() {
            let byte = self.peek()?;
            if byte != expected {
                let expected = char::from(expected);
                return Err(invalid(byte, &format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), Failure> {
        match self.peek()? {
            b'0'..=b'9' => {}
            byte => return Err(invalid(byte, context)),
        }
        while matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, Failure> {
        let from = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[from..self.at]);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(Failure::new(format!(
                "json: cannot unmarshal number {text} into Go value of type float64"
            ))),
        }
    }

    fn string(&mut self) -> Result<Str, Failure> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(Str::from(valid(out)));
                }
                b'\\' => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                byte @ 0..=0x1f => return Err(invalid(byte, "in string literal")),
                byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let byte = self.peek()?;
        self.at += 1;
        out.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let char = self.unicode()?;
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            byte => return Err(invalid(byte, "in string escape code")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Failure> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.peek()?;
            let digit = char::from(byte).to_digit(16);
            let wrong = || invalid(byte, "in \\u hexadecimal character escape");
            code = code * 16 + digit.ok_or_else(wrong)?;
            self.at += 1;
        }
        Ok(code)
    }

    fn unicode(&mut self) -> Result<char, Failure> {
        let code = self.hex()?;
        if !(0xd800..0xdc00).contains(&code) {
            return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
        }
        let rest = &self.text[self.at..];
        let before = self.at;
        if rest.starts_with(b"\\u") {
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = before;
        }
        Ok('\u{fffd}')
    }
}

/// Each byte that is not UTF-8 becomes U+FFFD.
fn valid(bytes: Vec<u8>) -> Vec<u8> {
    if std::str::from_utf8(&bytes).is_ok() {
        return bytes;
    }
    let chars = crate::tmpl::text::chars(&bytes).map(|(_, char, _)| char);
    chars.collect::<String>().into_bytes()
}

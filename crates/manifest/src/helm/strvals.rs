//! The grammar of `--set`: `a.b=c`, `a[0].b=1`, `list={x,y}`, `\,` and `\.`.
//!
//! Written after Helm's own reader, which takes more than it says it does.

use crate::limits::{SET_DEPTH_MAX, SET_INDEX_MAX};
use crate::tmpl::{Map, Str, Value};
use std::rc::Rc;

/// What the values of a flag are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// `--set`: `true`, `null` and whole numbers are what they look like.
    Typed,
    /// `--set-string`: all are text.
    Text,
    /// `--set-json`: all are JSON.
    Json,
    /// `--set-literal`: the rest of the argument is text, escapes and commas included.
    Literal,
}

/// Reads one argument into the values.
///
/// # Errors
/// What Helm says about it, in a sentence.
pub fn read(argument: &str, flavour: Flavour, into: &Rc<Map>) -> Result<(), String> {
    let as_text = |text: String| Ok(Value::str(text));
    read_with(argument, flavour, into, &as_text)
}

/// Reads one argument whose values are names of files.
///
/// # Errors
/// What Helm says about it, or what `file` says.
pub fn read_files(
    argument: &str,
    into: &Rc<Map>,
    file: &dyn Fn(&str) -> Result<Str, String>,
) -> Result<(), String> {
    let content = |name: String| file(&name).map(Value::Str);
    read_with(argument, Flavour::Text, into, &content)
}

type Content<'a> = &'a dyn Fn(String) -> Result<Value, String>;

fn read_with(
    argument: &str,
    flavour: Flavour,
    into: &Rc<Map>,
    content: Content<'_>,
) -> Result<(), String> {
    let text = argument.chars().collect();
    let mut reader = Reader { text, at: 0, flavour, content };
    loop {
        match reader.key(into, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Wrong(message)) => return Err(message),
        }
    }
}

/// Why reading stops.
enum Stop {
    End,
    Wrong(String),
}

type Step<T> = Result<T, Stop>;

fn wrong<T>(message: impl Into<String>) -> Step<T> {
    Err(Stop::Wrong(message.into()))
}

struct Reader<'a> {
    text: Vec<char>,
    at: usize,
    flavour: Flavour,
    content: Content<'a>,
}

fn set(map: &Rc<Map>, key: &str, value: Value) {
    if !key.is_empty() {
        map.set(Str::from(key), value);
    }
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let character = self.text.get(self.at).copied();
        self.at += usize::from(character.is_some());
        character
    }

    /// Up to a character that ends it; `None` where the text ends first.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut read = String::new();
        loop {
            match self.next() {
                None => return (read, None),
                Some(character) if stops.contains(&character) => return (read, Some(character)),
                Some('\\') if self.flavour != Flavour::Literal => match self.next() {
                    None => return (read, None),
                    Some(escaped) => read.push(escaped),
                },
                Some(character) => read.push(character),
            }
        }
    }

    fn key(&mut self, data: &Rc<Map>, depth: usize) -> Step<()> {
        let literal = self.flavour == Flavour::Literal;
        let stops: &[char] = if literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stops);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => wrong(format!("key {key:?} has no value")),
            Some('[') => {
                let index = self.index()?;
                let list = match data.get(key.as_bytes()) {
                    None => Vec::new(),
                    Some(Value::List(list)) => list.items().to_vec(),
                    Some(_) => return wrong(format!("unable to parse key: `{key}` is no list")),
                };
                let mut list = list;
                let done = self.item(&mut list, index, depth);
                set(data, &key, Value::list(list));
                done
            }
            Some('=') => self.value_of(data, &key),
            Some(',') => {
                set(data, &key, Value::str(""));
                wrong(format!("key {key:?} has no value (cannot end with ,)"))
            }
            Some(_) => {
                if depth + 1 > SET_DEPTH_MAX {
                    return wrong(format!("names nest deeper than {SET_DEPTH_MAX} levels"));
                }
                let inner = match data.get(key.as_bytes()) {
                    None => super::coalesce::empty(),
                    Some(Value::Map(map)) => map,
                    Some(_) => return wrong(format!("unable to parse key: `{key}` is no map")),
                };
                let done = self.key(&inner, depth + 1);
                if done.is_ok() && inner.is_empty() {
                    return wrong(format!("key map {key:?} has no value"));
                }
                if !inner.is_empty() {
                    set(data, &key, Value::Map(inner));
                }
                done
            }
        }
    }

    fn value_of(&mut self, data: &Rc<Map>, key: &str) -> Step<()> {
        match self.flavour {
            Flavour::Literal => {
                let rest: String = self.text[self.at..].iter().collect();
                self.at = self.text.len();
                set(data, key, Value::str(rest));
                Ok(())
            }
            Flavour::Json => {
                let value = self.json()?;
                set(data, key, value);
                Ok(())
            }
            Flavour::Typed | Flavour::Text => {
                if self.at >= self.text.len() {
                    set(data, key, Value::str(""));
                    return Err(Stop::End);
                }
                let value = self.plain()?;
                set(data, key, value);
                Ok(())
            }
        }
    }

    /// A list in braces, or what stands before the next comma.
    fn plain(&mut self) -> Step<Value> {
        if self.text.get(self.at) == Some(&'{') {
            self.at += 1;
            return self.braces();
        }
        let (text, _) = self.until(&[',']);
        self.typed(text)
    }

    fn braces(&mut self) -> Step<Value> {
        let mut items = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return wrong("list must terminate with '}'"),
                Some(',') => items.push(self.typed(text)?),
                Some(_) => {
                    if self.text.get(self.at) == Some(&',') {
                        self.at += 1;
                    }
                    items.push(self.typed(text)?);
                    return Ok(Value::list(items));
                }
            }
        }
    }

    fn typed(&self, text: String) -> Step<Value> {
        if self.flavour == Flavour::Text {
            return (self.content)(text).map_err(Stop::Wrong);
        }
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        let number = || text.parse::<i64>().ok().filter(|_| !text.starts_with('0'));
        Ok(match () {
            () if is("true") => Value::Bool(true),
            () if is("false") => Value::Bool(false),
            () if is("null") => Value::Nil,
            () if text == "0" => Value::Int64(0),
            () => number().map_or_else(|| Value::str(text.as_str()), Value::Int64),
        })
    }

    /// Whether nothing stands before the next comma or the end, which is taken too.
    fn is_empty(&mut self) -> bool {
        loop {
            match self.next() {
                None | Some(',') => return true,
                Some(character) if character.is_whitespace() => {}
                Some(_) => {
                    self.at -= 1;
                    return false;
                }
            }
        }
    }

    fn json(&mut self) -> Step<Value> {
        if self.is_empty() {
            return Ok(Value::Nil);
        }
        let rest: String = self.text[self.at..].iter().collect();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter();
        let value: serde_json::Value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return wrong(error.to_string()),
            None => return wrong("there is no JSON"),
        };
        self.at += rest[..stream.byte_offset()].chars().count();
        self.is_empty();
        Ok(Value::from(&value))
    }

    fn index(&mut self) -> Step<usize> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            return wrong("error parsing index: there is no `]`");
        }
        match text.parse::<i64>() {
            Ok(index) if index < 0 => wrong(format!("negative {index} index not allowed")),
            Ok(index) if index > SET_INDEX_MAX as i64 => {
                wrong(format!("index of {index} is greater than the maximum of {SET_INDEX_MAX}"))
            }
            Ok(index) => Ok(usize::try_from(index).unwrap_or_default()),
            Err(_) => wrong(format!("error parsing index: `{text}` is no number")),
        }
    }

    fn item(&mut self, list: &mut Vec<Value>, index: usize, depth: usize) -> Step<()> {
        let (key, last) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            return wrong(format!("unexpected data at end of array index: {key:?}"));
        }
        let there = list.get(index).cloned();
        let value = match last {
            None => return Err(Stop::End),
            Some('=') => match self.flavour {
                Flavour::Json => self.json()?,
                Flavour::Literal => {
                    let rest: String = self.text[self.at..].iter().collect();
                    self.at = self.text.len();
                    Value::str(rest)
                }
                Flavour::Typed | Flavour::Text if self.at >= self.text.len() => Value::str(""),
                Flavour::Typed | Flavour::Text => self.plain()?,
            },
            Some('[') => {
                let next = self.index()?;
                let mut inner = match there {
                    Some(Value::List(inner)) => inner.items().to_vec(),
                    None | Some(Value::Nil) => Vec::new(),
                    Some(_) => return wrong("unable to parse key: an item is no list"),
                };
                self.item(&mut inner, next, depth)?;
                Value::list(inner)
            }
            Some(_) => {
                let inner = match there {
                    Some(Value::Map(inner)) => inner,
                    _ => super::coalesce::empty(),
                };
                self.key(&inner, depth)?;
                Value::Map(inner)
            }
        };
        if list.len() <= index {
            list.resize(index + 1, Value::Nil);
        }
        list[index] = value;
        Ok(())
    }
}

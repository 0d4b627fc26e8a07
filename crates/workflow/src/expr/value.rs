//! Values of expressions and how one kind becomes another.

use serde_json::Value as Json;
use std::sync::Arc;

/// A value. Lists and objects are shared: they equal only themselves.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` and `false`.
    Bool(bool),
    /// Every number is a double.
    Number(f64),
    /// Text.
    String(Arc<str>),
    /// A list.
    Array(Arc<Vec<Value>>),
    /// Names and values.
    Object(Arc<Object>),
}

/// Names and values in the order in which they came; names ignore case unless it is said.
#[derive(Clone, Debug, Default)]
pub struct Object {
    entries: Vec<(String, Value)>,
    case_sensitive: bool,
}

impl Object {
    /// An object whose names are compared with case, as `env` on Linux.
    #[must_use]
    pub fn case_sensitive() -> Self {
        Self { entries: Vec::new(), case_sensitive: true }
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|index| &self.entries[index].1)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|(key, _)| {
            key == name || (!self.case_sensitive && super::compare::equal_text(key, name))
        })
    }

    /// Sets a name; one that is there keeps its place.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.position(&name) {
            Some(index) => self.entries[index].1 = value,
            None => self.entries.push((name, value)),
        }
    }

    /// The names and values in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The same, by value.
    #[must_use]
    pub fn into_entries(self) -> Vec<(String, Value)> {
        self.entries
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut object = Self::default();
        for (key, value) in iter {
            object.insert(key, value);
        }
        object
    }
}

impl Value {
    /// An object of these entries.
    pub fn object<K: Into<String>, V: Into<Value>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::Object(Arc::new(entries.into_iter().collect()))
    }

    /// A list of these items.
    pub fn array<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::Array(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// From JSON.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::String(text.as_str().into()),
            Json::Array(items) => Self::array(items.iter().map(Self::from_json)),
            Json::Object(map) => {
                Self::object(map.iter().map(|(key, value)| (key.clone(), Self::from_json(value))))
            }
        }
    }

    /// As JSON. Numbers that are whole become integers; NaN and infinities become null.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => json_number(*number),
            Self::String(text) => Json::String(text.to_string()),
            Self::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Object(object) => {
                object.entries().map(|(key, value)| (key.to_owned(), value.to_json())).collect()
            }
        }
    }

    /// As text: null is empty, lists and objects are the words `Array` and `Object`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => super::number::format(*number),
            Self::String(text) => text.to_string(),
            Self::Array(_) => "Array".to_owned(),
            Self::Object(_) => "Object".to_owned(),
        }
    }

    /// Falsy are null, false, 0, NaN and the empty string.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::String(text) => !text.is_empty(),
            Self::Array(_) | Self::Object(_) => true,
        }
    }

    /// As a number: null 0, true 1, strings by JavaScript's rules, lists and objects NaN.
    #[must_use]
    pub fn to_number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::String(text) => super::number::parse(text),
            Self::Array(_) | Self::Object(_) => f64::NAN,
        }
    }

    /// The name of its kind, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value of a property or, for a list, of an index given as text; null when absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(object) => object.get(name),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }
}

/// The largest whole number a double holds exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

fn json_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        // In range and whole, so the cast is exact.
        return Json::Number((number as i64).into());
    }
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }
}

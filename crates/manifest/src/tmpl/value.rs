//! Values as Go's templates see them.
//!
//! Strings are bytes and cheap to clone; lists are immutable and shared; maps are shared *and*
//! mutable, because `set` in one template is seen by the next. Two kinds of nothing are kept
//! apart as Go keeps them apart: [`Value::NoValue`] is "no value at all" (what a pipeline makes
//! of nil; it prints `<no value>` and its fields are nothing again), [`Value::Nil`] is a nil
//! that still stands in a map or a list (its fields are an error).
//!
//! Absent on purpose: complex numbers, channels, functions as values.

use super::call::Member;
use super::types::Type;
use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// A Go string: bytes, mostly but not always UTF-8. A clone copies no text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Arc<[u8]>);

impl Str {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with what is not UTF-8 replaced: for people, never for output.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Whether both are one and the same allocation.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::Deref for Str {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

/// One value.
#[derive(Clone)]
pub enum Value {
    /// No value at all: Go's invalid `reflect.Value`.
    NoValue,
    /// A nil of type `interface {}`.
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`: literals of templates, `len`, loop indexes.
    Int(i64),
    /// `int64`: `--set`, sprig's arithmetic.
    Int64(i64),
    /// `int32`, which a rune is.
    Int32(i32),
    /// `uint8`, which a byte of a string is.
    Uint8(u8),
    /// `uint64`: the parts of a semantic version.
    Uint64(u64),
    /// `float64`: every number of YAML and JSON.
    Float(f64),
    /// `string`.
    Str(Str),
    /// `[]uint8`.
    Bytes(Str),
    /// Any other slice.
    List(Rc<List>),
    /// A map with string keys.
    Map(Rc<Map>),
    /// Something of the host with fields and methods.
    Object(Rc<dyn Object>),
}

/// A slice: its type, and its elements.
pub struct List {
    /// A [`Type::List`]: [`Type::LIST_ANY`] for `[]interface {}`.
    pub typ: Type,
    items: Vec<Value>,
    nil: bool,
}

impl List {
    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(Type::LIST_ANY, items)
    }

    /// A slice of another type: [`Type::LIST_STR`] for `[]string`.
    pub fn of(typ: Type, items: Vec<Value>) -> Self {
        Self { typ, items, nil: false }
    }

    /// The nil slice of a type: empty, and `null` in JSON.
    pub fn nil(typ: Type) -> Self {
        Self { typ, items: Vec::new(), nil: true }
    }

    /// Whether it is the nil slice.
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// The static type of its elements.
    pub fn element(&self) -> Type {
        match self.typ {
            Type::List(element) => *element,
            _ => Type::Any,
        }
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

/// A map with string keys in the order of their bytes, shared and mutable.
pub struct Map {
    /// [`Type::Map`], or a [`Type::Named`] whose underlying type is one.
    pub typ: Type,
    entries: RefCell<BTreeMap<Str, Value>>,
}

impl Map {
    /// A `map[string]interface {}`.
    pub fn new(entries: BTreeMap<Str, Value>) -> Self {
        Self::of(Type::MAP_ANY, entries)
    }

    /// A map of another type.
    pub fn of(typ: Type, entries: BTreeMap<Str, Value>) -> Self {
        Self { typ, entries: RefCell::new(entries) }
    }

    /// The static type of its values.
    pub fn element(&self) -> Type {
        self.typ.map_element().unwrap_or(Type::Any)
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether the key is there.
    pub fn has(&self, key: &[u8]) -> bool {
        self.entries.borrow().contains_key(key)
    }

    /// Sets a key; everyone who shares the map sees it.
    pub fn set(&self, key: Str, value: Value) -> Option<Value> {
        self.entries.borrow_mut().insert(key, value)
    }

    /// Removes a key.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.entries.borrow_mut().remove(key)
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Vec<Str> {
        self.entries.borrow().keys().cloned().collect()
    }

    /// The entries as they are now: nothing is borrowed while they are walked, so the map may
    /// change meanwhile.
    pub fn snapshot(&self) -> Vec<(Str, Value)> {
        self.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

// Dropping a value that nests deep must not recurse as deep: a template can nest a million.
fn drop_flat(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => {
                if let Ok(mut list) = Rc::try_unwrap(list) {
                    pending.append(&mut list.items);
                }
            }
            Value::Map(map) => {
                if let Ok(map) = Rc::try_unwrap(map) {
                    pending.extend(map.entries.take().into_values());
                }
            }
            _ => {}
        }
    }
}

fn nests(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

impl Drop for List {
    fn drop(&mut self) {
        if self.items.iter().any(nests) {
            drop_flat(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if self.entries.get_mut().values().any(nests) {
            drop_flat(self.entries.take().into_values().collect());
        }
    }
}

/// What an [`Object`] looks like when it is printed, ranged over, measured or tested.
pub enum Shape {
    /// A pointer to a struct, or a struct: true, no length, no elements.
    Struct,
    /// A nil pointer: false; its fields are an error.
    NilPointer,
    /// A slice with methods (`VersionSet`): its elements with their static type.
    List(Rc<List>),
    /// A map with methods (`.Files`).
    Map(Rc<Map>),
}

/// What `encoding/json` makes of an [`Object`].
pub enum ObjectJson {
    /// What its `MarshalText` returns.
    Text(Str),
    /// A struct: its fields by their names in JSON, in Go's order.
    Fields(Vec<(&'static str, Value)>),
    /// Another value.
    Value(Value),
}

/// A value of the host: fields, methods with arguments, a text of its own.
pub trait Object {
    /// The type as Go prints it: `*chart.Metadata`, `engine.files`. A star makes it a pointer:
    /// two are equal when they are one; without it they are equal when their fields are.
    fn type_name(&self) -> &str;

    /// A field or method by its name; `None` where there is neither.
    fn member(&self, name: &[u8]) -> Option<Member>;

    /// How it behaves where its members are not asked for.
    fn shape(&self) -> Shape {
        Shape::Struct
    }

    /// What its `String` or `Error` method returns; `None` without such a method.
    fn text(&self) -> Option<Str> {
        None
    }

    /// The fields of the struct (or of the one behind the pointer), in Go's order: what is
    /// printed of it when it has no [`Object::text`], and what is compared.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// What `encoding/json` makes of it.
    fn json(&self) -> ObjectJson {
        match self.shape() {
            Shape::Struct => ObjectJson::Fields(self.fields()),
            Shape::NilPointer => ObjectJson::Value(Value::Nil),
            Shape::List(list) => ObjectJson::Value(Value::List(list)),
            Shape::Map(map) => ObjectJson::Value(Value::Map(map)),
        }
    }

    /// For functions that know the concrete type behind it.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// A string.
    pub fn str(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(List::new(items)))
    }

    /// A `[]string`.
    pub fn strings(items: impl IntoIterator<Item = Str>) -> Self {
        Self::List(Rc::new(List::of(Type::LIST_STR, items.into_iter().map(Value::Str).collect())))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Str, Value)>) -> Self {
        Self::Map(Rc::new(Map::new(entries.into_iter().collect())))
    }

    /// Whether it is one of the two kinds of nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::NoValue | Self::Nil)
    }

    /// The concrete type; `None` for nothing.
    pub fn type_of(&self) -> Option<Type> {
        Some(match self {
            Self::NoValue | Self::Nil | Self::Object(_) => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Int64(_) => Type::Int64,
            Self::Int32(_) => Type::Int32,
            Self::Uint8(_) => Type::Uint8,
            Self::Uint64(_) => Type::Uint64,
            Self::Float(_) => Type::Float,
            Self::Str(_) => Type::Str,
            Self::Bytes(_) => Type::BYTES,
            Self::List(list) => list.typ,
            Self::Map(map) => map.typ,
        })
    }

    /// The concrete type as `%T` prints it: `<nil>` for nothing.
    pub fn type_name(&self) -> String {
        match self {
            Self::NoValue | Self::Nil => "<nil>".to_owned(),
            Self::Object(object) => object.type_name().to_owned(),
            other => other.type_of().map_or_else(|| "<nil>".to_owned(), |typ| typ.name()),
        }
    }

    /// The concrete type behind a pointer: what `len` and `index` call it.
    pub(crate) fn pointee_name(&self) -> String {
        let name = self.type_name();
        name.strip_prefix('*').map(str::to_owned).unwrap_or(name)
    }

    /// The zero value of a static type: what a missing key of such a map gives.
    pub fn zero(typ: Type) -> Self {
        match typ {
            Type::Bool => Self::Bool(false),
            Type::Int => Self::Int(0),
            Type::Int64 => Self::Int64(0),
            Type::Int32 => Self::Int32(0),
            Type::Uint8 => Self::Uint8(0),
            Type::Uint64 => Self::Uint64(0),
            Type::Float => Self::Float(0.0),
            Type::Str => Self::Str(Str::from("")),
            Type::List(&Type::Uint8) => Self::Bytes(Str::from("")),
            Type::List(_) => Self::List(Rc::new(List::of(typ, Vec::new()))),
            Type::Map(_) | Type::Named(..) => Self::Map(Rc::new(Map::of(typ, BTreeMap::new()))),
            Type::Any | Type::Reflect | Type::Object(_) => Self::Nil,
        }
    }

    /// A signed integer of any width.
    pub fn signed(&self) -> Option<i64> {
        match *self {
            Self::Int(number) | Self::Int64(number) => Some(number),
            Self::Int32(number) => Some(i64::from(number)),
            _ => None,
        }
    }

    /// An unsigned integer of any width.
    pub fn unsigned(&self) -> Option<u64> {
        match *self {
            Self::Uint8(number) => Some(u64::from(number)),
            Self::Uint64(number) => Some(number),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = Vec::new();
        super::fmt::verb_v_sharp(&mut bytes, self);
        f.write_str(&String::from_utf8_lossy(&bytes))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Str> for Value {
    fn from(value: Str) -> Self {
        Self::Str(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}

impl From<&serde_json::Value> for Value {
    /// Reads JSON as Go's decoder does into `interface {}`: every number becomes a `float64`.
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::str(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::from).collect()),
            Json::Object(entries) => Self::map(
                entries.iter().map(|(key, value)| (Str::from(key.as_str()), value.into())),
            ),
        }
    }
}

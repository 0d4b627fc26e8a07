//! Go's static types, as far as templates can tell them apart: what a function takes, what a
//! slice or a map holds, and what a message calls them.

/// A static type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`.
    Any,
    /// `reflect.Value`: takes everything, nothing included.
    Reflect,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `int32`.
    Int32,
    /// `uint8`.
    Uint8,
    /// `uint64`.
    Uint64,
    /// `float64`.
    Float,
    /// `string`.
    Str,
    /// A slice of an element type.
    List(&'static Type),
    /// A map from strings to a type.
    Map(&'static Type),
    /// A named type over a map: `common.Values` is `map[string]interface {}`.
    Named(&'static str, &'static Type),
    /// A type of the host by its name.
    Object(&'static str),
}

impl Type {
    /// `[]interface {}`.
    pub const LIST_ANY: Type = Type::List(&Type::Any);
    /// `[]string`.
    pub const LIST_STR: Type = Type::List(&Type::Str);
    /// `[]int`.
    pub const LIST_INT: Type = Type::List(&Type::Int);
    /// `[]uint8`.
    pub const BYTES: Type = Type::List(&Type::Uint8);
    /// `map[string]interface {}`.
    pub const MAP_ANY: Type = Type::Map(&Type::Any);
    /// `map[string]string`.
    pub const MAP_STR: Type = Type::Map(&Type::Str);

    /// The name as Go prints it.
    pub fn name(&self) -> String {
        match self {
            Self::Any => "interface {}".to_owned(),
            Self::Reflect => "reflect.Value".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Int64 => "int64".to_owned(),
            Self::Int32 => "int32".to_owned(),
            Self::Uint8 => "uint8".to_owned(),
            Self::Uint64 => "uint64".to_owned(),
            Self::Float => "float64".to_owned(),
            Self::Str => "string".to_owned(),
            Self::List(element) => format!("[]{}", element.name()),
            Self::Map(element) => format!("map[string]{}", element.name()),
            Self::Named(name, _) | Self::Object(name) => (*name).to_owned(),
        }
    }

    /// The type of a map's values.
    pub fn map_element(&self) -> Option<Type> {
        match self {
            Self::Map(element) => Some(**element),
            Self::Named(_, under) => under.map_element(),
            _ => None,
        }
    }

    /// Whether nil may stand for it.
    pub(crate) fn can_be_nil(self) -> bool {
        match self {
            Self::Any | Self::Reflect | Self::List(_) | Self::Map(_) => true,
            Self::Named(_, under) => under.can_be_nil(),
            Self::Object(name) => name.starts_with('*'),
            _ => false,
        }
    }

    /// Whether a value of this type may be given where `to` is wanted.
    pub(crate) fn assignable(self, to: Type) -> bool {
        if self == to || matches!(to, Type::Any | Type::Reflect) {
            return true;
        }
        match (self, to) {
            // One of two equal underlying types must be without a name.
            (Type::Named(_, under), Type::Map(_)) => *under == to,
            (Type::Map(_), Type::Named(_, under)) => *under == self,
            _ => false,
        }
    }
}

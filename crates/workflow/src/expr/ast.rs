//! The syntax tree of an expression.

use super::Value;

/// A node and where it begins in its expression, in characters from 1.
#[derive(Clone, Debug)]
pub struct Ast {
    /// What it is.
    pub kind: Kind,
    /// The first character, from 1; 0 for nodes that nobody wrote.
    pub position: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A literal.
    Literal(Value),
    /// A context by its name in lower case.
    Context(String),
    /// `a.b`, `a['b']`, `a[0]`.
    Index(Box<Ast>, Box<Ast>),
    /// `a.*`, `a[*]`.
    Star(Box<Ast>),
    /// A call of a function, its name in lower case.
    Call(&'static str, Vec<Ast>),
    /// `!a`.
    Not(Box<Ast>),
    /// `a && b && c`.
    And(Vec<Ast>),
    /// `a || b || c`.
    Or(Vec<Ast>),
    /// `a < b`.
    Compare(Comparison, Box<Ast>, Box<Ast>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Ast {
    pub(crate) fn new(kind: Kind, position: usize) -> Self {
        Self { kind, position }
    }

    /// The nodes directly below.
    #[must_use]
    pub fn children(&self) -> Vec<&Ast> {
        match &self.kind {
            Kind::Literal(_) | Kind::Context(_) => Vec::new(),
            Kind::Star(inner) | Kind::Not(inner) => vec![inner],
            Kind::Index(left, right) | Kind::Compare(_, left, right) => vec![left, right],
            Kind::Call(_, items) | Kind::And(items) | Kind::Or(items) => items.iter().collect(),
        }
    }

    /// Nodes from here to the deepest leaf, as GitHub counts them.
    #[must_use]
    pub fn depth(&self) -> usize {
        1 + self.children().into_iter().map(Self::depth).max().unwrap_or(0)
    }

    /// Whether this node or one below satisfies `test`.
    pub fn any(&self, test: &mut dyn FnMut(&Ast) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }

    /// Whether a status function is called in the tree (not merely named in a string).
    #[must_use]
    pub fn has_status_function(&self) -> bool {
        self.any(&mut |node| {
            matches!(&node.kind, Kind::Call("success" | "failure" | "cancelled" | "always", _))
        })
    }
}

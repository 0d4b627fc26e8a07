//! The tree of one parsed file: an arena that never changes, shared by every render.

use super::call::Function;
use super::types::Type;
use super::value::Str;

/// A node of the arena.
pub(crate) type NodeId = u32;

/// A run of entries of a side table of the arena.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub start: u32,
    pub len: u32,
}

/// One node: where Go says that it is (errors print this), the bytes that it covers, what it is.
pub(crate) struct Node {
    pub pos: u32,
    pub from: u32,
    pub to: u32,
    pub kind: Kind,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    List(Span),
    /// A range of bytes of the file.
    Text,
    Action(NodeId),
    Break,
    Continue,
    If(Branch),
    With(Branch),
    Range(Branch),
    /// Name (an ident) and pipeline.
    Template(u32, Option<NodeId>),
    Pipe {
        assign: bool,
        declares: Span,
        commands: Span,
    },
    Command(Span),
    /// Names after the dots (idents).
    Field(Span),
    /// The variable, and names after the dots (idents).
    Variable(u32, Span),
    Dot,
    Nil,
    Bool(bool),
    Number(u32),
    /// The value (an ident); the node covers the text with its quotes.
    String(u32),
    Function(&'static Function, Builtin),
    /// A function or a pipeline, and names after the dots.
    Chain(NodeId, Span),
}

/// Which of the built-in functions with rules of their own it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Builtin {
    None,
    And,
    Or,
    Call,
    Slice,
}

#[derive(Clone, Copy)]
pub(crate) struct Branch {
    pub pipe: NodeId,
    pub list: NodeId,
    pub otherwise: Option<NodeId>,
}

/// A number under all types that can hold it, as Go keeps it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Number {
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
}

/// One parsed template text with everything that it defines.
pub struct Parsed {
    pub(crate) name: Str,
    pub(crate) text: Str,
    pub(crate) nodes: Vec<Node>,
    pub(crate) children: Vec<NodeId>,
    pub(crate) idents: Vec<Str>,
    pub(crate) numbers: Vec<Number>,
    /// Names and roots, in the order of definition; the file itself is among them.
    pub(crate) trees: Vec<Tree>,
}

/// One named template of a file.
pub(crate) struct Tree {
    pub name: Str,
    pub root: NodeId,
    /// Nothing but white space and comments.
    pub empty: bool,
}

impl std::fmt::Debug for Parsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parsed({:?})", self.name)
    }
}

impl Parsed {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn kids(&self, span: Span) -> &[NodeId] {
        &self.children[span.start as usize..(span.start + span.len) as usize]
    }

    pub(crate) fn names(&self, span: Span) -> &[Str] {
        &self.idents[span.start as usize..(span.start + span.len) as usize]
    }

    pub(crate) fn ident(&self, index: u32) -> &Str {
        &self.idents[index as usize]
    }

    pub(crate) fn number(&self, index: u32) -> Number {
        self.numbers[index as usize]
    }

    pub(crate) fn source(&self, id: NodeId) -> &[u8] {
        let node = self.node(id);
        &self.text[node.from as usize..node.to as usize]
    }

    /// Line from 1 and column from 0, as Go prints them.
    pub(crate) fn line_column(&self, pos: u32) -> (u32, u32) {
        let before = &self.text[..(pos as usize).min(self.text.len())];
        let lines = memchr::memchr_iter(b'\n', before).count();
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (as_u32(lines) + 1, as_u32(before.len() - start))
    }

    /// The node as Go prints it in messages.
    pub(crate) fn print(&self, id: NodeId) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(id, &mut out);
        out
    }

    fn write(&self, id: NodeId, out: &mut Vec<u8>) {
        super::deep(|| self.write_here(id, out));
    }

    fn write_here(&self, id: NodeId, out: &mut Vec<u8>) {
        match self.node(id).kind {
            Kind::List(span) => self.kids(span).iter().for_each(|&kid| self.write(kid, out)),
            Kind::Text | Kind::Number(_) | Kind::String(_) => {
                out.extend_from_slice(self.source(id));
            }
            Kind::Action(pipe) => {
                out.extend_from_slice(b"{{");
                self.write(pipe, out);
                out.extend_from_slice(b"}}");
            }
            Kind::Break => out.extend_from_slice(b"{{break}}"),
            Kind::Continue => out.extend_from_slice(b"{{continue}}"),
            Kind::If(branch) => self.write_branch(b"if ", branch, out),
            Kind::With(branch) => self.write_branch(b"with ", branch, out),
            Kind::Range(branch) => self.write_branch(b"range ", branch, out),
            Kind::Template(name, pipe) => {
                out.extend_from_slice(b"{{template ");
                super::quote::quote(out, self.ident(name), false);
                if let Some(pipe) = pipe {
                    out.push(b' ');
                    self.write(pipe, out);
                }
                out.extend_from_slice(b"}}");
            }
            Kind::Pipe { assign, declares, commands } => {
                self.write_joined(declares, b", ", out);
                if declares.len > 0 {
                    out.extend_from_slice(if assign { b" = " } else { b" := " });
                }
                self.write_joined(commands, b" | ", out);
            }
            Kind::Command(args) => self.write_joined(args, b" ", out),
            Kind::Field(names) => self.write_names(names, out),
            Kind::Variable(name, names) => {
                out.extend_from_slice(self.ident(name));
                self.write_names(names, out);
            }
            Kind::Dot => out.push(b'.'),
            Kind::Nil => out.extend_from_slice(b"nil"),
            Kind::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Kind::Function(function, _) => out.extend_from_slice(function.name.as_bytes()),
            Kind::Chain(node, names) => {
                self.write_operand(node, out);
                self.write_names(names, out);
            }
        }
    }

    fn write_branch(&self, word: &[u8], branch: Branch, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{{");
        out.extend_from_slice(word);
        self.write(branch.pipe, out);
        out.extend_from_slice(b"}}");
        self.write(branch.list, out);
        if let Some(otherwise) = branch.otherwise {
            out.extend_from_slice(b"{{else}}");
            self.write(otherwise, out);
        }
        out.extend_from_slice(b"{{end}}");
    }

    fn write_operand(&self, id: NodeId, out: &mut Vec<u8>) {
        if matches!(self.node(id).kind, Kind::Pipe { .. }) {
            out.push(b'(');
            self.write(id, out);
            out.push(b')');
        } else {
            self.write(id, out);
        }
    }

    fn write_joined(&self, span: Span, between: &[u8], out: &mut Vec<u8>) {
        for (index, &kid) in self.kids(span).iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(between);
            }
            self.write_operand(kid, out);
        }
    }

    fn write_names(&self, span: Span, out: &mut Vec<u8>) {
        for name in self.names(span) {
            out.push(b'.');
            out.extend_from_slice(name);
        }
    }
}

/// Offsets fit: `template_bytes_max` is checked before anything is parsed.
pub(crate) fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The literal types that an argument of this type may be written as, for messages.
pub(crate) fn literal_word(typ: Type) -> Option<&'static str> {
    Some(match typ {
        Type::Bool => "bool",
        Type::Int | Type::Int64 | Type::Int32 => "integer",
        Type::Uint8 | Type::Uint64 => "unsigned integer",
        Type::Float => "float",
        Type::Str => "string",
        _ => return None,
    })
}

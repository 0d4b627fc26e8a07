//! Tokens to the arena, by Go's grammar and with Go's sentences.

use super::ast::{Branch, Builtin, Kind, Node, NodeId, Number, Parsed, Span, Tree, as_u32};
use super::builtin;
use super::call::Functions;
use super::error::Error;
use super::lex::{Item, Lexer, Token, Word};
use super::value::Str;
use super::{number, quote};
use crate::limits::{PARSE_DEPTH_MAX, TEMPLATE_BYTES_MAX};

/// Parses one text. The result knows its functions, so it belongs to sets with these only.
pub(crate) fn parse(name: &Str, text: &Str, functions: &dyn Functions) -> Result<Parsed, Error> {
    if text.len() > TEMPLATE_BYTES_MAX {
        let limit = format!("the template is larger than {TEMPLATE_BYTES_MAX} bytes");
        return Err(Error::limit(format!("template: {}:1: {limit}", name.text()), limit));
    }
    let mut lexer = Lexer::new(text);
    lexer.break_is_word = functions.find(b"break").is_none();
    lexer.continue_is_word = functions.find(b"continue").is_none();
    let parsed = Parsed {
        name: name.clone(),
        text: text.clone(),
        nodes: Vec::new(),
        children: Vec::new(),
        idents: Vec::new(),
        numbers: Vec::new(),
        trees: Vec::new(),
    };
    let nothing = Item { token: Token::Eof, from: 0, to: 0, line: 0 };
    let mut parser = Parser {
        lexer,
        functions,
        out: parsed,
        tokens: [nothing; 3],
        peeked: 0,
        variables: vec![Str::from("$")],
        action_line: 0,
        ranges: 0,
        parens: 0,
        depth: 0,
        last: 0,
    };
    parser.file()?;
    Ok(parser.out)
}

pub(super) struct Parser<'p> {
    lexer: Lexer<'p>,
    pub(super) functions: &'p dyn Functions,
    pub(super) out: Parsed,
    tokens: [Item; 3],
    peeked: usize,
    pub(super) variables: Vec<Str>,
    action_line: u32,
    ranges: usize,
    pub(super) parens: usize,
    depth: usize,
    /// The end of the last token that was taken.
    pub(super) last: u32,
}

pub(super) type Parse<T> = Result<T, Error>;

/// What ends a list of nodes, with the place that Go gives it.
enum End {
    End,
    Else(u32),
}

enum Step {
    Node(NodeId),
    End(End),
}

impl Parser<'_> {
    // Tokens: up to three are looked at in advance.

    pub(super) fn next(&mut self) -> Item {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next_item();
        }
        let item = self.tokens[self.peeked];
        self.last = item.to;
        item
    }

    pub(super) fn backup(&mut self) {
        self.peeked += 1;
    }

    pub(super) fn backup2(&mut self, first: Item) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    pub(super) fn backup3(&mut self, first: Item, second: Item) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Item {
        if self.peeked == 0 {
            self.tokens[0] = self.lexer.next_item();
            self.peeked = 1;
        }
        self.tokens[self.peeked - 1]
    }

    pub(super) fn next_word(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.token != Token::Space {
                return item;
            }
        }
    }

    pub(super) fn peek_word(&mut self) -> Item {
        let last = self.last;
        let item = self.next_word();
        self.backup();
        self.last = last;
        item
    }

    pub(super) fn bytes(&self, item: Item) -> &[u8] {
        &self.out.text[item.from as usize..item.to as usize]
    }

    // Errors.

    pub(super) fn error<T>(&self, message: impl std::fmt::Display) -> Parse<T> {
        let line = self.tokens[0].line;
        Err(Error::parse(&self.out, line, self.tokens[0].from, self.tokens[0].to, message))
    }

    fn shown(&self, item: Item) -> String {
        let bytes = self.bytes(item);
        match item.token {
            Token::Eof => "EOF".to_owned(),
            Token::Error => self.lexer.message.clone(),
            Token::Keyword(_) | Token::Dot => format!("<{}>", String::from_utf8_lossy(bytes)),
            _ => {
                let end = if bytes.len() > 10 {
                    quote::chars(bytes).nth(10).map_or(bytes.len(), |(at, ..)| at)
                } else {
                    bytes.len()
                };
                let mut out = Vec::new();
                quote::quote(&mut out, &bytes[..end], false);
                let dots = if bytes.len() > 10 { "..." } else { "" };
                format!("{}{dots}", String::from_utf8_lossy(&out))
            }
        }
    }

    pub(super) fn unexpected<T>(&self, item: Item, context: &str) -> Parse<T> {
        if item.token != Token::Error {
            return self.error(format!("unexpected {} in {context}", self.shown(item)));
        }
        let message = self.shown(item);
        if self.action_line == 0 || self.action_line == item.line {
            return self.error(message);
        }
        let in_action = if message.ends_with(" action") { "" } else { " in action" };
        let (name, line) = (self.out.name.text().into_owned(), self.action_line);
        self.error(format!("{message}{in_action} started at {name}:{line}"))
    }

    fn expect_end(&mut self, context: &str) -> Parse<Item> {
        let item = self.next_word();
        if item.token == Token::RightDelimiter { Ok(item) } else { self.unexpected(item, context) }
    }

    // The arena.

    pub(super) fn push(&mut self, pos: u32, from: u32, to: u32, kind: Kind) -> NodeId {
        self.out.nodes.push(Node { pos, from, to, kind });
        as_u32(self.out.nodes.len() - 1)
    }

    pub(super) fn kids(&mut self, kids: &[NodeId]) -> Span {
        let start = as_u32(self.out.children.len());
        self.out.children.extend_from_slice(kids);
        Span { start, len: as_u32(kids.len()) }
    }

    pub(super) fn ident(&mut self, text: impl Into<Str>) -> u32 {
        self.out.idents.push(text.into());
        as_u32(self.out.idents.len() - 1)
    }

    pub(super) fn names(&mut self, names: &[Vec<u8>]) -> Span {
        let start = as_u32(self.out.idents.len());
        self.out.idents.extend(names.iter().map(|name| Str::from(name.as_slice())));
        Span { start, len: as_u32(names.len()) }
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        self.out.node(id).kind
    }

    // The grammar.

    fn file(&mut self) -> Parse<()> {
        let pos = self.peek().from;
        let mut nodes = Vec::new();
        while self.peek().token != Token::Eof {
            if self.peek().token == Token::LeftDelimiter {
                let delimiter = self.next();
                if self.next_word().token == Token::Keyword(Word::Define) {
                    self.definition()?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::End(End::End) => return self.error("unexpected {{end}}"),
                Step::End(End::Else(_)) => return self.error("unexpected {{else}}"),
            }
        }
        let kids = self.kids(&nodes);
        let root = self.push(pos, 0, as_u32(self.out.text.len()), Kind::List(kids));
        let name = self.out.name.clone();
        self.add(name, root)
    }

    /// A tree of a file: a second one with a body is refused, an empty one is dropped.
    fn add(&mut self, name: Str, root: NodeId) -> Parse<()> {
        let empty = self.is_empty(root);
        if let Some(known) = self.out.trees.iter_mut().find(|tree| tree.name == name) {
            if known.empty {
                (known.root, known.empty) = (root, empty);
            } else if !empty {
                let mut quoted = Vec::new();
                quote::quote(&mut quoted, &name, false);
                let quoted = String::from_utf8_lossy(&quoted).into_owned();
                return self.error(format!("template: multiple definition of template {quoted}"));
            }
            return Ok(());
        }
        self.out.trees.push(Tree { name, root, empty });
        Ok(())
    }

    fn is_empty(&self, root: NodeId) -> bool {
        let Kind::List(kids) = self.kind(root) else { return false };
        self.out.kids(kids).iter().all(|&kid| match self.kind(kid) {
            // As `bytes.TrimSpace`: also the white space beyond ASCII.
            Kind::Text => {
                quote::chars(self.out.source(kid)).all(|(_, char, _)| char.is_whitespace())
            }
            _ => false,
        })
    }

    /// A body of its own: no variables, ranges or parentheses from outside reach into it.
    fn body(&mut self, name: Str, context: &str) -> Parse<()> {
        let variables = std::mem::replace(&mut self.variables, vec![Str::from("$")]);
        let outside = (self.ranges, self.parens, self.action_line);
        (self.ranges, self.parens, self.action_line) = (0, 0, 0);
        let (root, end) = self.list()?;
        if let End::Else(_) = end {
            return self.error(format!("unexpected {{{{else}}}} in {context}"));
        }
        self.add(name, root)?;
        self.variables = variables;
        (self.ranges, self.parens, self.action_line) = outside;
        Ok(())
    }

    fn definition(&mut self) -> Parse<()> {
        let context = "define clause";
        self.action_line = 0;
        let item = self.next_word();
        let name = self.template_name(item, context)?;
        self.expect_end(context)?;
        self.body(name, context)
    }

    fn template_name(&mut self, item: Item, context: &str) -> Parse<Str> {
        if !matches!(item.token, Token::String | Token::RawString) {
            return self.unexpected(item, context);
        }
        match quote::unquote(self.bytes(item)) {
            Some(name) => Ok(Str::from(name)),
            None => self.error("invalid syntax"),
        }
    }

    fn list(&mut self) -> Parse<(NodeId, End)> {
        self.depth += 1;
        if self.depth > PARSE_DEPTH_MAX {
            return Err(Error::limit_at(
                &self.out,
                self.tokens[0].line,
                format!("actions nest deeper than {PARSE_DEPTH_MAX} levels"),
            ));
        }
        let result = super::deep(|| self.list_here());
        self.depth -= 1;
        result
    }

    fn list_here(&mut self) -> Parse<(NodeId, End)> {
        let pos = self.peek_word().from;
        let mut nodes = Vec::new();
        while self.peek_word().token != Token::Eof {
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::End(end) => {
                    let kids = self.kids(&nodes);
                    return Ok((self.push(pos, pos, self.last, Kind::List(kids)), end));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parse<Step> {
        let item = self.next_word();
        match item.token {
            Token::Text => Ok(Step::Node(self.push(item.from, item.from, item.to, Kind::Text))),
            Token::LeftDelimiter => {
                self.action_line = item.line;
                let step = self.action(item.from);
                if step.is_ok() {
                    self.action_line = 0;
                }
                step
            }
            _ => self.unexpected(item, "input"),
        }
    }

    fn action(&mut self, from: u32) -> Parse<Step> {
        let item = self.next_word();
        let node = match item.token {
            Token::Keyword(Word::Block) => self.block(from)?,
            Token::Keyword(Word::Break) => self.jump(item, from, Kind::Break, "{{break}}")?,
            Token::Keyword(Word::Continue) => {
                self.jump(item, from, Kind::Continue, "{{continue}}")?
            }
            Token::Keyword(Word::Else) => return Ok(Step::End(self.otherwise()?)),
            Token::Keyword(Word::End) => {
                self.expect_end("end")?;
                return Ok(Step::End(End::End));
            }
            Token::Keyword(Word::If) => self.control("if", from)?,
            Token::Keyword(Word::Range) => self.control("range", from)?,
            Token::Keyword(Word::With) => self.control("with", from)?,
            Token::Keyword(Word::Template) => self.template(from)?,
            _ => {
                self.backup();
                let pos = self.peek().from;
                let pipe = self.pipeline("command", Token::RightDelimiter)?;
                self.push(pos, from, self.last, Kind::Action(pipe))
            }
        };
        Ok(Step::Node(node))
    }

    fn jump(&mut self, word: Item, from: u32, kind: Kind, shown: &str) -> Parse<NodeId> {
        let item = self.next_word();
        if item.token != Token::RightDelimiter {
            return self.unexpected(item, shown);
        }
        if self.ranges == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(self.push(word.from, from, item.to, kind))
    }

    fn otherwise(&mut self) -> Parse<End> {
        let item = self.peek_word();
        if matches!(item.token, Token::Keyword(Word::If | Word::With)) {
            return Ok(End::Else(item.from));
        }
        Ok(End::Else(self.expect_end("else")?.from))
    }

    fn control(&mut self, context: &'static str, from: u32) -> Parse<NodeId> {
        let outside = self.variables.len();
        let pipe = self.pipeline(context, Token::RightDelimiter)?;
        let head_end = self.last;
        self.ranges += usize::from(context == "range");
        let (list, end) = self.list()?;
        self.ranges -= usize::from(context == "range");
        let otherwise = match end {
            End::End => None,
            End::Else(pos) => Some(self.else_list(context, pos)?),
        };
        self.variables.truncate(outside);
        let branch = Branch { pipe, list, otherwise };
        let kind = match context {
            "if" => Kind::If(branch),
            "with" => Kind::With(branch),
            _ => Kind::Range(branch),
        };
        let pos = self.out.node(pipe).pos;
        Ok(self.push(pos, from, head_end, kind))
    }

    /// `{{else if x}}` is `{{else}}{{if x}}` whose `{{end}}` closes both.
    fn else_list(&mut self, context: &'static str, pos: u32) -> Parse<NodeId> {
        let chained = match (context, self.peek().token) {
            ("if", Token::Keyword(Word::If)) => Some("if"),
            ("with", Token::Keyword(Word::With)) => Some("with"),
            _ => None,
        };
        let Some(context) = chained else {
            let (list, end) = self.list()?;
            if let End::Else(_) = end {
                return self.error("expected end; found {{else}}");
            }
            return Ok(list);
        };
        let item = self.next();
        self.depth += 1;
        if self.depth > PARSE_DEPTH_MAX {
            return Err(Error::limit_at(
                &self.out,
                item.line,
                format!("actions nest deeper than {PARSE_DEPTH_MAX} levels"),
            ));
        }
        let node = super::deep(|| self.control(context, item.from))?;
        self.depth -= 1;
        let kids = self.kids(&[node]);
        Ok(self.push(pos, pos, self.last, Kind::List(kids)))
    }

    fn block(&mut self, from: u32) -> Parse<NodeId> {
        let context = "block clause";
        let item = self.next_word();
        let name = self.template_name(item, context)?;
        let pipe = self.pipeline(context, Token::RightDelimiter)?;
        let to = self.last;
        let ident = self.ident(name.clone());
        self.body(name, context)?;
        Ok(self.push(item.from, from, to, Kind::Template(ident, Some(pipe))))
    }

    fn template(&mut self, from: u32) -> Parse<NodeId> {
        let context = "template clause";
        let item = self.next_word();
        let name = self.template_name(item, context)?;
        let ident = self.ident(name);
        let mut pipe = None;
        if self.next_word().token != Token::RightDelimiter {
            self.backup();
            pipe = Some(self.pipeline(context, Token::RightDelimiter)?);
        }
        Ok(self.push(item.from, from, self.last, Kind::Template(ident, pipe)))
    }

    pub(super) fn function(&mut self, item: Item) -> Parse<NodeId> {
        let name = self.bytes(item);
        let (function, kind) = match self.functions.find(name) {
            Some(function) => (function, Builtin::None),
            None => match builtin::find(name) {
                Some(found) => found,
                None => {
                    let mut quoted = Vec::new();
                    quote::quote(&mut quoted, name, false);
                    let quoted = String::from_utf8_lossy(&quoted).into_owned();
                    return self.error(format!("function {quoted} not defined"));
                }
            },
        };
        Ok(self.push(item.from, item.from, item.to, Kind::Function(function, kind)))
    }

    pub(super) fn number(&mut self, item: Item) -> Parse<NodeId> {
        let text = self.bytes(item);
        let parsed = match item.token {
            Token::CharConstant => match quote::unquote_char(&text[1..], text[0]) {
                Some((code, _, used)) if &text[1 + used..] == b"'" => Ok(Number {
                    int: Some(i64::from(code)),
                    uint: Some(u64::from(code)),
                    float: Some(f64::from(code)),
                }),
                Some(_) => {
                    let text = String::from_utf8_lossy(text).into_owned();
                    return self.error(format!("malformed character constant: {text}"));
                }
                None => return self.error("invalid syntax"),
            },
            _ => number::parse(text),
        };
        match parsed {
            Ok(number) => {
                self.out.numbers.push(number);
                let index = as_u32(self.out.numbers.len() - 1);
                Ok(self.push(item.from, item.from, item.to, Kind::Number(index)))
            }
            Err(message) => {
                let mut quoted = Vec::new();
                quote::quote(&mut quoted, text, false);
                let quoted = String::from_utf8_lossy(&quoted).into_owned();
                self.error(format!("{message}: {quoted}"))
            }
        }
    }
}

//! Scalars with `${{ }}`, and lists and mappings of them.

use super::Reader;
use crate::codes;
use crate::expr::{Allowed, Ast, Expression, Kind, ParseError, ParseReason, Value, parse};
use crate::schema::{Row, Usable};
use crate::template::{Content, Key, Part, Template, TemplateMap, TemplateTree};
use crate::tree::{Condition, Spanned};
use bowline_diag::{Diagnostic, nearest};
use bowline_yaml::{Node, Resolved, Schema, Span, Yaml};

/// A piece of a scalar's text.
enum Piece<'s> {
    Text(&'s str),
    /// The inside of `${{ }}` and its number among those of this scalar.
    Expression(&'s str, usize),
}

impl Reader<'_> {
    /// A scalar of any type with its expressions.
    pub(super) fn template(&mut self, usable: Usable, node: &Node) -> Option<Template> {
        let Some(resolved) = node.resolve(Schema::Core12) else {
            let message = format!("a single value is needed here, and this is {}", node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        };
        let text = match resolved {
            Resolved::Str(text) if text.contains("${{") => text,
            literal => {
                let content = Content::Literal(value_of(literal));
                return Some(Template { span: node.span, content });
            }
        };
        if usable.contexts.is_empty() {
            let message = "no expression can stand here: the value must be known before the run";
            let span = self.expression_span(node, 0);
            self.error(codes::EXPRESSION, message, span, "");
            return None;
        }
        let content = self.pieces(text, node, usable)?;
        Some(Template { span: node.span, content })
    }

    /// The parts of a text that holds `${{`.
    fn pieces(&mut self, text: &str, node: &Node, usable: Usable) -> Option<Content> {
        let Some(pieces) = split(text) else {
            let message = "the expression is not closed: `}}` is missing";
            self.error(codes::EXPRESSION, message, node.span, "");
            return None;
        };
        let mut parts = Vec::new();
        let mut complete = true;
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(text.to_owned())),
                Piece::Expression(inside, number) => {
                    let span = self.expression_span(node, number);
                    match self.expression(inside, span, usable) {
                        Some(expression) => parts.push(Part::Expression(expression)),
                        None => complete = false,
                    }
                }
            }
        }
        if !complete {
            return None;
        }
        match parts.as_mut_slice() {
            [Part::Expression(only)] => Some(Content::Expression(only.clone())),
            _ => Some(Content::Parts(parts)),
        }
    }

    /// Parses the inside of `${{ }}`, which begins at `span`.
    fn expression(&mut self, inside: &str, span: Span, usable: Usable) -> Option<Expression> {
        let source = inside.trim();
        let blanks = inside.len() - inside.trim_start().len();
        let length = source.lines().next().unwrap_or_default().chars().count();
        let span = match inside[..blanks].contains('\n') {
            true => span,
            false => Span { column: span.column + blanks, length, ..span },
        };
        if source.is_empty() {
            self.error(codes::EXPRESSION, "an expression is missing between the braces", span, "");
            return None;
        }
        let allowed = Allowed { contexts: usable.contexts, functions: usable.functions };
        match parse(source, &allowed) {
            Ok(ast) => Some(Expression { source: source.to_owned(), ast, span }),
            Err(error) => {
                let error = self.parse_error(&error, source, span, usable);
                self.errors.push(error);
                None
            }
        }
    }

    fn parse_error(
        &self,
        error: &ParseError,
        source: &str,
        span: Span,
        usable: Usable,
    ) -> Diagnostic {
        let before: String = source.chars().take(error.position.saturating_sub(1)).collect();
        let place = |word: &str| match before.contains('\n') {
            true => span,
            false => Span {
                line: span.line,
                column: span.column + before.chars().count(),
                length: word.chars().count(),
            },
        };
        match &error.reason {
            ParseReason::UnknownContext(name) => {
                let found =
                    self.diagnostic(codes::UNKNOWN_NAME, error.to_string(), place(name), "");
                match nearest(name, usable.contexts.iter().copied()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => {
                        let known = usable.contexts.join("`, `");
                        found.help(format!("the contexts here are `{known}`"))
                    }
                }
            }
            ParseReason::UnknownFunction(name) => {
                let found =
                    self.diagnostic(codes::UNKNOWN_NAME, error.to_string(), place(name), "");
                match nearest(name, crate::expr::function_names()) {
                    Some(near) if near.eq_ignore_ascii_case(name) => {
                        found.help(format!("`{near}` cannot be used at this key"))
                    }
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found,
                }
            }
            ParseReason::NoToken(word)
            | ParseReason::UnexpectedSymbol(word)
            | ParseReason::UnexpectedEnd(word)
            | ParseReason::TooFewArguments(word)
            | ParseReason::TooManyArguments(word)
            | ParseReason::EvenArguments(word) => {
                let found = self.diagnostic(codes::EXPRESSION, error.to_string(), place(word), "");
                match word.starts_with('"') {
                    true => found.help("strings stand in single quotes"),
                    false => found,
                }
            }
            ParseReason::Empty | ParseReason::TooDeep | ParseReason::TooLong => {
                self.diagnostic(codes::EXPRESSION, error.to_string(), span, "")
            }
        }
    }

    /// Where the inside of the `number`th `${{` of a scalar begins in the file. Found by
    /// counting in the text itself, which holds for every style of scalar.
    fn expression_span(&self, node: &Node, number: usize) -> Span {
        let mut lines = self.text.split('\n').enumerate().skip(node.span.line.saturating_sub(1));
        let mut left = number;
        let mut from = node.span.column.saturating_sub(1);
        for (index, line) in &mut lines {
            let skipped: usize = line.chars().take(from).map(char::len_utf8).sum();
            let mut at = skipped;
            while let Some(found) = line[at..].find("${{") {
                at += found + 3;
                if left == 0 {
                    let column = line[..at].chars().count() + 1;
                    return Span { line: index + 1, column, length: 1 };
                }
                left -= 1;
            }
            from = 0;
        }
        node.span
    }

    /// A scalar as text: null is empty, numbers as GitHub writes them.
    pub(super) fn string(&mut self, row: &Row, node: &Node) -> Option<Template> {
        let template = self.template(row.expression, node)?;
        Some(match template.content {
            Content::Literal(value) => {
                let content = Content::Literal(Value::from(value.to_text()));
                Template { span: template.span, content }
            }
            Content::Expression(_) | Content::Parts(_) => template,
        })
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, row: &Row, node: &Node) -> Option<Template> {
        let template = self.string(row, node)?;
        if template.as_literal().is_some_and(|value| !value.is_truthy()) {
            let message = format!("`{}` needs a value", row.key);
            self.error(codes::WRONG_VALUE, message, node.span, "it is empty");
            return None;
        }
        Some(template)
    }

    /// A boolean, or an expression.
    pub(super) fn boolean(&mut self, row: &Row, node: &Node) -> Option<Template> {
        self.typed(row, node, "`true` or `false`", |value| matches!(value, Value::Bool(_)))
    }

    /// A number, or an expression.
    pub(super) fn number(&mut self, row: &Row, node: &Node) -> Option<Template> {
        self.typed(row, node, "a number", |value| matches!(value, Value::Number(_)))
    }

    fn typed(
        &mut self,
        row: &Row,
        node: &Node,
        what: &str,
        fits: fn(&Value) -> bool,
    ) -> Option<Template> {
        let template = self.template(row.expression, node)?;
        let wrong = match &template.content {
            Content::Literal(value) => !fits(value),
            Content::Expression(_) => false,
            Content::Parts(_) => true,
        };
        if wrong {
            let message = format!("`{}` takes {what} or one expression", row.key);
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        }
        Some(template)
    }

    /// A mapping of names to texts, or one expression that yields it.
    pub(super) fn map(&mut self, row: &Row, node: &Node) -> TemplateMap {
        let mut map = TemplateMap { span: node.span, ..TemplateMap::default() };
        let Some(entries) = node.as_mapping() else {
            if node.is_null(Schema::Core12) {
                return map;
            }
            map.whole = self.whole(row, node, "a mapping");
            return map;
        };
        for (key, value) in entries {
            let Some(key) = self.map_key(row, key) else { continue };
            let value = match key {
                Key::Insert(_) => self.template(row.expression, value),
                Key::Name(_) | Key::Template(_) => self.string(row, value),
            };
            map.entries.extend(value.map(|value| (key, value)));
        }
        map
    }

    /// One expression in the place of a list or mapping.
    pub(super) fn whole(&mut self, row: &Row, node: &Node, what: &str) -> Option<Template> {
        let holds_expression = node.as_str().is_some_and(|text| text.contains("${{"));
        if !holds_expression {
            let message = format!("`{}` takes {what}, and this is {}", row.key, node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        }
        let template = self.template(row.expression, node)?;
        if matches!(template.content, Content::Parts(_)) {
            let message = format!("`{}` takes {what} or one expression", row.key);
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        }
        Some(template)
    }

    fn map_key(&mut self, row: &Row, key: &Node) -> Option<Key> {
        let Some(text) = key.as_str() else {
            self.error(codes::WRONG_VALUE, "a key is a single value", key.span, "");
            return None;
        };
        if !text.contains("${{") {
            if text.is_empty() {
                self.error(codes::WRONG_VALUE, "a key must not be empty", key.span, "");
                return None;
            }
            return Some(Key::Name(Spanned::new(text.to_owned(), key.span)));
        }
        if let Some([Piece::Expression(inside, _)]) = split(text).as_deref()
            && inside.trim() == "insert"
        {
            return Some(Key::Insert(key.span));
        }
        self.template(row.expression, key).map(Key::Template)
    }

    /// Any YAML with templates in it.
    pub(super) fn tree(&mut self, row: &Row, node: &Node) -> Option<TemplateTree> {
        match &node.value {
            Yaml::Scalar(_) => self.template(row.expression, node).map(TemplateTree::Scalar),
            Yaml::Sequence(items) => {
                let items = items.iter().filter_map(|item| self.tree(row, item)).collect();
                Some(TemplateTree::Sequence(node.span, items))
            }
            Yaml::Mapping(entries) => {
                let mut found = Vec::new();
                for (key, value) in entries {
                    let key = self.map_key(row, key);
                    let value = self.tree(row, value);
                    found.extend(key.zip(value));
                }
                Some(TemplateTree::Mapping(node.span, found))
            }
        }
    }

    /// `if:`, with the implicit `success()`. An absent or empty one is `success()` alone.
    pub(super) fn condition(&mut self, found: Option<(&Row, &Node)>) -> Condition {
        let always_read = |source: &str, ast: Ast, span: Option<Span>| Condition {
            span,
            expression: Expression {
                source: source.to_owned(),
                ast,
                span: span.unwrap_or_default(),
            },
        };
        let success = || Ast::new(Kind::Call("success", Vec::new()), 0);
        let Some((row, node)) = found else { return always_read("success()", success(), None) };
        let span = Some(node.span);
        let Some(expression) = self.condition_expression(row, node) else {
            return always_read("success()", success(), span);
        };
        if expression.ast.has_status_function() {
            return Condition { span, expression };
        }
        let source = format!("success() && ({})", expression.source);
        let ast = Ast::new(Kind::And(vec![success(), expression.ast]), 0);
        Condition { span, expression: Expression { source, ast, span: expression.span } }
    }

    /// What stands in an `if:`; nothing when it is empty or broken (and then reported).
    fn condition_expression(&mut self, row: &Row, node: &Node) -> Option<Expression> {
        let Some(resolved) = node.resolve(Schema::Core12) else {
            self.error(codes::WRONG_VALUE, "`if` takes an expression", node.span, "");
            return None;
        };
        let text = value_of(resolved).to_text();
        if text.contains("${{") {
            return match self.pieces(&text, node, row.expression)? {
                Content::Expression(expression) => Some(expression),
                Content::Parts(parts) => Some(formatted(parts, node.span)),
                Content::Literal(_) => None,
            };
        }
        if text.trim().is_empty() {
            return None;
        }
        let quoted = usize::from(self.source_at(node.span).is_some_and(|c| c == '\'' || c == '"'));
        let span = Span { column: node.span.column + quoted, ..node.span };
        self.expression(&text, span, row.expression)
    }

    fn source_at(&self, span: Span) -> Option<char> {
        self.text
            .split('\n')
            .nth(span.line.checked_sub(1)?)?
            .chars()
            .nth(span.column.checked_sub(1)?)
    }
}

/// Text around `${{ }}` in an `if:` makes the whole a `format` call, as on GitHub: a text that
/// is not empty, so always true.
fn formatted(parts: Vec<Part>, span: Span) -> Expression {
    let mut text = String::new();
    let mut arguments = Vec::new();
    let mut sources = Vec::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(&piece.replace('{', "{{").replace('}', "}}")),
            Part::Expression(expression) => {
                text.push_str(&format!("{{{}}}", arguments.len()));
                sources.push(expression.source);
                arguments.push(expression.ast);
            }
        }
    }
    let source = format!("format('{}', {})", text.replace('\'', "''"), sources.join(", "));
    arguments.insert(0, Ast::new(Kind::Literal(Value::from(text)), 0));
    Expression { source, ast: Ast::new(Kind::Call("format", arguments), 0), span }
}

fn value_of(resolved: Resolved<'_>) -> Value {
    match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(value) => Value::Bool(value),
        Resolved::Int(value) => Value::Number(value as f64),
        Resolved::Number(value) => Value::Number(value),
        Resolved::Str(text) => Value::from(text),
    }
}

/// Text and the insides of `${{ }}`; `None` when one is not closed. Strings inside an
/// expression may hold `}}`.
fn split(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut number = 0;
    while let Some(at) = rest.find("${{") {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let inside = &rest[at + 3..];
        let end = closing(inside)?;
        pieces.push(Piece::Expression(&inside[..end], number));
        number += 1;
        rest = &inside[end + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Some(pieces)
}

/// Where `}}` stands outside strings.
fn closing(inside: &str) -> Option<usize> {
    let mut in_string = false;
    let bytes = inside.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => in_string = !in_string,
            b'}' if !in_string && bytes.get(index + 1) == Some(&b'}') => return Some(index),
            _ => {}
        }
    }
    None
}

//! Tokens to a tree.

use super::ast::{Ast, Comparison, Kind};
use super::error::{ParseError, ParseReason};
use super::function::{self, Signature};
use super::lex::{self, Token, TokenKind};
use super::value::Value;
use crate::limits::{DEPTH_MAX, EXPRESSION_CHARACTERS_MAX, PARENTHESES_MAX};

/// The names that may be used at a place, in lower case. The functions that every place has
/// (`contains`, `format` …) need not be named.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// Contexts.
    pub contexts: &'a [&'a str],
    /// Of `hashfiles success failure cancelled always`.
    pub functions: &'a [&'a str],
}

/// Parses an expression. A blank text is null; that `${{ }}` and `if:` must not be blank is the
/// reader's rule.
///
/// # Errors
/// The first place that breaks the grammar, an unknown name, or a limit.
pub fn parse(source: &str, allowed: &Allowed<'_>) -> Result<Ast, ParseError> {
    if source.chars().count() > EXPRESSION_CHARACTERS_MAX {
        return Err(ParseError { reason: ParseReason::TooLong, position: 0 });
    }
    let (tokens, broken) = lex::tokens(source);
    if tokens.is_empty() && broken.is_none() {
        return Ok(Ast::new(Kind::Literal(Value::Null), 0));
    }
    let mut parser = Parser { tokens: &tokens, broken, at: 0, allowed, open: 0 };
    let ast = parser.or()?;
    match (parser.peek(), parser.broken) {
        (Some(token), _) => Err(unexpected(token)),
        (None, Some(broken)) => Err(broken),
        (None, None) if ast.depth() > DEPTH_MAX => Err(too_deep()),
        (None, None) => Ok(ast),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    /// What stands after the last token and is none.
    broken: Option<ParseError>,
    at: usize,
    allowed: &'a Allowed<'a>,
    /// Groups, calls and signs that are open: bounds the recursion.
    open: usize,
}

fn unexpected(token: &Token) -> ParseError {
    let reason = ParseReason::UnexpectedSymbol(token.text.clone());
    ParseError { reason, position: token.position }
}

fn too_deep() -> ParseError {
    ParseError { reason: ParseReason::TooDeep, position: 0 }
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, kind: &TokenKind) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    /// The next token; the end of the expression is an error here.
    fn next(&mut self) -> Result<&'a Token, ParseError> {
        match self.tokens.get(self.at) {
            Some(token) => {
                self.at += 1;
                Ok(token)
            }
            None => Err(self.end()),
        }
    }

    /// Why there is no next token.
    fn end(&self) -> ParseError {
        match (&self.broken, self.tokens.last()) {
            (Some(broken), _) => broken.clone(),
            (None, Some(last)) => {
                let reason = ParseReason::UnexpectedEnd(last.text.clone());
                ParseError { reason, position: last.position }
            }
            (None, None) => ParseError { reason: ParseReason::Empty, position: 0 },
        }
    }

    fn expect(&mut self, kind: &TokenKind) -> Result<(), ParseError> {
        let token = self.next()?;
        if token.kind == *kind { Ok(()) } else { Err(unexpected(token)) }
    }

    fn or(&mut self) -> Result<Ast, ParseError> {
        let first = self.and()?;
        let position = first.position;
        let mut items = vec![first];
        while self.is(&TokenKind::Operator("||")) {
            self.at += 1;
            items.push(self.and()?);
        }
        Ok(joined(items, position, Kind::Or))
    }

    fn and(&mut self) -> Result<Ast, ParseError> {
        let first = self.equality()?;
        let position = first.position;
        let mut items = vec![first];
        while self.is(&TokenKind::Operator("&&")) {
            self.at += 1;
            items.push(self.equality()?);
        }
        Ok(joined(items, position, Kind::And))
    }

    fn equality(&mut self) -> Result<Ast, ParseError> {
        let mut left = self.relation()?;
        let mut chain = 0;
        while let Some(comparison) =
            self.comparison(&[("==", Comparison::Equal), ("!=", Comparison::NotEqual)])
        {
            let right = self.relation()?;
            left = compared(comparison, left, right);
            chain = lengthened(chain)?;
        }
        Ok(left)
    }

    fn relation(&mut self) -> Result<Ast, ParseError> {
        let mut left = self.unary()?;
        let mut chain = 0;
        while let Some(comparison) = self.comparison(&[
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ]) {
            let right = self.unary()?;
            left = compared(comparison, left, right);
            chain = lengthened(chain)?;
        }
        Ok(left)
    }

    fn comparison(&mut self, table: &[(&str, Comparison)]) -> Option<Comparison> {
        let TokenKind::Operator(text) = self.peek()?.kind else { return None };
        let found = table.iter().find(|(operator, _)| *operator == text)?;
        self.at += 1;
        Some(found.1)
    }

    fn enter(&mut self) -> Result<(), ParseError> {
        self.open += 1;
        if self.open > PARENTHESES_MAX { Err(too_deep()) } else { Ok(()) }
    }

    fn unary(&mut self) -> Result<Ast, ParseError> {
        if !self.is(&TokenKind::Operator("!")) {
            return self.postfix();
        }
        let token = self.next()?;
        self.enter()?;
        let inner = self.unary()?;
        self.open -= 1;
        Ok(Ast::new(Kind::Not(Box::new(inner)), token.position))
    }

    fn postfix(&mut self) -> Result<Ast, ParseError> {
        // `.` and `[` may follow names, calls, groups and other indexes, never a bare literal.
        let group = self.is(&TokenKind::OpenGroup);
        let mut value = self.primary()?;
        let indexable = group || !matches!(value.kind, Kind::Literal(_));
        let mut chain = 0;
        while let Some(token) = self.peek().filter(|_| indexable) {
            value = match token.kind {
                TokenKind::Dot => {
                    self.at += 1;
                    self.property(value, token.position)?
                }
                TokenKind::OpenIndex => {
                    self.at += 1;
                    self.index(value, token.position)?
                }
                _ => break,
            };
            chain = lengthened(chain)?;
        }
        Ok(value)
    }

    fn property(&mut self, value: Ast, position: usize) -> Result<Ast, ParseError> {
        let token = self.next()?;
        match token.kind {
            TokenKind::Star => Ok(Ast::new(Kind::Star(Box::new(value)), position)),
            TokenKind::Word => {
                let name = Kind::Literal(Value::String(token.text.as_str().into()));
                let name = Box::new(Ast::new(name, token.position));
                Ok(Ast::new(Kind::Index(Box::new(value), name), position))
            }
            _ => Err(unexpected(token)),
        }
    }

    fn index(&mut self, value: Ast, position: usize) -> Result<Ast, ParseError> {
        if self.is(&TokenKind::Star) {
            self.at += 1;
            self.expect(&TokenKind::CloseIndex)?;
            return Ok(Ast::new(Kind::Star(Box::new(value)), position));
        }
        self.enter()?;
        let index = self.or()?;
        self.open -= 1;
        self.expect(&TokenKind::CloseIndex)?;
        Ok(Ast::new(Kind::Index(Box::new(value), Box::new(index)), position))
    }

    fn primary(&mut self) -> Result<Ast, ParseError> {
        let token = self.next()?;
        let literal = |value: Value| Ok(Ast::new(Kind::Literal(value), token.position));
        match &token.kind {
            TokenKind::Number(number) => literal(Value::Number(*number)),
            TokenKind::String(text) => literal(Value::String(text.as_str().into())),
            TokenKind::OpenGroup => {
                self.enter()?;
                let inner = self.or()?;
                self.open -= 1;
                self.expect(&TokenKind::CloseGroup)?;
                Ok(Ast { kind: inner.kind, position: token.position })
            }
            TokenKind::Word if self.is(&TokenKind::OpenGroup) => self.call(token),
            TokenKind::Word => match token.text.as_str() {
                "null" => literal(Value::Null),
                "true" => literal(Value::Bool(true)),
                "false" => literal(Value::Bool(false)),
                "NaN" => literal(Value::Number(f64::NAN)),
                "Infinity" => literal(Value::Number(f64::INFINITY)),
                _ => self.context(token),
            },
            TokenKind::CloseGroup
            | TokenKind::OpenIndex
            | TokenKind::CloseIndex
            | TokenKind::Separator
            | TokenKind::Dot
            | TokenKind::Star
            | TokenKind::Operator(_) => Err(unexpected(token)),
        }
    }

    fn context(&self, token: &Token) -> Result<Ast, ParseError> {
        let name = token.text.to_lowercase();
        if self.allowed.contexts.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            return Ok(Ast::new(Kind::Context(name), token.position));
        }
        let reason = ParseReason::UnknownContext(token.text.clone());
        Err(ParseError { reason, position: token.position })
    }

    fn call(&mut self, name: &Token) -> Result<Ast, ParseError> {
        let Some(signature) = function::signature(&name.text, self.allowed.functions) else {
            let reason = ParseReason::UnknownFunction(name.text.clone());
            return Err(ParseError { reason, position: name.position });
        };
        self.expect(&TokenKind::OpenGroup)?;
        self.enter()?;
        let mut arguments = Vec::new();
        if !self.is(&TokenKind::CloseGroup) {
            loop {
                arguments.push(self.or()?);
                if !self.is(&TokenKind::Separator) {
                    break;
                }
                self.at += 1;
            }
        }
        self.open -= 1;
        self.expect(&TokenKind::CloseGroup)?;
        check_arguments(signature, name, arguments.len())?;
        Ok(Ast::new(Kind::Call(signature.name, arguments), name.position))
    }
}

fn check_arguments(signature: &Signature, name: &Token, count: usize) -> Result<(), ParseError> {
    let written = name.text.clone();
    let reason = if count < signature.least {
        ParseReason::TooFewArguments(written)
    } else if count > signature.most {
        ParseReason::TooManyArguments(written)
    } else if signature.odd && count.is_multiple_of(2) {
        ParseReason::EvenArguments(written)
    } else {
        return Ok(());
    };
    Err(ParseError { reason, position: name.position })
}

/// A chain of operators is no recursion here, but a deep tree to walk and to drop.
fn lengthened(chain: usize) -> Result<usize, ParseError> {
    if chain >= DEPTH_MAX { Err(too_deep()) } else { Ok(chain + 1) }
}

fn joined(mut items: Vec<Ast>, position: usize, kind: fn(Vec<Ast>) -> Kind) -> Ast {
    if items.len() == 1
        && let Some(only) = items.pop()
    {
        return only;
    }
    Ast::new(kind(items), position)
}

fn compared(comparison: Comparison, left: Ast, right: Ast) -> Ast {
    let position = left.position;
    Ast::new(Kind::Compare(comparison, Box::new(left), Box::new(right)), position)
}

//! The grammar inside an action: pipelines, commands, operands, terms.

use super::ast::{Kind, NodeId};
use super::lex::Token;
use super::parse::{Parse, Parser};
use super::quote;
use super::value::Str;
use crate::limits::PARSE_DEPTH_MAX;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Token) -> Parse<NodeId> {
        let pos = self.peek_word().from;
        let (declared, assign) = self.declarations(context)?;
        let mut commands = Vec::new();
        loop {
            let item = self.next_word();
            match item.token {
                token if token == end => break,
                Token::Bool
                | Token::CharConstant
                | Token::Complex
                | Token::Dot
                | Token::Field
                | Token::Identifier
                | Token::Number
                | Token::Keyword(super::lex::Word::Nil)
                | Token::RawString
                | Token::String
                | Token::Variable
                | Token::LeftParen => {
                    self.backup();
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(item, context),
            }
        }
        self.check_pipeline(&commands, context)?;
        let to = self.last;
        let declares = self.kids(&declared);
        let commands = self.kids(&commands);
        Ok(self.push(pos, pos, to, Kind::Pipe { assign, declares, commands }))
    }

    /// `$x :=`, `$x =`, `$i, $x :=`; Go looks three tokens ahead to tell them from `$x arg`.
    fn declarations(&mut self, context: &str) -> Parse<(Vec<NodeId>, bool)> {
        let mut declared = Vec::new();
        let mut assign = false;
        loop {
            let variable = self.peek_word();
            if variable.token != Token::Variable {
                return Ok((declared, assign));
            }
            self.next();
            let after = self.peek();
            let next = self.peek_word();
            let comma = next.token == Token::Char && self.bytes(next) == b",";
            if matches!(next.token, Token::Assign | Token::Declare) || comma {
                assign = next.token == Token::Assign || comma && assign;
                self.next_word();
                let name = Str::from(self.bytes(variable));
                self.variables.push(name.clone());
                let ident = self.ident(name);
                let names = self.names(&[]);
                let kind = Kind::Variable(ident, names);
                declared.push(self.push(variable.from, variable.from, variable.to, kind));
            }
            if matches!(next.token, Token::Assign | Token::Declare) {
                return Ok((declared, assign));
            }
            if comma {
                if context != "range" || declared.len() >= 2 {
                    return self.error(format!("too many declarations in {context}"));
                }
                match self.peek_word().token {
                    Token::Variable | Token::RightDelimiter | Token::RightParen => continue,
                    _ => return self.error("range can only initialize variables"),
                }
            }
            if after.token == Token::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok((declared, assign));
        }
    }

    fn check_pipeline(&mut self, commands: &[NodeId], context: &str) -> Parse<()> {
        if commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, &command) in commands.iter().enumerate().skip(1) {
            let Kind::Command(args) = self.kind(command) else { continue };
            let first = self.out.kids(args)[0];
            let value = matches!(
                self.kind(first),
                Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::String(_)
            );
            if value {
                let stage = index + 1;
                return self.error(format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parse<NodeId> {
        let pos = self.peek_word().from;
        let mut args = Vec::new();
        let mut to = pos;
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                args.push(operand);
                to = self.last;
            }
            let item = self.next();
            match item.token {
                Token::Space => continue,
                Token::RightDelimiter | Token::RightParen => self.backup(),
                Token::Pipe => {}
                _ => return self.unexpected(item, "operand"),
            }
            break;
        }
        if args.is_empty() {
            return self.error("empty command");
        }
        let args = self.kids(&args);
        Ok(self.push(pos, pos, to, Kind::Command(args)))
    }

    fn operand(&mut self) -> Parse<Option<NodeId>> {
        let Some(node) = self.term()? else { return Ok(None) };
        if self.peek().token != Token::Field {
            return Ok(Some(node));
        }
        let pos = self.peek().from;
        let mut fields: Vec<Vec<u8>> = Vec::new();
        while self.peek().token == Token::Field {
            let item = self.next();
            fields.push(self.bytes(item)[1..].to_vec());
        }
        let from = self.out.node(node).from;
        let to = self.last;
        let kind = match self.kind(node) {
            Kind::Field(first) => {
                let first = self.out.names(first).iter().map(|name| name.to_vec());
                let all: Vec<Vec<u8>> = first.chain(fields).collect();
                Kind::Field(self.names(&all))
            }
            Kind::Variable(name, _) => Kind::Variable(name, self.names(&fields)),
            Kind::Bool(_) | Kind::String(_) | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                let mut quoted = Vec::new();
                quote::quote(&mut quoted, &self.out.print(node), false);
                let quoted = String::from_utf8_lossy(&quoted).into_owned();
                return self.error(format!("unexpected . after term {quoted}"));
            }
            _ => Kind::Chain(node, self.names(&fields)),
        };
        Ok(Some(self.push(pos, from, to, kind)))
    }

    fn term(&mut self) -> Parse<Option<NodeId>> {
        let item = self.next_word();
        let kind = match item.token {
            Token::Identifier => return self.function(item).map(Some),
            Token::Dot => Kind::Dot,
            Token::Keyword(super::lex::Word::Nil) => Kind::Nil,
            Token::Variable => {
                let name = Str::from(self.bytes(item));
                if !self.variables.contains(&name) {
                    let mut quoted = Vec::new();
                    quote::quote(&mut quoted, &name, false);
                    let quoted = String::from_utf8_lossy(&quoted).into_owned();
                    return self.error(format!("undefined variable {quoted}"));
                }
                let ident = self.ident(name);
                Kind::Variable(ident, self.names(&[]))
            }
            Token::Field => {
                let name = self.bytes(item)[1..].to_vec();
                Kind::Field(self.names(&[name]))
            }
            Token::Bool => Kind::Bool(self.bytes(item) == b"true"),
            Token::CharConstant | Token::Complex | Token::Number => {
                return self.number(item).map(Some);
            }
            Token::LeftParen => return self.parenthesised().map(Some),
            Token::String | Token::RawString => {
                let Some(text) = quote::unquote(self.bytes(item)) else {
                    return self.error("invalid syntax");
                };
                Kind::String(self.ident(text))
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.push(item.from, item.from, item.to, kind)))
    }

    fn parenthesised(&mut self) -> Parse<NodeId> {
        if self.parens >= PARSE_DEPTH_MAX {
            return self.error("max expression depth exceeded");
        }
        self.parens += 1;
        let pipe = super::deep(|| self.pipeline("parenthesized pipeline", Token::RightParen))?;
        self.parens -= 1;
        Ok(pipe)
    }
}

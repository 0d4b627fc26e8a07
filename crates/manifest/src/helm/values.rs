//! The values that a user gives: files in order, then the `--set` flags.

use super::chart;
use super::coalesce::{empty, table};
use super::error::Error;
use super::strvals::{self, Flavour};
use crate::tmpl::{Map, Str, Value};
use bowline_yaml::{Limits, Node, parse_documents};
use serde_json::Value as Json;
use std::rc::Rc;

/// A values file.
#[derive(Clone, Debug)]
pub struct ValuesFile {
    /// As messages name it.
    pub path: String,
    /// Its content.
    pub text: Str,
}

/// Everything that a user says about values.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// `-f`, later ones over earlier ones.
    pub files: Vec<ValuesFile>,
    /// `--set-json`.
    pub json: Vec<String>,
    /// `--set`.
    pub typed: Vec<String>,
    /// `--set-string`.
    pub text: Vec<String>,
    /// `--set-file`: the argument, with the files that it names.
    pub set_files: Vec<(String, Vec<ValuesFile>)>,
    /// `--set-literal`.
    pub literal: Vec<String>,
}

impl Values {
    /// All of them as one map, in Helm's order of flags.
    ///
    /// # Errors
    /// A file that is no mapping, or an argument that is not in the grammar.
    pub fn merged(&self) -> Result<Rc<Map>, Error> {
        let mut base = serde_json::Map::new();
        for file in &self.files {
            if let Json::Object(map) = chart::values(&file.path, &file.text)? {
                chart::merge(&mut base, map);
            }
        }
        let mut flags = Vec::new();
        for argument in &self.json {
            let trimmed = argument.trim();
            if trimmed.starts_with('{') && flags.is_empty() {
                let map: serde_json::Map<String, Json> =
                    serde_json::from_str(trimmed).map_err(|error| {
                        let message = format!("cannot read `--set-json {argument}`: {error}");
                        Error::values(message)
                    })?;
                chart::merge(&mut base, map);
            } else {
                flags.push(argument);
            }
        }
        let value = Value::from(&Json::Object(base));
        let map = table(&value).cloned().unwrap_or_else(empty);
        let failed = |flag: &str, argument: &str, why: String| {
            Error::values(format!("cannot read `{flag} {argument}`: {why}"))
        };
        for argument in flags {
            set_json(argument, &map).map_err(|why| failed("--set-json", argument, why))?;
        }
        for (flag, arguments, flavour) in
            [("--set", &self.typed, Flavour::Typed), ("--set-string", &self.text, Flavour::Text)]
        {
            for argument in arguments {
                strvals::read(argument, flavour, &map)
                    .map_err(|why| failed(flag, argument, why))?;
            }
        }
        for (argument, files) in &self.set_files {
            let content = |name: &str| {
                let found = files.iter().find(|file| file.path == name);
                found.map(|file| file.text.clone()).ok_or_else(|| format!("no file `{name}`"))
            };
            strvals::read_files(argument, &map, &content)
                .map_err(|why| failed("--set-file", argument, why))?;
        }
        for argument in &self.literal {
            strvals::read(argument, Flavour::Literal, &map)
                .map_err(|why| failed("--set-literal", argument, why))?;
        }
        Ok(map)
    }

    /// The place of a value in the last file that sets it, or the nearest table above it.
    pub fn place(&self, path: &[&str]) -> Option<(&ValuesFile, usize, usize, bool)> {
        let found = self.files.iter().rev().filter_map(|file| {
            let (line, column, depth) = place_in(&file.text, path)?;
            Some((file, line, column, depth))
        });
        let best = found.max_by_key(|(.., depth)| *depth)?;
        let (file, line, column, depth) = best;
        Some((file, line, column, depth == path.len()))
    }
}

fn set_json(argument: &str, map: &Rc<Map>) -> Result<(), String> {
    let trimmed = argument.trim();
    if !trimmed.starts_with('{') {
        return strvals::read(argument, Flavour::Json, map);
    }
    let json: Json = serde_json::from_str(trimmed).map_err(|error| error.to_string())?;
    if let Value::Map(over) = Value::from(&json) {
        merge_into(map, &over);
    }
    Ok(())
}

fn merge_into(under: &Rc<Map>, over: &Rc<Map>) {
    for (key, value) in over.snapshot() {
        match (under.get(&key), &value) {
            (Some(Value::Map(under)), Value::Map(over)) => merge_into(&under, over),
            _ => {
                under.set(key, value);
            }
        }
    }
}

/// Line and column of the deepest part of a path that a values file has, and how deep it is.
pub(crate) fn place_in(text: &[u8], path: &[&str]) -> Option<(usize, usize, usize)> {
    let text = std::str::from_utf8(text).ok()?;
    let documents = parse_documents(text, &Limits::charts()).ok()?;
    let of = |root: &Node| -> Option<(usize, usize, usize)> {
        let (mut node, mut found) = (root, None);
        for (depth, part) in path.iter().enumerate() {
            let Some(key) = node.key(part) else { break };
            found = Some((key.span.line, key.span.column, depth + 1));
            let Some(next) = node.get(part) else { break };
            node = next;
        }
        found
    };
    documents.iter().filter_map(of).max_by_key(|(.., depth)| *depth)
}

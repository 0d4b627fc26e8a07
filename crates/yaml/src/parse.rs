//! From text to trees.

use crate::tag_guard;
use crate::{Error, Limits, Node, Problem, Scalar, Span, Style, Yaml};
use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};
use std::collections::{HashMap, HashSet};

/// Reads every document of `text`. An empty text has no documents; a document without content
/// is a null scalar.
///
/// # Errors
/// The first place where the text is no YAML, exceeds a limit, repeats a key of a mapping, or
/// names an anchor that does not exist.
pub fn parse_documents(text: &str, limits: &Limits) -> Result<Vec<Node>, Error> {
    if text.len() > limits.bytes_max {
        let (has, max) = (text.len(), limits.bytes_max);
        let message = format!("the file has {has} bytes; at most {max} are read");
        return Err(Error::new(Problem::Limit, message, (1, 1)));
    }
    // A byte order mark belongs to the encoding, not to the text (YAML 1.2.2, 5.2).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The scanner must not meet the end of the text inside a token.
    let ended = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    tag_guard::check(&ended)?;
    let mut parser = Parser::new();
    parser.set_encoding(libyaml_safer::Encoding::Utf8);
    parser.set_input(ended.as_bytes());
    let lines = text.split('\n').collect();
    let mut composer = Composer {
        parser,
        lines,
        limits,
        added_end: (ended.len() > text.len()).then_some(text.len()),
        nodes: 0,
        events: 0,
        depth: 0,
        anchors: HashMap::new(),
        open: HashSet::new(),
    };
    composer.documents()
}

/// Where a mark is, counted from 1.
pub(crate) fn place(mark: Mark) -> (usize, usize) {
    let from_one = |value: u64| usize::try_from(value).unwrap_or(usize::MAX - 1) + 1;
    (from_one(mark.line), from_one(mark.column))
}

struct Composer<'t> {
    parser: Parser<&'t [u8]>,
    lines: Vec<&'t str>,
    limits: &'t Limits,
    /// The length of a text whose last line had no end, so that one was added.
    added_end: Option<usize>,
    nodes: usize,
    events: usize,
    depth: usize,
    /// The finished nodes of this document that carry an anchor, with their node counts.
    anchors: HashMap<String, (Node, usize)>,
    /// Anchors whose node is not finished yet.
    open: HashSet<String>,
}

impl Composer<'_> {
    fn documents(&mut self) -> Result<Vec<Node>, Error> {
        let mut documents = Vec::new();
        loop {
            let event = self.next()?;
            match event.data {
                EventData::StreamStart { .. } => {}
                EventData::StreamEnd => return Ok(documents),
                EventData::DocumentStart { .. } => {
                    self.anchors.clear();
                    self.open.clear();
                    let root = self.next()?;
                    documents.push(self.node(root)?);
                    self.next()?; // The end of the document.
                }
                _ => {
                    let message = "the document does not end where it should";
                    return Err(Error::new(Problem::Syntax, message, place(event.start_mark)));
                }
            }
        }
    }

    fn next(&mut self) -> Result<Event, Error> {
        let event = self.parser.parse().map_err(|error| indented(syntax(&error), &self.lines))?;
        self.count_events(1, event.start_mark)?;
        Ok(event)
    }

    fn count_events(&mut self, more: usize, at: Mark) -> Result<(), Error> {
        self.events = self.events.saturating_add(more);
        if self.events > self.limits.events_max {
            let message = format!("the file has more than {} YAML events", self.limits.events_max);
            return Err(Error::new(Problem::Limit, message, place(at)));
        }
        Ok(())
    }

    fn count_nodes(&mut self, more: usize, at: Mark) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > self.limits.nodes_max {
            let max = self.limits.nodes_max;
            let message = format!("the file has more than {max} YAML nodes, aliases counted");
            return Err(Error::new(Problem::Limit, message, place(at)));
        }
        Ok(())
    }

    /// The node that begins with `event`.
    fn node(&mut self, event: Event) -> Result<Node, Error> {
        let (start, end) = (event.start_mark, event.end_mark);
        match event.data {
            EventData::Alias { anchor } => self.alias(&anchor, start),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                self.count_nodes(1, start)?;
                let style = scalar_style(style);
                let text = self.without_added_end(value, style, end);
                let value = Yaml::Scalar(Scalar { text, style });
                Ok(self.finish(Node { span: self.span(start, end), tag, anchor, value }))
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                self.enter(anchor.as_deref(), start)?;
                let mut items = Vec::new();
                let end = loop {
                    let event = self.next()?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break event.end_mark;
                    }
                    items.push(self.node(event)?);
                };
                self.depth -= 1;
                let span = self.span(start, end);
                Ok(self.finish(Node { span, tag, anchor, value: Yaml::Sequence(items) }))
            }
            EventData::MappingStart { anchor, tag, .. } => {
                self.enter(anchor.as_deref(), start)?;
                let (entries, end) = self.entries()?;
                self.depth -= 1;
                let span = self.span(start, end);
                Ok(self.finish(Node { span, tag, anchor, value: Yaml::Mapping(entries) }))
            }
            _ => Err(Error::new(Problem::Syntax, "a value is missing here", place(start))),
        }
    }

    /// A block at the end of a text without a last line break has none either.
    fn without_added_end(&self, mut text: String, style: Style, end: Mark) -> String {
        let block = matches!(style, Style::Literal | Style::Folded);
        let at_end = self.added_end.is_some_and(|length| end.index > length as u64);
        if block && at_end && text.ends_with('\n') {
            text.pop();
        }
        text
    }

    fn enter(&mut self, anchor: Option<&str>, at: Mark) -> Result<(), Error> {
        self.count_nodes(1, at)?;
        self.depth += 1;
        if self.depth > self.limits.depth_max {
            let max = self.limits.depth_max;
            let message = format!("lists and mappings are nested more than {max} deep");
            return Err(Error::new(Problem::Limit, message, place(at)));
        }
        if let Some(anchor) = anchor {
            self.open.insert(anchor.to_owned());
        }
        Ok(())
    }

    /// Remembers a finished node under its anchor.
    fn finish(&mut self, node: Node) -> Node {
        if let Some(anchor) = &node.anchor {
            self.open.remove(anchor);
            self.anchors.insert(anchor.clone(), (node.clone(), node.count()));
        }
        node
    }

    fn alias(&mut self, anchor: &str, at: Mark) -> Result<Node, Error> {
        if self.open.contains(anchor) {
            let message = format!("the alias `*{anchor}` stands inside its own anchor");
            return Err(Error::new(Problem::Alias, message, place(at)));
        }
        let Some((node, count)) = self.anchors.get(anchor) else {
            let message = format!("the alias `*{anchor}` has no anchor before it");
            return Err(Error::new(Problem::Alias, message, place(at)));
        };
        // Counted before it is copied, so that a bomb costs nothing.
        let (node, count, depth) = (node, *count, depth_of(node));
        if self.depth + depth > self.limits.depth_max {
            let max = self.limits.depth_max;
            let message = format!("lists and mappings are nested more than {max} deep");
            return Err(Error::new(Problem::Limit, message, place(at)));
        }
        if self.nodes.saturating_add(count) <= self.limits.nodes_max {
            let mut copy = node.clone();
            copy.anchor = None;
            self.count_nodes(count, at)?;
            self.count_events(count, at)?;
            return Ok(copy);
        }
        self.count_nodes(count, at)?;
        Err(Error::new(Problem::Limit, "the aliases expand to too many nodes", place(at)))
    }

    fn entries(&mut self) -> Result<(Vec<(Node, Node)>, Mark), Error> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut merged: Vec<(Node, Node)> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::MappingEnd) {
                for (key, value) in merged {
                    let name = self.key_name(&key);
                    if name.is_none_or(|name| !seen.contains_key(&name)) {
                        entries.push((key, value));
                    }
                }
                return Ok((entries, event.end_mark));
            }
            let key = self.node(event)?;
            let event = self.next()?;
            let value = self.node(event)?;
            if self.limits.merge_keys && is_merge(&key) {
                merge(&value, &mut merged)?;
                continue;
            }
            if !self.limits.duplicate_keys
                && let Some(name) = self.key_name(&key)
            {
                self.refuse_second(&key, &name, &mut seen)?;
            }
            entries.push((key, value));
        }
    }

    fn refuse_second(
        &self,
        key: &Node,
        name: &str,
        seen: &mut HashMap<String, Span>,
    ) -> Result<(), Error> {
        let Some(first) = seen.insert(name.to_owned(), key.span) else { return Ok(()) };
        let written = key.as_str().unwrap_or(name);
        let message = format!("the key `{written}` is already set in line {}", first.line);
        Err(Error::new(Problem::DuplicateKey, message, (key.span.line, key.span.column)))
    }

    /// The name under which a key is compared.
    fn key_name(&self, key: &Node) -> Option<String> {
        let text = key.as_str()?;
        Some(if self.limits.keys_ignore_case { text.to_uppercase() } else { text.to_owned() })
    }

    fn span(&self, start: Mark, end: Mark) -> Span {
        let (line, column) = place(start);
        let (last_line, last_column) = place(end);
        let length = if line == last_line {
            last_column.saturating_sub(column)
        } else {
            let first = self.lines.get(line - 1).copied().unwrap_or_default();
            first.trim_end().chars().count().saturating_sub(column - 1)
        };
        Span { line, column, length }
    }
}

fn depth_of(node: &Node) -> usize {
    match &node.value {
        Yaml::Scalar(_) => 0,
        Yaml::Sequence(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Yaml::Mapping(entries) => {
            1 + entries.iter().map(|(k, v)| depth_of(k).max(depth_of(v))).max().unwrap_or(0)
        }
    }
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.value, Yaml::Scalar(s) if s.style == Style::Plain && s.text == "<<")
}

/// Adds what `<<:` brings; of several sources the first one wins.
fn merge(value: &Node, into: &mut Vec<(Node, Node)>) -> Result<(), Error> {
    let mut add = |source: &Node| match source.as_mapping() {
        Some(entries) => {
            for (key, value) in entries {
                if !into.iter().any(|(known, _)| known.value == key.value) {
                    into.push((key.clone(), value.clone()));
                }
            }
            Ok(())
        }
        None => {
            let at = (source.span.line, source.span.column);
            let message = format!("`<<` takes a mapping, and here stands {}", source.kind());
            Err(Error::new(Problem::Syntax, message, at))
        }
    };
    match value.as_sequence() {
        Some(sources) => sources.iter().try_for_each(add),
        None => add(value),
    }
}

fn scalar_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}

/// A tab where only blanks may stand looks like any other error to the parser, and like
/// nothing at all to a person.
fn indented(error: Error, lines: &[&str]) -> Error {
    let text = error.line.checked_sub(1).and_then(|line| lines.get(line)).copied();
    let text = text.unwrap_or_default();
    let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
    match text[..blank].find('\t') {
        Some(tab) => {
            let message = "not YAML: a tab indents this line, where only blanks may stand";
            Error::new(error.problem, message, (error.line, tab + 1))
        }
        None => error,
    }
}

/// The parser's own words, which name the rule that was broken.
pub(crate) fn syntax(error: &libyaml_safer::Error) -> Error {
    let at = error.problem_mark().map_or((1, 1), place);
    let problem = error.problem();
    let message = match error.context() {
        Some(context) => format!("not YAML: {problem} ({context})"),
        None => format!("not YAML: {problem}"),
    };
    Error::new(Problem::Syntax, message, at)
}

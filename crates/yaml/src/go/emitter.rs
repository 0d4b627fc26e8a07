//! Writes block YAML to the byte as go-yaml does.

use super::quoting::{self, Analysis, Style};
use super::resolve::Version;

/// How an encoder of go-yaml is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whose rules hold.
    pub version: Version,
    /// Blanks a level, 2 to 9.
    pub indent: usize,
    /// The column after which a scalar is folded at its next blank; `None`: never.
    pub width: Option<usize>,
    /// Whether the items of a list stand at the column of the key above them.
    pub compact_lists: bool,
}

impl Layout {
    /// `yaml.Marshal` of v2 and `sigs.k8s.io/yaml`: Helm's `toYaml`, Kustomize's output.
    pub const MARSHAL_V2: Self =
        Self { version: Version::V2, indent: 2, width: Some(80), compact_lists: true };
    /// An encoder of v3 with an indentation of 2: Helm's `toYamlPretty`.
    pub const PRETTY_V3: Self =
        Self { version: Version::V3, indent: 2, width: None, compact_lists: false };
}

/// What is open around the place where the emitter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// A list; its items follow.
    List,
    /// A mapping whose next node is a key.
    Key,
    /// A mapping whose next node is the value of a key on the same line.
    Value,
    /// A mapping whose next node is the value of a key that needed `?`.
    LongValue,
}

/// A writer to which one document is told from the top to the bottom. Keys must be told in the
/// order in which they are to stand (see [`super::sort_naturally`]).
#[derive(Clone, Debug)]
pub struct Emitter {
    text: String,
    layout: Layout,
    frames: Vec<Frame>,
    /// The indentation of every open collection.
    indents: Vec<isize>,
    indent: isize,
    column: usize,
    /// The last character was a blank or there is none.
    whitespace: bool,
    /// Nothing but indentation stands on this line.
    indention: bool,
}

impl Emitter {
    /// For one document.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self {
            text: String::new(),
            layout,
            frames: Vec::new(),
            indents: Vec::new(),
            indent: -1,
            column: 0,
            whitespace: true,
            indention: true,
        }
    }

    /// How it writes.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The document, which ends with a line break.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.write_indent();
        self.text
    }

    /// Opens a mapping with at least one key.
    pub fn begin_mapping(&mut self) {
        self.begin_node();
        self.increase_indent(false, false);
        self.frames.push(Frame::Key);
    }

    /// Opens a list with at least one item.
    pub fn begin_list(&mut self) {
        let under_key = self.begin_node();
        let after_text = under_key && !self.indention;
        match self.layout.version {
            Version::V2 => self.increase_indent(false, after_text),
            Version::V3 => {
                let after_text = under_key && (self.column == 0 || !self.indention);
                self.increase_indent(false, false);
                if after_text && self.layout.compact_lists {
                    self.indent -= 2;
                }
            }
        }
        self.frames.push(Frame::List);
    }

    /// Closes what was opened last.
    pub fn end(&mut self) {
        self.frames.pop();
        self.indent = self.indents.pop().unwrap_or(-1);
        self.end_node();
    }

    /// `{}`.
    pub fn empty_mapping(&mut self) {
        self.flow("{", "}");
    }

    /// `[]`.
    pub fn empty_list(&mut self) {
        self.flow("[", "]");
    }

    /// A number, `true`, `false` or `null`, written as it is.
    pub fn plain(&mut self, text: &str) {
        self.begin_node();
        self.write_plain(text, true);
        self.end_node();
    }

    /// A text, quoted where a reader would take it for something else.
    pub fn string(&mut self, text: &str) {
        let wanted = quoting::wanted_style(text, self.layout.version);
        let analysis = quoting::analyze(text, self.layout.version);
        self.begin_node();
        self.scalar(text, select(wanted, &analysis, false), true);
        self.end_node();
    }

    /// The key of the entry that follows.
    pub fn key(&mut self, text: &str) {
        debug_assert_eq!(self.frames.last(), Some(&Frame::Key), "a key stands in a mapping");
        let wanted = quoting::wanted_style(text, self.layout.version);
        let analysis = quoting::analyze(text, self.layout.version);
        self.write_indent();
        let simple = !analysis.multiline && text.len() <= SIMPLE_KEY_BYTES_MAX;
        if simple {
            self.scalar(text, select(wanted, &analysis, true), false);
            self.write_indicator(":", false, false, false);
        } else {
            self.write_indicator("?", true, false, true);
            self.scalar(text, select(wanted, &analysis, false), true);
        }
        self.set_frame(if simple { Frame::Value } else { Frame::LongValue });
    }

    /// What stands before a node; tells whether it is the value of a key.
    fn begin_node(&mut self) -> bool {
        match self.frames.last() {
            Some(Frame::List) => {
                self.write_indent();
                self.write_indicator("-", true, false, true);
                false
            }
            Some(Frame::LongValue) => {
                self.write_indent();
                self.write_indicator(":", true, false, true);
                true
            }
            Some(Frame::Value) => true,
            Some(Frame::Key) | None => false,
        }
    }

    fn end_node(&mut self) {
        if let Some(Frame::Value | Frame::LongValue) = self.frames.last() {
            self.set_frame(Frame::Key);
        }
    }

    fn set_frame(&mut self, frame: Frame) {
        if let Some(last) = self.frames.last_mut() {
            *last = frame;
        }
    }

    fn flow(&mut self, open: &str, close: &str) {
        self.begin_node();
        self.write_indicator(open, true, true, false);
        self.write_indicator(close, false, false, false);
        self.end_node();
    }

    fn increase_indent(&mut self, flow: bool, indentless: bool) {
        self.indents.push(self.indent);
        let best = self.layout.indent.cast_signed();
        if self.indent < 0 {
            self.indent = if flow { best } else { 0 };
        } else if !indentless {
            let in_list = self.frames.last() == Some(&Frame::List);
            self.indent = match self.layout.version {
                Version::V2 => self.indent + best,
                Version::V3 if in_list => self.indent + 2,
                Version::V3 => best * ((self.indent + best) / best),
            };
        }
    }

    fn scalar(&mut self, text: &str, style: Style, may_break: bool) {
        self.increase_indent(true, false);
        match style {
            Style::Plain => self.write_plain(text, may_break),
            Style::SingleQuoted => self.write_single_quoted(text, may_break),
            Style::DoubleQuoted => self.write_double_quoted(text, may_break),
            Style::Literal => self.write_literal(text),
        }
        self.indent = self.indents.pop().unwrap_or(-1);
    }

    fn put(&mut self, character: char) {
        self.text.push(character);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.indention |= self.layout.version == Version::V3;
    }

    /// A line break of the text itself, whichever it is.
    fn write_break(&mut self, character: char) {
        if character == '\n' {
            self.put_break();
        } else {
            self.text.push(character);
            self.column = 0;
        }
        self.indention = true;
    }

    fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        let behind = self.column > indent || (self.column == indent && !self.whitespace);
        if !self.indention || behind {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn write_indicator(&mut self, sign: &str, spaced: bool, is_blank: bool, is_indention: bool) {
        if spaced && !self.whitespace {
            self.put(' ');
        }
        self.text.push_str(sign);
        self.column += sign.len();
        self.whitespace = is_blank;
        self.indention &= is_indention;
    }

    /// Whether a blank may become a line break here.
    fn is_past_width(&self) -> bool {
        self.layout.width.is_some_and(|width| self.column > width)
    }

    fn write_plain(&mut self, text: &str, may_break: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        self.write_folded_at_blanks(text, may_break, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single_quoted(&mut self, text: &str, may_break: bool) {
        self.write_indicator("'", true, false, false);
        self.write_folded_at_blanks(text, may_break, true);
        self.write_indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// The body that plain and single-quoted scalars share.
    fn write_folded_at_blanks(&mut self, text: &str, may_break: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if character == ' ' {
                let inside = !quoted || (at > 0 && next.is_some());
                let folds = may_break && !spaces && self.is_past_width() && inside;
                if folds && next != Some(' ') {
                    self.write_indent();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if quoting::is_break(character) {
                if !breaks && character == '\n' {
                    self.put_break();
                }
                self.write_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn write_double_quoted(&mut self, text: &str, may_break: bool) {
        self.write_indicator("\"", true, false, false);
        // libyaml asks whether the *text* begins with a byte order mark, at every character.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            let escaped = marked
                || !quoting::is_printable(character)
                || quoting::is_break(character)
                || matches!(character, '"' | '\\');
            if escaped {
                self.write_escape(character);
                spaces = false;
            } else if character == ' ' {
                let folds = may_break && !spaces && self.is_past_width();
                if folds && at > 0 && next.is_some() {
                    self.write_indent();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(character);
                spaces = false;
            }
        }
        self.write_indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, character: char) {
        let short = match character {
            '\0' => "0",
            '\u{7}' => "a",
            '\u{8}' => "b",
            '\t' => "t",
            '\n' => "n",
            '\u{b}' => "v",
            '\u{c}' => "f",
            '\r' => "r",
            '\u{1b}' => "e",
            '"' => "\"",
            '\\' => "\\",
            '\u{85}' => "N",
            '\u{a0}' => "_",
            '\u{2028}' => "L",
            '\u{2029}' => "P",
            _ => "",
        };
        let code = u32::from(character);
        let escape = match (short, code) {
            ("", ..=0xff) => format!("\\x{code:02X}"),
            ("", ..=0xffff) => format!("\\u{code:04X}"),
            ("", _) => format!("\\U{code:08X}"),
            _ => format!("\\{short}"),
        };
        self.column += escape.len();
        self.text.push_str(&escape);
    }

    fn write_literal(&mut self, text: &str) {
        self.write_indicator("|", true, false, false);
        self.write_block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if quoting::is_break(character) {
                self.write_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }

    /// The indentation of a block that begins with a blank, and what becomes of its last breaks.
    fn write_block_hints(&mut self, text: &str) {
        if text.starts_with(|first| first == ' ' || quoting::is_break(first)) {
            let hint = self.layout.indent.to_string();
            self.write_indicator(&hint, false, false, false);
        }
        let mut from_end = text.chars().rev();
        let last_is_break = from_end.next().is_some_and(quoting::is_break);
        let one_before = from_end.next();
        if !last_is_break {
            self.write_indicator("-", false, false, false);
        } else if one_before.is_none_or(quoting::is_break) {
            self.write_indicator("+", false, false, false);
        }
    }
}

/// The longest key that stands before its `:` on one line, in bytes.
const SIMPLE_KEY_BYTES_MAX: usize = 128;

/// The style that the analysis leaves of the one that is wanted
/// (`yaml_emitter_select_scalar_style`).
fn select(wanted: Style, analysis: &Analysis, simple_key: bool) -> Style {
    let mut style = wanted;
    if simple_key && analysis.multiline {
        style = Style::DoubleQuoted;
    }
    if style == Style::Plain && !analysis.plain {
        style = Style::SingleQuoted;
    }
    if style == Style::SingleQuoted && !analysis.single_quoted {
        style = Style::DoubleQuoted;
    }
    if style == Style::Literal && (!analysis.block || simple_key) {
        style = Style::DoubleQuoted;
    }
    style
}

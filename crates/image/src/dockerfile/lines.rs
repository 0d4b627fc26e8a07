//! Physical lines to logical lines: continuations, comments, and the way back to a place.

/// Where something stands. Both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A part of a logical line that stands together in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    /// Where it begins in the logical line, in bytes.
    offset: usize,
    place: Place,
}

/// A logical line: an instruction with its continuations joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The joined text.
    pub text: String,
    /// The last physical line that belongs to it.
    pub end: usize,
    segments: Vec<Segment>,
}

impl Line {
    /// The place of the byte at `offset` of the text.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let found = self.segments.iter().rev().find(|segment| segment.offset <= offset);
        let Some(segment) = found.or(self.segments.first()) else { return Place::START };
        let between = self.text.get(segment.offset..offset).unwrap_or_default();
        Place { line: segment.place.line, column: segment.place.column + between.chars().count() }
    }

    /// The place of its first character.
    #[must_use]
    pub fn start(&self) -> Place {
        self.place(0)
    }

    /// The part from `offset` on as a line of its own (for what stands inside ONBUILD).
    pub(super) fn rest(&self, offset: usize) -> Self {
        let mut segments = vec![Segment { offset: 0, place: self.place(offset) }];
        let later = self.segments.iter().filter(|segment| segment.offset > offset);
        segments.extend(later.map(|s| Segment { offset: s.offset - offset, place: s.place }));
        Self { text: self.text[offset..].to_owned(), end: self.end, segments }
    }
}

/// The physical lines, read one after another.
#[derive(Debug)]
pub(super) struct Source<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Source<'a> {
    /// A byte order mark at the start is dropped.
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { lines: text.split_inclusive('\n').collect(), next: 0 }
    }

    /// All lines with their ends, for the directives.
    pub(super) fn all(&self) -> &[&'a str] {
        &self.lines
    }

    /// The place of the next line.
    pub(super) fn place(&self) -> Place {
        Place { line: self.next + 1, column: 1 }
    }

    /// The next physical line with its end and its number from 1.
    pub(super) fn next_physical(&mut self) -> Option<(usize, &'a str)> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some((self.next, line))
    }

    /// The next logical line that holds an instruction. Comment lines and empty lines inside
    /// a continuation are dropped; a comment line never continues.
    pub(super) fn next_logical(&mut self, escape: char) -> Option<Line> {
        loop {
            let (number, raw) = self.next_physical()?;
            let line = without_end(raw);
            let content = line.trim_start();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let column = line[..line.len() - content.len()].chars().count() + 1;
            let mut logical = Line {
                text: String::new(),
                end: number,
                segments: vec![Segment { offset: 0, place: Place { line: number, column } }],
            };
            let mut open = append(&mut logical.text, content, escape);
            while open {
                let Some((number, raw)) = self.next_physical() else { break };
                let line = without_end(raw);
                let content = line.trim_start();
                if content.is_empty() || content.starts_with('#') {
                    continue;
                }
                let place = Place { line: number, column: 1 };
                logical.segments.push(Segment { offset: logical.text.len(), place });
                logical.end = number;
                open = append(&mut logical.text, line, escape);
            }
            if !logical.text.trim().is_empty() {
                return Some(logical);
            }
        }
    }
}

/// Without `\n` or `\r\n`.
pub(super) fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Appends `line` to `text` and says whether the next line belongs to it too: it does when the
/// last thing before trailing blanks is the escape character, and not twice.
fn append(text: &mut String, line: &str, escape: char) -> bool {
    let trimmed = line.trim_end_matches([' ', '\t']);
    let continued = trimmed.strip_suffix(escape).filter(|before| !before.ends_with(escape));
    match continued {
        Some(before) => {
            text.push_str(before);
            true
        }
        None => {
            text.push_str(line);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Source};

    #[test]
    fn a_place_leads_back_through_continuations() {
        let mut source = Source::new("\u{feff}# c\n  RUN a \\\n# inside\n\n   b\\\nc\nX\n");
        let line = source.next_logical('\\').expect("an instruction");
        assert_eq!(line.text, "RUN a    bc");
        assert_eq!(line.start(), Place { line: 2, column: 3 });
        let at = |letter| line.place(line.text.find(letter).expect("it is there"));
        assert_eq!(at('b'), Place { line: 5, column: 4 });
        assert_eq!(at('c'), Place { line: 6, column: 1 });
        assert_eq!(line.end, 6);
        assert_eq!(source.next_logical('\\').expect("one more").text, "X");
        assert_eq!(source.next_logical('\\'), None);
    }
}

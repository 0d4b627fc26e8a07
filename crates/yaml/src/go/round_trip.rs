//! What becomes of a text on its way through Go's JSON and back through go-yaml.

use std::borrow::Cow;

/// `sigs.k8s.io/yaml` writes JSON and reads that as YAML before it writes YAML. A next-line
/// character (U+0085), which JSON leaves bare, is a line break to YAML and is folded away with
/// the blanks around it. `None`: go-yaml refuses to read the text, and the whole document fails.
#[must_use]
pub fn round_trip(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() && !text.contains('\u{7f}') {
        return Some(Cow::Borrowed(text));
    }
    if text.chars().any(is_refused) {
        return None;
    }
    if !text.contains(NEXT_LINE) {
        return Some(Cow::Borrowed(text));
    }
    let mut folded = String::with_capacity(text.len());
    let mut lines = text.split(NEXT_LINE);
    let first = lines.next().unwrap_or_default();
    folded.push_str(first.trim_end_matches(' '));
    let mut breaks = 0_usize;
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        breaks += 1;
        let line = line.trim_start_matches(' ');
        if line.is_empty() && lines.peek().is_some() {
            continue;
        }
        // One break is a blank; each further one is a line feed.
        match breaks {
            1 => folded.push(' '),
            more => folded.extend(std::iter::repeat_n('\n', more - 1)),
        }
        breaks = 0;
        let last = lines.peek().is_none();
        folded.push_str(if last { line } else { line.trim_end_matches(' ') });
    }
    Some(Cow::Owned(folded))
}

const NEXT_LINE: char = '\u{85}';

/// Characters outside of what YAML 1.1 lets into a stream. JSON escapes those below U+0020.
fn is_refused(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::round_trip;

    #[test]
    fn next_lines_are_folded_and_control_characters_refused() {
        for (text, expected) in [
            ("a\u{85}b", Some("a b")),
            ("a \u{85}\u{85} b", Some("a\nb")),
            ("\u{85}", Some(" ")),
            ("a\u{2028}b", Some("a\u{2028}b")),
            ("a\u{9f}", None),
            ("a\u{7f}", None),
            ("a\u{1}", Some("a\u{1}")),
        ] {
            assert_eq!(round_trip(text).as_deref(), expected, "{text:?}");
        }
    }
}

//! Text that somebody else wrote, made harmless for a terminal.

/// Whether a terminal would act on the character instead of showing it: control characters
/// (C0, DEL, C1) and the marks that change the direction of writing.
fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line that moves no cursor and hides nothing: what a terminal would act on is shown as a
/// replacement, a tabulator as a blank. As many characters as before, so columns stay true.
#[must_use]
pub fn inert(text: &str) -> String {
    let shown = |character: char| match character {
        '\t' => ' ',
        other if acts(other) => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

/// As [`inert`], for text of several lines.
#[must_use]
pub fn inert_lines(text: &str) -> String {
    text.split('\n').map(inert).collect::<Vec<_>>().join("\n")
}

/// JSON in which every character that a terminal would act on is written as an escape. Line
/// ends between values stay.
#[must_use]
pub fn inert_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && acts(character) {
            // All of them lie in the basic plane, so one escape is enough.
            out.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{inert, inert_json, inert_lines};

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        assert_eq!(
            inert("a\u{1b}[2Jb\r\u{202e}c\td\n"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c d\u{fffd}"
        );
        assert_eq!(inert("\u{9b}31m\u{7f}\u{2066}"), "\u{fffd}31m\u{fffd}\u{fffd}");
        assert_eq!(inert_lines("a\n\u{7}b"), "a\n\u{fffd}b");
        assert_eq!(inert("größe ▸ ✓ 価"), "größe ▸ ✓ 価");
    }

    #[test]
    fn json_stays_the_same_value() {
        let text = "\u{1b}[2J\u{9b}\u{202e}\u{7f}";
        let json = serde_json::to_string_pretty(&[text]).expect("JSON");
        let shown = inert_json(&json);
        assert!(!shown.chars().any(|c| c != '\n' && super::acts(c)), "{shown:?}");
        let back: Vec<String> = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(back, [text]);
    }
}

//! Flags between the keyword and its arguments: `--from=builder --chown=1:1`.

use super::Word;

/// The flags at the beginning of `text`, and where the arguments begin. `base` is the offset of
/// `text` in the logical line. A lone `--` ends the flags. Quotes are taken away, and a
/// backslash keeps the next character, whatever the escape directive says.
pub(super) fn take(text: &str, base: usize) -> (Vec<Word>, usize) {
    let mut flags = Vec::new();
    let mut at = 0;
    loop {
        at += blanks(&text[at..]);
        if !text[at..].starts_with("--") {
            return (flags, at);
        }
        let (word, quoted, length) = word(&text[at..]);
        let start = at;
        at += length;
        if word == "--" {
            return (flags, at);
        }
        if quoted || !word.is_empty() {
            flags.push(Word { text: word, offset: base + start });
        }
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// One word without its quotes, whether it had some, and how many bytes it took.
fn word(text: &str) -> (String, bool, usize) {
    let (mut word, mut quoted, mut quote) = (String::new(), false, None);
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match (c, quote) {
            ('\\', _) => match chars.next() {
                Some((_, next)) => word.push(next),
                None => quote = None,
            },
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                quoted = true;
            }
            (c, None) if c.is_whitespace() => return (word, quoted, index),
            (c, _) => word.push(c),
        }
    }
    (word, quoted, text.len())
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn flags_end_at_the_first_other_word_or_two_dashes() {
        let check = |text: &str, expected: &[&str], rest: &str| {
            let (flags, at) = take(text, 0);
            let flags: Vec<&str> = flags.iter().map(|flag| flag.text.as_str()).collect();
            assert_eq!((flags.as_slice(), text[at..].trim()), (expected, rest), "{text}");
        };
        check("--from=a --chown=1:2 x /y", &["--from=a", "--chown=1:2"], "x /y");
        check("--a -- --b c", &["--a"], "--b c");
        check("--a='b c' --d=\"e f\" g", &["--a=b c", "--d=e f"], "g");
        check("- --a", &[], "- --a");
        check("--a", &["--a"], "");
        check("--a=b\\ c d", &["--a=b c"], "d");
    }
}

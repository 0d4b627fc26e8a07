//! The forms in which a secret may show up: itself, its lines, and what common tools make of it.
//!
//! The list is that of GitHub's runner (`HostContext.cs`: base64 at three shifts, command line,
//! expression, JSON, URI, XML, trimmed quotes, PowerShell before and after `&`), and further
//! base64url, hexadecimal, reversed, Go's and PHP's JSON, HTML, forms, and a shell's quoting.

use crate::limits::{
    ENCODED_FORM_BYTES_MIN, POWERSHELL_SECTION_BYTES_MIN, SECRET_BYTES_MAX, SECRET_LINE_BYTES_MIN,
};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Columns at which `base64`, and PEM, break their lines.
const BASE64_LINE_CHARACTERS: [usize; 2] = [76, 64];

/// Adds all forms of `secret`.
pub(super) fn of(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let trimmed = secret.trim_matches(['\r', '\n']);
    if trimmed.trim().is_empty() {
        return;
    }
    if secret.len() <= SECRET_BYTES_MAX {
        // Without line ends around it: else every line end might be the beginning of one.
        of_value(trimmed, forms);
        // A log may have only one kind of line end.
        forms.insert(trimmed.replace("\r\n", "\n").into_bytes());
    }
    for line in trimmed.lines() {
        of_line(line, forms);
    }
}

fn of_line(line: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let bare = line.trim();
    if bare.is_empty() {
        return;
    }
    if bare.len() < SECRET_LINE_BYTES_MIN {
        forms.insert(bare.as_bytes().to_vec());
        return;
    }
    of_value(bare, forms);
    if bare != line {
        of_value(line, forms);
    }
}

fn of_value(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(value.as_bytes().to_vec());
    let mut add = |form: String| {
        if form.len() >= ENCODED_FORM_BYTES_MIN {
            forms.insert(form.into_bytes());
        }
    };
    for alphabet in [STANDARD, URL_SAFE] {
        for shift in 0..3 {
            let form = base64_core(value.as_bytes(), shift, alphabet);
            for columns in BASE64_LINE_CHARACTERS.iter().filter(|_| shift == 0) {
                if form.len() > *columns {
                    broken(&form, *columns).for_each(&mut add);
                }
            }
            add(form);
        }
    }
    add(value.replace('"', "\\\""));
    add(value.replace('\'', "''"));
    add(value.replace('\'', "'\\''"));
    add(shell_escaped(value));
    for form in json(value) {
        add(form);
    }
    for form in percent(value) {
        add(form);
    }
    for (apostrophe, quote) in [("&apos;", "&quot;"), ("&#39;", "&#34;"), ("&#x27;", "&quot;")] {
        add(markup(value, apostrophe, quote));
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    add(inner.unwrap_or_default().to_owned());
    for section in powershell(value).into_iter().flatten() {
        add(section.to_owned());
    }
    add(hexadecimal(value, |text, byte| write!(text, "{byte:02x}")));
    add(hexadecimal(value, |text, byte| write!(text, "{byte:02X}")));
    add(value.chars().rev().collect());
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters of base64 that `value` alone determines, when `shift` bytes (modulo 3) stand
/// before it: so `base64("user:" + secret + "\n")` is found whatever the user's name is.
fn base64_core(value: &[u8], shift: usize, alphabet: &[u8; 64]) -> String {
    let bit = |index: usize| -> usize {
        let (byte, within) = (index / 8, index % 8);
        usize::from(value[byte] >> (7 - within) & 1)
    };
    let first_bit = shift * 8;
    let end_bit = first_bit + value.len() * 8;
    let (first, end) = (first_bit.div_ceil(6), end_bit / 6);
    let character = |index: usize| {
        let bits = (index * 6..index * 6 + 6).map(|at| bit(at - first_bit));
        char::from(alphabet[bits.fold(0, |number, bit| number << 1 | bit)])
    };
    (first..end).map(character).collect()
}

/// As it looks when lines are broken: each line by itself, since between them stands a newline.
fn broken(form: &str, columns: usize) -> impl Iterator<Item = String> {
    let lines = form.as_bytes().chunks(columns);
    let lines = lines.filter(|line| line.len() >= SECRET_LINE_BYTES_MIN);
    lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().into_iter()
}

/// As bash's `printf %q` does.
fn shell_escaped(value: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        if character.is_ascii()
            && !character.is_ascii_alphanumeric()
            && !"_-./:=@%+,".contains(character)
        {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// As most writers do it, as Go's does, and as PHP's does.
fn json(value: &str) -> [String; 3] {
    let quoted = serde_json::Value::from(value).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    let go = plain.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let php = plain.replace('/', "\\/");
    [plain, go, php]
}

/// Percent escapes in upper and lower case; blanks also as `+`.
fn percent(value: &str) -> Vec<String> {
    let escaped = |upper: bool, plus: bool| {
        let mut out = String::new();
        for byte in value.bytes() {
            let kept = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let _ = match (kept, byte, upper) {
                (true, ..) => write!(out, "{}", char::from(byte)),
                (false, b' ', _) if plus => write!(out, "+"),
                (false, _, true) => write!(out, "%{byte:02X}"),
                (false, _, false) => write!(out, "%{byte:02x}"),
            };
        }
        out
    };
    vec![escaped(true, false), escaped(false, false), escaped(true, true), escaped(false, true)]
}

fn markup(value: &str, apostrophe: &str, quote: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', apostrophe)
        .replace('"', quote)
}

/// PowerShell prints a command that failed in two sections, cut after an `&`; after `&+` it
/// colours one more character.
fn powershell(value: &str) -> [Option<&str>; 2] {
    let (before, after) = if let Some(at) = value.find("&+") {
        let behind = at + 2;
        let next = value[behind..].chars().next().map_or(0, char::len_utf8);
        (&value[..behind], &value[behind + next..])
    } else if let Some(at) = value.rfind('&') {
        value.split_at(at + 1)
    } else {
        return [None, None];
    };
    [before, after].map(|section| Some(section).filter(|s| s.len() >= POWERSHELL_SECTION_BYTES_MIN))
}

fn hexadecimal(value: &str, digits: impl Fn(&mut String, u8) -> std::fmt::Result) -> String {
    let mut out = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        // Writing to a string does not fail.
        let _ = digits(&mut out, byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, base64_core};
    use crate::mask::{Masker, Secret};

    const SECRET: &str = "p4$s'w\"or&d<1>/x y-Zq~+&long-tail";

    #[test]
    fn no_form_is_shown() {
        let masker = Masker::new(&[Secret(SECRET.into())]);
        for (name, text) in [
            ("plain", SECRET.to_owned()),
            ("base64", "cDQkcyd3Im9yJmQ8MT4veCB5LVpxfismbG9uZy10YWls".into()),
            ("base64 shifted by 1", "eHA0JHMndyJvciZkPDE+L3ggeS1acX4rJmxvbmctdGFpbA==".into()),
            ("base64 shifted by 2", "eHhwNCRzJ3cib3ImZDwxPi94IHktWnF+KyZsb25nLXRhaWw=".into()),
            ("base64url", "eHA0JHMndyJvciZkPDE-L3ggeS1acX4rJmxvbmctdGFpbA".into()),
            ("hex", SECRET.bytes().map(|b| format!("{b:02x}")).collect()),
            ("HEX", SECRET.bytes().map(|b| format!("{b:02X}")).collect()),
            ("reversed", SECRET.chars().rev().collect()),
            ("json", SECRET.replace('"', "\\\"")),
            ("go json", "p4$s'w\\\"or\\u0026d\\u003c1\\u003e/x y-Zq~+\\u0026long-tail".into()),
            ("expression", SECRET.replace('\'', "''")),
            ("uri", "p4%24s%27w%22or%26d%3C1%3E%2Fx%20y-Zq~%2B%26long-tail".into()),
            ("form", "p4%24s%27w%22or%26d%3C1%3E%2Fx+y-Zq~%2B%26long-tail".into()),
            ("xml", "p4$s&apos;w&quot;or&amp;d&lt;1&gt;/x y-Zq~+&amp;long-tail".into()),
            ("html", "p4$s&#39;w&#34;or&amp;d&lt;1&gt;/x y-Zq~+&amp;long-tail".into()),
            ("shell", "p4$s'\\''w\"or&d<1>/x y-Zq~+&long-tail".into()),
            ("powershell before", "p4$s'w\"or&d<1>/x y-Zq~+&".into()),
            ("powershell after", "long-tail".into()),
        ] {
            let shown = masker.mask(&format!("<<{text}>>"));
            let left = shown.replace("***", "");
            // Of base64 the outermost characters are shared with what stands beside it.
            assert!(left.len() <= 4 + 7 && shown.contains("***"), "{name}: {shown}");
        }
    }

    #[test]
    fn base64_with_anything_around_it_is_found() {
        let secret = "s3cr3t-token";
        let masker = Masker::new(&[Secret(secret.into())]);
        for user in ["", "u", "us", "use", "user:"] {
            for tail in ["", "\n", ":x", "@host"] {
                let whole = format!("{user}{secret}{tail}");
                let mut encoded = base64_core(whole.as_bytes(), 0, STANDARD);
                encoded.push_str("==");
                let shown = masker.mask(&encoded);
                assert!(shown.contains("***"), "{whole}: {encoded} is shown");
            }
        }
    }

    #[test]
    fn wrapped_base64_of_a_long_secret_is_masked_line_by_line() {
        let secret: String = (0..120).map(|i| char::from(b'A' + (i * 7 % 26) as u8)).collect();
        let masker = Masker::new(&[Secret(secret.clone())]);
        let encoded = base64_core(secret.as_bytes(), 0, STANDARD);
        for columns in [76, 64] {
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(columns)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let shown = masker.mask(&lines.join("\n"));
            assert!(shown.replace("***", "").trim().len() < 8, "{shown}");
        }
    }

    #[test]
    fn short_secrets_have_no_short_encoded_forms() {
        let masker = Masker::new(&[Secret("ab".into())]);
        assert_eq!(masker.mask("ba YW xab"), "ba YW x***");
    }
}

//! Tags that a comma follows directly: `[!!str, x]`.
//!
//! The scanner underneath ends the process there instead of returning an error. Whether such
//! a text is a tag or just words (`echo hi !x, y`) only a scanner can tell, so a copy with a
//! blank before each such comma is parsed first. Texts without the pattern, nearly all, are
//! not copied.

use crate::{Error, Problem};
use libyaml_safer::{Encoding, EventData, Parser, ScalarStyle};

/// Refuses a text in which a tag is followed by a comma without a blank between.
///
/// # Errors
/// The place of the tag, or what is wrong before it.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    let candidates = candidates(text);
    if candidates.is_empty() {
        return Ok(());
    }
    let mut copy = String::with_capacity(text.len() + candidates.len());
    let mut from = 0;
    // The same places in the copy: every blank before shifts them by one.
    let mut moved = Vec::new();
    for (tag, comma) in &candidates {
        moved.push(tag + moved.len());
        copy.push_str(&text[from..*comma]);
        copy.push(' ');
        from = *comma;
    }
    copy.push_str(&text[from..]);
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input(copy.as_bytes());
    loop {
        let event = parser.parse().map_err(|error| crate::parse::syntax(&error))?;
        let empty = match &event.data {
            EventData::StreamEnd => return Ok(()),
            EventData::Scalar { tag: Some(_), value, style, .. } => {
                value.is_empty() && *style == ScalarStyle::Plain
            }
            _ => false,
        };
        let covers = |place: &usize| {
            let place = *place as u64;
            event.start_mark.index <= place && place <= event.end_mark.index
        };
        if empty && moved.iter().any(covers) {
            let message = "a blank is needed between the tag and the comma";
            return Err(Error::new(
                Problem::Syntax,
                message,
                crate::parse::place(event.start_mark),
            ));
        }
    }
}

/// Where a `!` begins what may be a tag, and the comma that ends it, in bytes.
fn candidates(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut tag = None;
    // `!<tag:yaml.org,2002:str>` holds commas of its own.
    let mut verbatim = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'!' => tag = tag.or(Some(index)),
            b'<' if index > 0 && tag == Some(index - 1) => verbatim = true,
            b'>' => verbatim = false,
            b',' if verbatim => {}
            b',' => {
                if let Some(tag) = tag.take() {
                    found.push((tag, index));
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b'{' | b'}' => {
                (tag, verbatim) = (None, false);
            }
            _ => {}
        }
    }
    found
}

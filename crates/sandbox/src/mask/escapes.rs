//! Control sequences of terminals (ECMA-48) in a stream: colours, titles, links. They part what
//! somebody reads as one word, so secrets are looked for in what is left without them.

use crate::limits::CONTROL_SEQUENCE_BYTES_MAX;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Where in a sequence the stream stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind the escape character.
    Begun,
    /// `ESC [`, up to a letter.
    Parameters,
    /// `ESC ]` and its like: text, up to its end mark.
    Words,
    /// In such text, behind an escape character.
    WordsEscape,
}

/// Parts a stream, wherever it is cut.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    state: State,
    pending: Vec<u8>,
}

impl Splitter {
    /// Whether no sequence is open.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Text
    }

    /// Appends to `text` what is read, and to `sequences` each whole sequence with the length of
    /// `text` before it.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        text: &mut Vec<u8>,
        sequences: &mut Vec<(usize, Vec<u8>)>,
    ) {
        for byte in bytes {
            self.take(*byte, text, sequences);
        }
    }

    fn take(&mut self, byte: u8, text: &mut Vec<u8>, sequences: &mut Vec<(usize, Vec<u8>)>) {
        if self.state == State::Text {
            if byte == ESCAPE {
                self.pending.push(byte);
                self.state = State::Begun;
            } else {
                text.push(byte);
            }
            return;
        }
        // A line's end is the end of whatever was begun in it: the line is shown by itself.
        if byte == b'\n' {
            self.end(text.len(), sequences);
            text.push(byte);
            return;
        }
        self.pending.push(byte);
        let next = match (self.state, byte) {
            (State::Begun, b'[') => Some(State::Parameters),
            (State::Begun, b']' | b'P' | b'X' | b'^' | b'_') => Some(State::Words),
            (State::Begun, 0x20..=0x2f) => Some(State::Begun),
            (State::Begun, ESCAPE) => Some(State::Begun),
            (State::Begun, _) => None,
            (State::Parameters, 0x40..=0x7e) => None,
            (State::Parameters, _) => Some(State::Parameters),
            (State::Words, BELL) => None,
            (State::Words, ESCAPE) => Some(State::WordsEscape),
            (State::Words, _) => Some(State::Words),
            (State::WordsEscape, b'\\') => None,
            (State::WordsEscape, _) => Some(State::Words),
            (State::Text, _) => None,
        };
        match next {
            None => self.end(text.len(), sequences),
            Some(_) if self.pending.len() > CONTROL_SEQUENCE_BYTES_MAX => {
                // No terminal would take it; so it is text, and looked at as such.
                text.append(&mut self.pending);
                self.state = State::Text;
            }
            Some(state) => self.state = state,
        }
    }

    /// What was begun is all that comes.
    pub(super) fn end(&mut self, at: usize, sequences: &mut Vec<(usize, Vec<u8>)>) {
        self.state = State::Text;
        if !self.pending.is_empty() {
            sequences.push((at, std::mem::take(&mut self.pending)));
        }
    }
}

/// What is read of a text.
pub(super) fn without(text: &str) -> String {
    let (mut splitter, mut read, mut sequences) = (Splitter::default(), Vec::new(), Vec::new());
    splitter.feed(text.as_bytes(), &mut read, &mut sequences);
    String::from_utf8_lossy(&read).into_owned()
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn what_is_read_is_left() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("a\u{1b}]8;;http://x\u{1b}\\b\u{1b}]0;title\u{7}c", "abc"),
            ("a\u{1b}(Bb", "ab"),
            ("cut\u{1b}[3\nnext", "cut\nnext"),
            ("end\u{1b}[", "end"),
        ] {
            assert_eq!(without(text), expected, "{text:?}");
        }
    }
}

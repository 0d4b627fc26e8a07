//! Output of programs, cut into lines.
//!
//! Absent on purpose: masking and meaning; a line comes out as the program wrote it.

use crate::limits::LINE_HELD_BYTES_MAX;

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// Its bytes; a carriage return before the line end is dropped.
    pub bytes: Vec<u8>,
    /// How many bytes were too many to be held.
    pub dropped: u64,
}

/// Cuts chunks into lines, whatever the chunks' borders are.
#[derive(Debug, Default)]
pub struct LineSplitter {
    held: Vec<u8>,
    dropped: u64,
}

impl LineSplitter {
    /// Takes a chunk and hands each line that is complete to `take`.
    pub fn push(&mut self, mut chunk: &[u8], mut take: impl FnMut(OutputLine)) {
        while let Some(at) = chunk.iter().position(|byte| *byte == b'\n') {
            self.hold(&chunk[..at]);
            take(self.line());
            chunk = &chunk[at + 1..];
        }
        self.hold(chunk);
    }

    /// The last line, when it has no end.
    pub fn finish(&mut self) -> Option<OutputLine> {
        let empty = self.held.is_empty() && self.dropped == 0;
        (!empty).then(|| self.line())
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE_HELD_BYTES_MAX - self.held.len();
        let taken = bytes.len().min(room);
        self.held.extend_from_slice(&bytes[..taken]);
        self.dropped += (bytes.len() - taken) as u64;
    }

    fn line(&mut self) -> OutputLine {
        let mut bytes = std::mem::take(&mut self.held);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        OutputLine { bytes, dropped: std::mem::take(&mut self.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_borders_do_not_change_the_lines() {
        let text = b"one\r\n\ntwo three\nlast";
        for size in 1..text.len() {
            let mut splitter = LineSplitter::default();
            let mut lines = Vec::new();
            for chunk in text.chunks(size) {
                splitter.push(chunk, |line| lines.push(line.bytes));
            }
            lines.extend(splitter.finish().map(|line| line.bytes));
            assert_eq!(lines, [&b"one"[..], b"", b"two three", b"last"], "chunks of {size}");
            assert_eq!(splitter.finish(), None);
        }
    }

    #[test]
    fn a_line_without_end_is_held_up_to_its_limit() {
        let mut splitter = LineSplitter::default();
        let chunk = vec![b'x'; 700_000];
        for _ in 0..2 {
            splitter.push(&chunk, |_| panic!("no line is complete"));
        }
        let line = splitter.finish().expect("there is a line");
        assert_eq!(line.bytes.len(), LINE_HELD_BYTES_MAX);
        assert_eq!(line.dropped, 1_400_000 - LINE_HELD_BYTES_MAX as u64);
    }
}

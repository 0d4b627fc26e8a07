//! Secrets never leave: every encoded form of them is replaced by `***` in a stream of bytes,
//! wherever the stream is cut.
//!
//! What a program takes apart itself (one letter a line) nobody can mask; the answer to that is
//! that strangers' revisions get no secrets.
//! Control sequences of terminals in the middle of a secret are looked through.

mod escapes;
mod forms;

use self::escapes::Splitter;
use crate::limits::{SECRET_BYTES_MAX, SECRET_LINE_BYTES_MIN};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// A secret's value. It is not shown by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Masks one stream. [`Masker::stream`] makes another for the same set of secrets; what
/// [`Masker::add`] adds counts for all of them from then on.
///
/// ```
/// use bowline_sandbox::mask::{Masker, Secret};
/// let mut masker = Masker::new(&[Secret("hunter22".into())]);
/// let mut out = masker.push(b"password: hunt");
/// out.extend(masker.push(b"er22\n"));
/// out.extend(masker.finish());
/// assert_eq!(out, b"password: ***\n");
/// ```
#[derive(Debug)]
pub struct Masker {
    shared: Arc<RwLock<Arc<Patterns>>>,
    /// Bytes that were not given out: they may be the beginning of a secret.
    held: Vec<u8>,
    /// Control sequences, each with its place in what is held.
    sequences: Vec<(usize, Vec<u8>)>,
    splitter: Splitter,
    /// How many of the first held bytes belong to a secret whose mask was given out.
    covered: usize,
}

impl Masker {
    /// For these secrets; empty and blank ones are none. Warnings of [`Masker::add`] are not
    /// given: use that where somebody reads them.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            all_forms(&secret.0, &mut forms);
        }
        let patterns = Arc::new(Patterns::new(forms));
        Self::over(Arc::new(RwLock::new(patterns)))
    }

    fn over(shared: Arc<RwLock<Arc<Patterns>>>) -> Self {
        let (held, sequences, splitter) = (Vec::new(), Vec::new(), Splitter::default());
        Self { shared, held, sequences, splitter, covered: 0 }
    }

    /// Adds a secret for this and all other streams. The warnings name the secret by its length
    /// only: a line so short that common text will be masked, or a value too long to be masked
    /// as a whole.
    pub fn add(&self, secret: &str) -> Vec<String> {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        let mut forms: BTreeSet<Vec<u8>> = shared.sorted.iter().cloned().collect();
        let before = forms.len();
        all_forms(secret, &mut forms);
        if forms.len() > before {
            *shared = Arc::new(Patterns::new(forms));
        }
        warnings(secret)
    }

    /// Another stream with the same, shared secrets.
    #[must_use]
    pub fn stream(&self) -> Self {
        Self::over(Arc::clone(&self.shared))
    }

    /// Takes the next bytes and returns what is safe to show: everything but an end that may be
    /// the beginning of a secret.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let patterns = self.patterns();
        let plain = self.splitter.is_idle() && !bytes.contains(&ESCAPE);
        if plain {
            self.held.extend_from_slice(bytes);
        } else {
            self.splitter.feed(bytes, &mut self.held, &mut self.sequences);
        }
        let safe = patterns.safe_length(&self.held);
        self.give_out(&patterns, safe)
    }

    /// The rest, at the end of the stream.
    pub fn finish(&mut self) -> Vec<u8> {
        let patterns = self.patterns();
        let all = self.held.len();
        self.splitter.end(all, &mut self.sequences);
        self.give_out(&patterns, all)
    }

    /// A whole text at once: a name, an output, a summary. Independent of the stream.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut stream = self.stream();
        let mut out = stream.push(text.as_bytes());
        out.extend(stream.finish());
        // A secret is whole characters, so what is left is, too.
        String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into())
    }

    fn patterns(&self) -> Arc<Patterns> {
        Arc::clone(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives out the first `safe` bytes, with the control sequences among them. Every match that
    /// begins there ends in what is held.
    fn give_out(&mut self, patterns: &Patterns, safe: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(safe);
        let mut hidden_to = self.covered;
        let mut sequences = std::mem::take(&mut self.sequences).into_iter().peekable();
        let held = &self.held;
        let mut show = |from: usize, to: usize, out: &mut Vec<u8>| {
            let mut at = from;
            while let Some((place, sequence)) = sequences.next_if(|(place, _)| *place <= to) {
                let place = place.max(at);
                out.extend_from_slice(&held[at..place]);
                out.extend(patterns.hide(sequence));
                at = place;
            }
            out.extend_from_slice(&held[at..to]);
        };
        for (start, end) in patterns.matches(held) {
            if start >= safe {
                break;
            }
            if start >= hidden_to {
                show(hidden_to, start, &mut out);
                out.extend_from_slice(MASK.as_bytes());
            }
            hidden_to = hidden_to.max(end);
        }
        show(hidden_to.min(safe), safe, &mut out);
        self.sequences = sequences.map(|(place, sequence)| (place - safe, sequence)).collect();
        self.held.drain(..safe);
        self.covered = hidden_to.saturating_sub(safe);
        out
    }
}

/// The escape character, with which control sequences begin.
const ESCAPE: u8 = 0x1b;

/// Of the secret, and of what is read of it when it holds control sequences itself.
fn all_forms(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms::of(secret, forms);
    if secret.as_bytes().contains(&ESCAPE) {
        forms::of(&escapes::without(secret), forms);
    }
}

fn warnings(secret: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if secret.len() > SECRET_BYTES_MAX {
        let length = secret.len();
        warnings.push(format!("a secret of {length} bytes is masked line by line only"));
    }
    let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty());
    let short: Vec<usize> =
        lines.map(str::len).filter(|length| *length < SECRET_LINE_BYTES_MIN).collect();
    if let Some(length) = short.iter().min() {
        let count = short.len();
        let what = if count == 1 { "a line" } else { "lines" };
        warnings.push(format!(
            "{what} of a secret ({count}, the shortest of {length} bytes) will mask common text"
        ));
    }
    warnings
}

/// All forms of all secrets.
#[derive(Debug)]
struct Patterns {
    automaton: Option<AhoCorasick>,
    /// The same, in order, to look up beginnings.
    sorted: Vec<Vec<u8>>,
    /// Whether a form begins with this byte.
    first: [bool; 256],
    longest: usize,
}

impl Patterns {
    fn new(forms: BTreeSet<Vec<u8>>) -> Self {
        let sorted: Vec<Vec<u8>> = forms.into_iter().filter(|form| !form.is_empty()).collect();
        let mut first = [false; 256];
        for byte in sorted.iter().filter_map(|form| form.first()) {
            first[usize::from(*byte)] = true;
        }
        let longest = sorted.iter().map(Vec::len).max().unwrap_or(0);
        // It only fails for more states than four gigabytes of secrets would need.
        let automaton = (!sorted.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(&sorted)
                .expect("the forms of secrets are bounded by `SECRET_BYTES_MAX`")
        });
        Self { automaton, sorted, first, longest }
    }

    /// All matches, overlapping ones too, by their start.
    fn matches(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let found = automaton.find_overlapping_iter(bytes);
        let mut found: Vec<_> = found.map(|found| (found.start(), found.end())).collect();
        found.sort_unstable();
        found
    }

    /// A control sequence by itself: a title or a link may hold a secret.
    fn hide(&self, sequence: Vec<u8>) -> Vec<u8> {
        let found = self.matches(&sequence);
        if found.is_empty() {
            return sequence;
        }
        let (mut out, mut at) = (Vec::new(), 0);
        for (start, end) in found {
            if start >= at {
                out.extend_from_slice(&sequence[at..start]);
                out.extend_from_slice(MASK.as_bytes());
            }
            at = at.max(end);
        }
        out.extend_from_slice(&sequence[at..]);
        out
    }

    /// Up to the first place from where a form could go on behind the end.
    fn safe_length(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        let rest = from..bytes.len();
        let mut open = rest.filter(|start| {
            self.first[usize::from(bytes[*start])] && self.begins(&bytes[*start..])
        });
        open.next().unwrap_or(bytes.len())
    }

    /// Whether this is the beginning of a form, and not all of it.
    fn begins(&self, bytes: &[u8]) -> bool {
        let after = self.sorted.partition_point(|form| form.as_slice() <= bytes);
        self.sorted.get(after).is_some_and(|form| form.starts_with(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Masker, Secret};

    fn masked(secrets: &[&str], text: &str, chunk: usize) -> String {
        let secrets: Vec<_> = secrets.iter().map(|s| Secret((*s).into())).collect();
        let mut masker = Masker::new(&secrets);
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(chunk) {
            out.extend(masker.push(piece));
        }
        out.extend(masker.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cutting_the_stream_changes_nothing() {
        for (secrets, text, expected) in [
            (&["correct-horse"][..], "a correct-horse b", "a *** b"),
            (&["abcdefgh", "efghijkl"][..], "xabcdefghijkly", "x***y"),
            (&["abababab"][..], "abababababababab.", "***."),
            (&["secret12"][..], "secret1 secret12secret12", "secret1 ******"),
            (&["aaaaaaaa"][..], "aaaaaaa", "aaaaaaa"),
            (&[""][..], "nothing", "nothing"),
            (&[" \n\t "][..], "a b c", "a b c"),
        ] {
            for chunk in 1..=text.len() {
                assert_eq!(masked(secrets, text, chunk), expected, "{text} in pieces of {chunk}");
            }
        }
    }

    #[test]
    fn a_secret_parted_by_control_sequences_is_masked_and_colours_stay() {
        for (text, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m"),
            ("a secr\u{1b}[1met12 b", "a ***\u{1b}[1m b"),
            ("\u{1b}[31msecret12\u{1b}[0m.", "\u{1b}[31m***\u{1b}[0m."),
            ("s\u{1b}[0me\u{1b}[0mc\u{1b}[0mret\u{1b}]0;x\u{7}12", "***"),
            ("\u{1b}]0;secret12\u{7}t", "\u{1b}]0;***\u{7}t"),
            ("secret1\u{1b}[0m", "secret1\u{1b}[0m"),
            ("é\u{1b}[3", "é\u{1b}[3"),
        ] {
            for chunk in 1..=text.len() {
                let shown = masked(&["secret12"], text, chunk);
                let right = if expected == "***" {
                    super::escapes::without(&shown) == expected
                } else {
                    shown == expected
                };
                assert!(right, "{text:?} in pieces of {chunk}: {shown:?}");
            }
        }
    }

    #[test]
    fn lines_are_given_out_at_once_unless_a_secret_may_have_begun() {
        let mut masker = Masker::new(&[Secret("-----BEGIN KEY-----\nabcdefgh12\n".into())]);
        assert_eq!(masker.push(b"hello\n"), b"hello\n");
        assert_eq!(masker.push(b"--"), b"");
        assert_eq!(masker.push(b" no\n"), b"-- no\n");
    }

    #[test]
    fn a_secret_added_later_counts_for_every_stream() {
        let mut first = Masker::new(&[]);
        let second = first.stream();
        assert_eq!(first.push(b"token-1234"), b"token-1234");
        assert!(second.add("token-1234").is_empty());
        assert_eq!(first.push(b"token-1234\n"), b"***\n");
        assert_eq!(second.mask("a token-1234"), "a ***");
        assert_eq!(second.add("}").len(), 1);
        assert_eq!(second.mask("{}"), "{***");
    }

    #[test]
    fn every_line_of_a_secret_is_masked() {
        let key = "-----BEGIN KEY-----\r\n  MIIEpAIBAAKCAQEA7\r\n}\r\n-----END KEY-----\n";
        for text in [key, "MIIEpAIBAAKCAQEA7", "-----END KEY-----"] {
            let shown = masked(&[key], text, 7);
            assert!(!shown.contains("MIIE") && !shown.contains("END KEY"), "{shown}");
        }
    }
}

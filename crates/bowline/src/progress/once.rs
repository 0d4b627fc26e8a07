//! What people need not read twice: a fact that every release notes again, a cause that an
//! event told just before, a line that a program repeats. Machines (`json`) hear everything.

use bowline_engine::notice::{Notice, Watcher};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The word of an event that is a fact and no news.
const NOTED: &str = "noted";

/// The word of the event that ends a rollout early.
const ABORTED: &str = "aborted";

/// Passes notices on to a watcher for people.
pub struct Once<W> {
    watcher: W,
    /// Facts are told each time.
    verbose: bool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    facts: BTreeSet<String>,
    /// The cause that was told last: of an abort, or by the last stage.
    cause: Option<String>,
    /// The last line of output and how often it came again.
    output: Option<(Notice, usize)>,
}

impl<W: Watcher> Once<W> {
    /// In front of `watcher`.
    pub fn new(watcher: W, verbose: bool) -> Self {
        Self { watcher, verbose, told: Mutex::default() }
    }

    /// The notice as it is told, if it is.
    fn heard(&self, told: &mut Told, notice: &Notice) -> Option<Notice> {
        let mut heard = notice.clone();
        if let Notice::Happened { word, text, .. } = notice
            && word == NOTED
        {
            let new = told.facts.insert(text.clone());
            return (new || self.verbose).then_some(heard);
        }
        match &mut heard {
            Notice::ReleaseStarted { .. } => told.cause = None,
            Notice::Happened { word, text, .. } if word == ABORTED => {
                told.cause = Some(text.clone());
            }
            Notice::StageFinished { text, .. } => {
                if told.cause.as_ref() == Some(text) {
                    text.clear();
                } else {
                    told.cause = Some(text.clone());
                }
            }
            Notice::ReleaseFinished { cause, .. } if told.cause.as_ref() == Some(cause) => {
                cause.clear();
            }
            _ => {}
        }
        Some(heard)
    }

    /// Counts a line of output that comes again; tells the count when something else comes.
    fn repeats(&self, told: &mut Told, notice: &Notice) -> bool {
        let only_drawn = matches!(notice, Notice::Rollout(_) | Notice::StageWorking { .. });
        if only_drawn {
            return false;
        }
        if let Some((last, again)) = &mut told.output
            && last == notice
        {
            *again += 1;
            return true;
        }
        let output = matches!(notice, Notice::Output { .. });
        let before = std::mem::replace(&mut told.output, output.then(|| (notice.clone(), 0)));
        if let Some((Notice::Output { stage, origin, .. }, again @ 1..)) = before {
            let times = if again == 1 { "once".to_owned() } else { format!("{again} times") };
            let line = format!("(the same line {times} more)");
            self.watcher.notice(&Notice::Output { stage, origin, line });
        }
        false
    }
}

impl<W: Watcher> Watcher for Once<W> {
    fn notice(&self, notice: &Notice) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.repeats(&mut told, notice)
            && let Some(heard) = self.heard(&mut told, notice)
        {
            self.watcher.notice(&heard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Once;
    use bowline_engine::notice::{Notice, Watcher};
    use bowline_model::Verdict;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    impl Watcher for Heard {
        fn notice(&self, notice: &Notice) {
            let parts = crate::progress::line::parts(notice);
            let parts = parts.map(|(stage, word, text)| format!("{stage} {word} {text}"));
            self.0.lock().expect("no test panics inside").extend(parts);
        }
    }

    fn told(verbose: bool, notices: &[Notice]) -> Vec<String> {
        let heard = Heard::default();
        let once = Once::new(heard.clone(), verbose);
        notices.iter().for_each(|notice| once.notice(notice));
        let lines = heard.0.lock().expect("no test panics inside");
        lines.clone()
    }

    fn happened(word: &str, text: &str) -> Notice {
        Notice::Happened { stage: "image".into(), word: word.into(), text: text.into() }
    }

    fn output(line: &str) -> Notice {
        Notice::Output { stage: "rollout".into(), origin: "pod".into(), line: line.into() }
    }

    #[test]
    fn a_fact_is_noted_once_unless_everything_is_asked_for() {
        let notices = [happened("noted", "a"), happened("noted", "a"), happened("shifted", "a")];
        assert_eq!(told(false, &notices), ["image noted a", "image shifted a"]);
        assert_eq!(told(true, &notices).len(), 3);
    }

    #[test]
    fn a_line_that_comes_again_is_counted() {
        let notices = [output("x"), output("x"), output("x"), output("y"), happened("b", "c")];
        let expected =
            [" | pod: x", " | pod: (the same line 2 times more)", " | pod: y", "image b c"];
        assert_eq!(told(false, &notices), expected);
    }

    #[test]
    fn the_cause_of_an_abort_is_told_once() {
        let finished = Notice::StageFinished {
            stage: "rollout".into(),
            verdict: Some(Verdict::Block),
            seconds: 3.0,
            cached: false,
            text: "too many errors".into(),
        };
        let told = told(false, &[happened("aborted", "too many errors"), finished]);
        assert_eq!(told, ["image aborted too many errors", "rollout aborted (3.0 s)"]);
    }
}

//! What a run tells while it goes on. Every text in it is masked.

use crate::{Annotation, Conclusion};

/// Something that happened in a run. `job` is a job's key, `step` a step's number from 1.
#[derive(Clone, Debug, PartialEq)]
pub enum RunEvent {
    /// The run, or a job of it, waits for its `concurrency` group.
    Waiting {
        /// For whom.
        text: String,
    },
    /// A job got its box.
    JobStarted {
        /// Its key.
        job: String,
        /// Its name for people.
        name: String,
    },
    /// A step begins.
    StepStarted {
        /// The job's key.
        job: String,
        /// From 1.
        step: usize,
        /// Its name for people.
        name: String,
    },
    /// A line of output.
    Log {
        /// The job's key.
        job: String,
        /// From 1; 0 is the making of the box.
        step: usize,
        /// The text without its line end.
        line: String,
    },
    /// A message with a place.
    Annotation {
        /// The job's key.
        job: String,
        /// From 1.
        step: usize,
        /// The message.
        annotation: Annotation,
    },
    /// A step's summary, Markdown.
    Summary {
        /// The job's key.
        job: String,
        /// From 1.
        step: usize,
        /// The text.
        text: String,
    },
    /// A step ended; a skipped one was never started.
    StepFinished {
        /// The job's key.
        job: String,
        /// From 1.
        step: usize,
        /// Its name for people.
        name: String,
        /// How it counts.
        conclusion: Conclusion,
        /// Wall time.
        seconds: f64,
    },
    /// A job ended; a skipped one was never started.
    JobFinished {
        /// Its key.
        job: String,
        /// Its name for people.
        name: String,
        /// How it ended.
        conclusion: Conclusion,
        /// Wall time.
        seconds: f64,
    },
}

//! The table of this crate's error codes.

use bowline_diag::Code;

const fn row(id: &'static str, title: &'static str, text: &'static str) -> Code {
    Code { id, title, text }
}

/// All codes of `sandbox`.
pub const CODES: &[Code] = &[
    row(
        "BOW1201",
        "the launcher cannot be started",
        "Bowline starts every sandbox from its own program file, run again. That file cannot be \
         started: it was moved or deleted while Bowline was running, or its file system forbids \
         programs (`noexec`).",
    ),
    row(
        "BOW1202",
        "the launcher ended or did not answer",
        "The process that makes the sandbox ended before it said what happened, or said nothing \
         for too long. Often the machine ran out of memory. `bowline doctor` tries each step.",
    ),
    row(
        "BOW1203",
        "a sandbox cannot be made",
        "One step of making a sandbox (a namespace, a mount, an identity) is refused by this \
         machine. The message names the step and what it was about. Bowline never goes on with \
         less isolation by itself; `bowline doctor` says what is missing.",
    ),
    row(
        "BOW1204",
        "a program cannot be started",
        "The program is not there, is not executable, or the interpreter in its first line is \
         missing. Inside a sandbox only the sandbox's own files count.",
    ),
    row(
        "BOW1205",
        "the working folder is missing",
        "A program shall start in a folder that does not exist inside the sandbox.",
    ),
    row(
        "BOW1206",
        "the machine has no more of something",
        "Descriptors, processes, memory or disk space are used up. The message names which.",
    ),
    row("BOW1207", "a system call failed", "The message names what was being done and why not."),
    row(
        "BOW1208",
        "a tool took too long",
        "A host program that Bowline uses was ended with all that it had started, because its \
         time was over.",
    ),
    row(
        "BOW1209",
        "a tool printed too much",
        "A host program that Bowline uses was ended because its output passed the limit.",
    ),
    row(
        "BOW1210",
        "a killed process does not end",
        "After everything in a sandbox was killed a process still hangs inside the kernel, \
         usually on a network file system or a broken disk.",
    ),
    row(
        "BOW1211",
        "the sandbox has ended",
        "A program was to be started in a sandbox that is gone.",
    ),
    row("BOW1212", "too many descriptors", "One message carries at most 64 descriptors."),
    row("BOW1213", "a value cannot be used", "The message names the value and the reason."),
    row(
        "BOW1214",
        "this machine permits no sandbox",
        "Jobs, builds and pods run in namespaces; an ordinary user makes them inside a user \
         namespace. A setting of this machine forbids that, or the state folder's file system \
         does. The message names the setting and the help its opposite. Nothing is ever run with \
         less isolation instead; `bowline doctor` tries each part.",
    ),
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_unique_and_of_this_crate() {
        for (index, code) in CODES.iter().enumerate() {
            assert_eq!(code.id, format!("BOW12{:02}", index + 1));
            assert!(!code.text.is_empty());
        }
    }
}

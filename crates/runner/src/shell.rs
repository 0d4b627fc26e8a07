//! The table of shells: which program runs a step's text, and how.
//!
//! Source: GitHub's documentation, "Workflow syntax", `jobs.<job_id>.steps[*].shell`, and
//! runner ADR 0277.
//! Absent on purpose: starting anything. The text and the arguments come out.

use bowline_sandbox::Program;

/// How a step's text is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments, with the script's path filled in.
    pub arguments: Vec<String>,
    /// The script's text as it goes into the file.
    pub script: String,
}

/// A `shell:` that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// Not built in, and no place for the script.
    #[error("shell `{0}` is not built in and has no `{{0}}` where the script's path would go")]
    NoPlaceholder(String),
    /// A quote that is not closed.
    #[error("shell `{0}` has a quote that is not closed")]
    OpenQuote(String),
    /// A built-in shell of another system.
    #[error("shell `{0}` exists on Windows only")]
    Windows(String),
}

/// One built-in shell.
struct BuiltIn {
    word: &'static str,
    arguments: &'static [&'static str],
    extension: &'static str,
    before: &'static str,
    after: &'static str,
}

/// What `pwsh` needs to stop at the first error and to hand on the exit code.
const PWSH_BEFORE: &str = "$ErrorActionPreference = 'stop'\n";
const PWSH_AFTER: &str = "\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) \
                          { exit $LASTEXITCODE }\n";

const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        word: "bash",
        arguments: &["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"],
        extension: ".sh",
        before: "",
        after: "",
    },
    BuiltIn {
        word: "sh",
        arguments: &["sh", "-e", "{0}"],
        extension: ".sh",
        before: "",
        after: "",
    },
    BuiltIn {
        word: "python",
        arguments: &["python", "{0}"],
        extension: ".py",
        before: "",
        after: "",
    },
    BuiltIn {
        word: "pwsh",
        arguments: &["pwsh", "-command", ". '{0}'"],
        extension: ".ps1",
        before: PWSH_BEFORE,
        after: PWSH_AFTER,
    },
];

/// The extension that the script file gets for `shell`.
#[must_use]
pub fn extension(shell: Option<&str>) -> &'static str {
    let Some(shell) = shell else { return ".sh" };
    let program = shell.split_whitespace().next().unwrap_or_default();
    BUILT_IN.iter().find(|built_in| built_in.word == program).map_or("", |found| found.extension)
}

/// What stands in for a program that is not there: most systems have Python 3 only under its
/// full name, while GitHub's machines have both.
#[must_use]
pub fn stand_in(program: &Program) -> Option<Program> {
    let mut other = program.clone();
    let name = other.arguments.first_mut().filter(|name| *name == "python")?;
    "python3".clone_into(name);
    Some(other)
}

/// How `text` is run by `shell`; `None` is the default, which has no `pipefail`.
/// `path` is the script's path inside the job, `has_bash` says whether there is a `bash`.
///
/// # Errors
/// A custom shell without `{0}`, an open quote, a shell of Windows.
pub fn invocation(
    shell: Option<&str>,
    text: &str,
    path: &str,
    has_bash: bool,
) -> Result<Invocation, ShellError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let Some(shell) = shell.map(str::trim).filter(|shell| !shell.is_empty()) else {
        let program = if has_bash { "bash" } else { "sh" };
        let arguments = [program, "-e", path].map(str::to_owned).to_vec();
        return Ok(Invocation { arguments, script: text });
    };
    if let Some(found) = BUILT_IN.iter().find(|built_in| built_in.word == shell) {
        let fill = |argument: &&str| argument.replace("{0}", path);
        let arguments = found.arguments.iter().map(fill).collect();
        return Ok(Invocation {
            arguments,
            script: format!("{}{text}{}", found.before, found.after),
        });
    }
    if matches!(shell, "cmd" | "powershell") {
        return Err(ShellError::Windows(shell.to_owned()));
    }
    if !shell.contains("{0}") {
        return Err(ShellError::NoPlaceholder(shell.to_owned()));
    }
    let words = words(shell).ok_or_else(|| ShellError::OpenQuote(shell.to_owned()))?;
    let arguments = words.iter().map(|word| word.replace("{0}", path)).collect();
    Ok(Invocation { arguments, script: text })
}

/// Splits at blanks outside of quotes; `None` when a quote stays open.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut inside, mut quote) = (String::new(), false, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => (quote, inside) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if inside {
                    words.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (None, _) => {
                word.push(character);
                inside = true;
            }
        }
    }
    if inside {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_its_documented_arguments() {
        let cases: &[(Option<&str>, &str)] = &[
            (None, "bash -e /s"),
            (Some("bash"), "bash --noprofile --norc -e -o pipefail /s"),
            (Some("sh"), "sh -e /s"),
            (Some("python"), "python /s"),
            (Some("pwsh"), "pwsh|-command|. '/s'"),
            (Some("python3 {0}"), "python3 /s"),
            (Some("perl -e 'do \"{0}\"' x"), "perl|-e|do \"/s\"|x"),
        ];
        for (shell, expected) in cases {
            let made = invocation(*shell, "x", "/s", true).expect("it is a shell");
            let separator = if expected.contains('|') { "|" } else { " " };
            assert_eq!(made.arguments.join(separator), *expected);
        }
        let without = invocation(None, "x", "/s", false).expect("it is a shell");
        assert_eq!(without.arguments, ["sh", "-e", "/s"]);
    }

    #[test]
    fn python_3_stands_in_for_python() {
        let program = |name: &str| Program {
            arguments: vec![name.to_owned(), "/s".to_owned()],
            environment: Vec::new(),
            directory: "/".into(),
        };
        let other = stand_in(&program("python")).expect("there is one");
        assert_eq!(other.arguments, ["python3", "/s"]);
        assert!(stand_in(&program("ruby")).is_none());
    }

    #[test]
    fn scripts_have_no_byte_order_mark_and_pwsh_stops_at_errors() {
        let made = invocation(None, "\u{feff}a\r\nb", "/s", true).expect("it is a shell");
        assert_eq!(made.script, "a\nb");
        let made = invocation(Some("pwsh"), "a", "/s", true).expect("it is a shell");
        assert!(made.script.starts_with("$ErrorActionPreference = 'stop'\na"));
        assert!(made.script.contains("exit $LASTEXITCODE"));
        assert_eq!(extension(Some("python")), ".py");
        assert_eq!(extension(Some("perl {0}")), "");
    }

    #[test]
    fn a_shell_that_cannot_be_carried_out_is_refused() {
        for (shell, expected) in [
            ("fish", ShellError::NoPlaceholder("fish".into())),
            ("perl '{0}", ShellError::OpenQuote("perl '{0}".into())),
            ("cmd", ShellError::Windows("cmd".into())),
        ] {
            assert_eq!(invocation(Some(shell), "x", "/s", true), Err(expected));
        }
    }
}

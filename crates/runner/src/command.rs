//! Workflow commands: lines of output that speak to the runner.
//!
//! `::name key=value,key=value::data`, or the older `##[name key=value;key=value]data`, at the
//! start of a line after blanks. A line with an unknown name is plain text.
//!
//! Source: GitHub's documentation, "Workflow commands"; runner `ActionCommand` for the escapes.
//! Absent on purpose: masking and storing. [`Interpreter`] says what a line means.

use crate::annotation::{self, Annotation, Level};

/// A command as it stands in a line, unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name, one of the known names or the current stop token.
    pub name: String,
    /// Its properties in the order written.
    pub properties: Vec<(String, String)>,
    /// What follows.
    pub data: String,
}

impl Command {
    /// The value of a property; names ignore case.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The names that are commands. Everything else is text.
const NAMES: &[&str] = &[
    "debug",
    "notice",
    "warning",
    "error",
    "group",
    "endgroup",
    "echo",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "stop-commands",
    "set-output",
    "save-state",
    "set-env",
    "add-path",
];

/// What a line of output means to the runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Text to show as it is.
    Text,
    /// A debug line.
    Debug(String),
    /// An annotation; its message is shown too.
    Annotation(Annotation),
    /// A group opens.
    Group(String),
    /// The group ends.
    EndGroup,
    /// Whether further commands are shown in the log.
    Echo(bool),
    /// A value to mask from here on. The line itself is never stored.
    AddMask(String),
    /// Commands stop until `::token::`. The token is masked when longer than 6 characters.
    Stopped(String),
    /// Commands work again.
    Resumed,
    /// An output in the old way.
    SetOutput(String, String),
    /// State for the post step in the old way.
    SaveState(String, String),
    /// A variable, only where the step allows the unsecure commands.
    SetEnvironment(String, String),
    /// A folder in front of `PATH`, only where the step allows the unsecure commands.
    AddPath(String),
    /// The command cannot be carried out; the step fails with this sentence.
    Refused(String),
}

/// Reads the lines of one step, one after another.
#[derive(Debug, Default)]
pub struct Interpreter {
    stop_token: Option<String>,
    allow_unsecure: bool,
}

/// The shortest stop token that is masked has one character more.
const STOP_TOKEN_UNMASKED_CHARACTERS_MAX: usize = 6;

impl Interpreter {
    /// `allow_unsecure` is `ACTIONS_ALLOW_UNSECURE_COMMANDS=true` in the step's environment.
    #[must_use]
    pub fn new(allow_unsecure: bool) -> Self {
        Self { stop_token: None, allow_unsecure }
    }

    /// Whether the token of `stop-commands` is long enough to be masked.
    #[must_use]
    pub fn masks_token(token: &str) -> bool {
        token.chars().count() > STOP_TOKEN_UNMASKED_CHARACTERS_MAX
    }

    /// What `line` (without its end) means.
    pub fn line(&mut self, line: &str) -> Meaning {
        if let Some(token) = &self.stop_token {
            let resumes = parse(line, &[token.as_str()]).is_some();
            if resumes {
                self.stop_token = None;
                return Meaning::Resumed;
            }
            return Meaning::Text;
        }
        match parse(line, NAMES) {
            Some(command) => self.meaning(command),
            None => Meaning::Text,
        }
    }

    fn meaning(&mut self, command: Command) -> Meaning {
        if let Some(level) = Level::of_command(&command.name) {
            return Meaning::Annotation(annotation::of_command(level, &command));
        }
        match command.name.as_str() {
            "debug" => Meaning::Debug(command.data),
            "group" => Meaning::Group(command.data),
            "endgroup" => Meaning::EndGroup,
            "echo" => echo(&command.data),
            "add-mask" => mask(command.data),
            "stop-commands" => self.stop(command.data),
            "set-output" => named(command, Meaning::SetOutput),
            "save-state" => named(command, Meaning::SaveState),
            "set-env" if self.allow_unsecure => named(command, Meaning::SetEnvironment),
            "add-path" if self.allow_unsecure => Meaning::AddPath(command.data),
            "set-env" | "add-path" => Meaning::Refused(format!(
                "command `{}` is refused: any text in the log could set it; write to `{}` instead",
                command.name,
                if command.name == "set-env" { "$GITHUB_ENV" } else { "$GITHUB_PATH" }
            )),
            "add-matcher" | "remove-matcher" => Meaning::Refused(format!(
                "command `{}` is not carried out: problem matchers are not supported yet",
                command.name
            )),
            _ => Meaning::Text,
        }
    }

    fn stop(&mut self, token: String) -> Meaning {
        let taken = NAMES.iter().any(|name| name.eq_ignore_ascii_case(&token));
        if token.is_empty() || taken || token.eq_ignore_ascii_case("pause-logging") {
            return Meaning::Refused(format!(
                "command `stop-commands` needs a token that nothing else uses, not `{token}`"
            ));
        }
        self.stop_token = Some(token.clone());
        Meaning::Stopped(token)
    }
}

fn echo(data: &str) -> Meaning {
    match data.trim().to_ascii_lowercase().as_str() {
        "on" => Meaning::Echo(true),
        "off" => Meaning::Echo(false),
        other => Meaning::Refused(format!("command `echo` takes `on` or `off`, not `{other}`")),
    }
}

/// An empty mask would hide nothing or everything; it is refused as GitHub warns about it.
fn mask(value: String) -> Meaning {
    if value.trim().is_empty() { Meaning::Text } else { Meaning::AddMask(value) }
}

/// A command that sets the property `name` to its data.
fn named(command: Command, meaning: fn(String, String) -> Meaning) -> Meaning {
    match command.property("name") {
        Some(name) if !name.is_empty() => meaning(name.to_owned(), command.data.clone()),
        _ => Meaning::Refused(format!("command `{}` has no `name=`", command.name)),
    }
}

/// The command that stands in `line`, if its name is one of `names` (case ignored).
fn parse(line: &str, names: &[&str]) -> Option<Command> {
    let line = line.trim_start();
    match line.strip_prefix("::") {
        Some(rest) => parse_current(rest, names),
        None => parse_legacy(line.strip_prefix("##[")?, names),
    }
}

fn known<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

fn parse_current(rest: &str, names: &[&str]) -> Option<Command> {
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(Command {
        name: known(name, names)?.to_owned(),
        properties: properties_of(properties.trim(), ',', unescape_property),
        data: unescape(data, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]),
    })
}

fn parse_legacy(rest: &str, names: &[&str]) -> Option<Command> {
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(Command {
        name: known(name, names)?.to_owned(),
        properties: properties_of(properties.trim(), ';', unescape_legacy),
        data: unescape_legacy(data),
    })
}

fn properties_of(
    text: &str,
    separator: char,
    unescape: fn(&str) -> String,
) -> Vec<(String, String)> {
    let pairs = text.split(separator).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), unescape(value))).collect()
}

fn unescape_property(text: &str) -> String {
    unescape(text, &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")])
}

fn unescape_legacy(text: &str) -> String {
    unescape(text, &[("%0D", "\r"), ("%0A", "\n"), ("%3B", ";"), ("%5D", "]"), ("%25", "%")])
}

/// Replaces in one pass, so that `%250A` becomes `%0A` and not a line end.
fn unescape(text: &str, table: &[(&str, &str)]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let found = table.iter().find(|(escape, _)| {
            rest[at..].get(..escape.len()).is_some_and(|it| it.eq_ignore_ascii_case(escape))
        });
        let (length, plain) = found.map_or((1, "%"), |(escape, plain)| (escape.len(), plain));
        result.push_str(plain);
        rest = &rest[at + length..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, data: &str) -> Command {
        Command { name: name.into(), properties: Vec::new(), data: data.into() }
    }

    #[test]
    fn commands_are_told_from_text() {
        let cases: &[(&str, Option<Command>)] = &[
            ("::group::Build", Some(text("group", "Build"))),
            ("  ::group::Build", Some(text("group", "Build"))),
            ("::GROUP::Build", Some(text("group", "Build"))),
            ("##[group]Build", Some(text("group", "Build"))),
            ("::debug::a%0Ab%250Ac%25", Some(text("debug", "a\nb%0Ac%"))),
            ("::debug::a::b", Some(text("debug", "a::b"))),
            ("say ::group::Build", None),
            ("::nobody::x", None),
            ("::group:x", None),
            ("::", None),
            ("100%", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line, NAMES), *expected, "{line}");
        }
    }

    #[test]
    fn properties_are_unescaped() {
        let command = parse("::error file=a%2Cb.go, line=3,title=x%3Ay%25::m", NAMES);
        let command = command.expect("it is a command");
        assert_eq!(command.property("file"), Some("a,b.go"));
        assert_eq!(command.property("LINE"), Some("3"));
        assert_eq!(command.property("title"), Some("x:y%"));
        let legacy = parse("##[error file=a%3Bb;line=4]m%5Dn", NAMES).expect("it is a command");
        assert_eq!(legacy.property("file"), Some("a;b"));
        assert_eq!(legacy.data, "m]n");
    }

    #[test]
    fn between_the_stop_tokens_commands_are_text() {
        let mut interpreter = Interpreter::new(false);
        assert_eq!(interpreter.line("::stop-commands::tok-1"), Meaning::Stopped("tok-1".into()));
        assert_eq!(interpreter.line("::add-mask::word"), Meaning::Text);
        assert_eq!(interpreter.line("::TOK-1::"), Meaning::Resumed);
        assert_eq!(interpreter.line("::add-mask::word"), Meaning::AddMask("word".into()));
        assert!(!Interpreter::masks_token("abcdef") && Interpreter::masks_token("abcdefg"));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_with_a_reason() {
        let mut interpreter = Interpreter::new(false);
        for line in [
            "::set-env name=A::1",
            "::add-path::/x",
            "::stop-commands::",
            "::stop-commands::add-mask",
            "::stop-commands::pause-logging",
            "::echo::loud",
            "::set-output::v",
            "::add-matcher::m.json",
        ] {
            assert!(matches!(interpreter.line(line), Meaning::Refused(_)), "{line}");
        }
        let mut open = Interpreter::new(true);
        assert_eq!(
            open.line("::set-env name=A::1"),
            Meaning::SetEnvironment("A".into(), "1".into())
        );
        assert_eq!(open.line("::add-path::/x"), Meaning::AddPath("/x".into()));
    }

    #[test]
    fn the_old_ways_still_work() {
        let mut interpreter = Interpreter::new(false);
        for (line, expected) in [
            ("::set-output name=v::1", Meaning::SetOutput("v".into(), "1".into())),
            ("::save-state name=v::1", Meaning::SaveState("v".into(), "1".into())),
            ("::echo::on", Meaning::Echo(true)),
            ("::endgroup::", Meaning::EndGroup),
            ("::add-mask:: ", Meaning::Text),
        ] {
            assert_eq!(interpreter.line(line), expected);
        }
    }
}

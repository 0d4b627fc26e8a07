//! Commands: shell form, exec form, and RUN with its flags and heredocs.

use super::{
    BUILD_CACHE, MODULE_CACHE, Run, SCRIPT, problems::Problems, scope::Variables, stage::Reader,
};
use crate::{
    codes,
    dockerfile::{Arguments, Instruction, Word},
};

/// Programs that install packages into a base image.
const PACKAGE_MANAGERS: [&str; 7] = ["apk", "apt", "apt-get", "dnf", "microdnf", "yum", "zypper"];

/// The command as it will be started: exec form as it is, shell form through the shell.
pub(super) fn form(arguments: &Arguments, shell: &[String]) -> Vec<String> {
    match arguments {
        Arguments::Json(items) => items.clone(),
        Arguments::Text(word) => {
            let mut command = shell.to_vec();
            command.push(word.text.clone());
            command
        }
        _ => Vec::new(),
    }
}

/// What a RUN instruction starts.
pub(super) fn run(
    instruction: &Instruction,
    reader: &mut Reader<'_, '_>,
    variables: &Variables,
) -> Option<Run> {
    let mut offline = false;
    for flag in &instruction.flags {
        offline |= flag_of_run(instruction, flag, reader)?;
    }
    let (arguments, script) = match (&instruction.arguments, instruction.heredocs.as_slice()) {
        (Arguments::Empty, _) => {
            let message = "RUN has no command";
            reader.problems.instruction(&codes::SYNTAX, instruction, message, "");
            return None;
        }
        (Arguments::Text(word), [only]) if is_only(word, instruction) => {
            let content = only.content();
            if content.starts_with("#!") {
                (vec![SCRIPT.to_owned()], Some(content))
            } else {
                (with_shell(reader, content), None)
            }
        }
        (Arguments::Text(word), heredocs) => {
            // The shell reads its own heredocs: they are handed on as they were written.
            let mut text = word.text.clone();
            for heredoc in heredocs {
                text.push('\n');
                text.push_str(&heredoc.body);
                text.push_str(&heredoc.name);
            }
            if !heredocs.is_empty() {
                text.push('\n');
            }
            (with_shell(reader, text), None)
        }
        (arguments, _) => (form(arguments, &reader.shell), None),
    };
    no_packages(instruction, reader.problems)?;
    if rebuilds_all(instruction) {
        let note = "`go build -a` compiles everything each time and never uses the cache";
        reader.problems.note(instruction.line.start(), note);
    }
    Some(Run {
        arguments,
        environment: variables.run(reader.facts),
        directory: reader.directory.clone(),
        script,
        offline,
    })
}

/// `RUN <<EOF`: the body itself is the command.
fn is_only(word: &Word, instruction: &Instruction) -> bool {
    let opening = crate::dockerfile::heredoc_opening(&word.text);
    opening.is_some_and(|opening| opening.name == instruction.heredocs[0].name)
}

fn with_shell(reader: &Reader<'_, '_>, text: String) -> Vec<String> {
    let mut command = reader.shell.clone();
    command.push(text);
    command
}

/// Whether the flag takes the network away; `None` when it is refused.
fn flag_of_run(
    instruction: &Instruction,
    flag: &Word,
    reader: &mut Reader<'_, '_>,
) -> Option<bool> {
    let (name, value) = flag.text.split_once('=').unwrap_or((&flag.text, ""));
    let value = reader.expand(instruction, flag, value)?;
    let problems = &mut *reader.problems;
    match (name, value.as_str()) {
        ("--network", "default") => Some(false),
        ("--network", "none") => Some(true),
        ("--network", other) => {
            let message = format!("RUN on the network `{other}` would see more than its own");
            let help = "use `--network=default` or `--network=none`";
            problems.word(&codes::UNSUPPORTED, instruction, flag, message, help);
            None
        }
        ("--mount", mount) => is_cache(instruction, flag, mount, problems).then_some(false),
        ("--security" | "--device", _) => {
            let message = format!("`{}` would let the step out of its sandbox", flag.text);
            problems.word(&codes::UNSUPPORTED, instruction, flag, message, "leave it out");
            None
        }
        _ => {
            let message = format!("RUN has no flag `{name}`");
            let help = "RUN knows `--mount` and `--network`";
            problems.word(&codes::SYNTAX, instruction, flag, message, help);
            None
        }
    }
}

/// The two caches of Go are shared in every RUN step, so a mount of them changes nothing.
fn is_cache(instruction: &Instruction, flag: &Word, mount: &str, problems: &mut Problems) -> bool {
    let fields: Vec<(&str, &str)> =
        mount.split(',').map(|field| field.split_once('=').unwrap_or((field, ""))).collect();
    let get = |names: &[&str]| {
        fields.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value)
    };
    let kind = get(&["type"]).unwrap_or("bind");
    let target = get(&["target", "dst", "destination"]).unwrap_or_default();
    let target = target.trim_end_matches('/');
    if kind == "cache" && (target == BUILD_CACHE || target == MODULE_CACHE) {
        return true;
    }
    let message = match kind {
        "cache" => format!("a cache at `{target}` is not kept yet, so the step would start cold"),
        "secret" => "secrets are not given to RUN steps yet, so the step would fail".to_owned(),
        "ssh" => "no SSH agent is given to RUN steps, so the step would fail".to_owned(),
        "bind" => "files are not mounted into RUN steps yet, so the step would miss them".into(),
        "tmpfs" => "`type=tmpfs` is not mounted yet, so the files would stay in the stage".into(),
        other => format!("`type={other}` is no kind of mount"),
    };
    let known = matches!(kind, "cache" | "secret" | "ssh" | "bind" | "tmpfs");
    let code = if known { &codes::UNSUPPORTED } else { &codes::SYNTAX };
    let help = match kind {
        "cache" => "Go's caches at `/root/.cache/go-build` and `/go/pkg/mod` are always kept",
        "bind" => "use COPY before the RUN",
        _ => "leave it out",
    };
    problems.word(code, instruction, flag, message, help);
    false
}

/// `-a` was needed before Go 1.10; many files still have it.
fn rebuilds_all(instruction: &Instruction) -> bool {
    let Arguments::Text(word) = &instruction.arguments else { return false };
    let mut commands = word.text.split(['&', '|', ';', '\n']);
    commands.any(|command| {
        let words: Vec<&str> = command.split_whitespace().collect();
        words.windows(2).any(|pair| pair == ["go", "build"]) && words.contains(&"-a")
    })
}

/// Package managers change a base image, and there is none here.
fn no_packages(instruction: &Instruction, problems: &mut Problems) -> Option<()> {
    let Arguments::Text(word) = &instruction.arguments else { return Some(()) };
    let commands = word.text.split(['&', '|', ';', '\n', '(']).map(str::trim_start);
    for command in commands {
        let program = command
            .split_whitespace()
            .find(|part| !part.contains('=') && *part != "sudo")
            .unwrap_or_default();
        if PACKAGE_MANAGERS.contains(&program) {
            let message =
                format!("`{program}` installs into a base image, and none is pulled here");
            let help = "leave it out; copy CA certificates from `/etc/ssl/certs/` of this stage";
            problems.word(&codes::UNSUPPORTED, instruction, word, message, help);
            return None;
        }
    }
    Some(())
}

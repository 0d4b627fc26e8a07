//! COPY: flags, sources, destination.

use super::{Copy, heredoc_file, scope::Variables, stage::Reader};
use crate::{
    codes,
    dockerfile::{Arguments, Instruction, Word},
};
use bowline_diag::nearest;

/// What the flags say.
#[derive(Default)]
struct Flags {
    from: Option<usize>,
    owner: Option<(u32, u32)>,
    mode: Option<u32>,
    link: bool,
}

/// The copy that `instruction` describes; `None` when it is refused.
pub(super) fn copy(
    instruction: &Instruction,
    reader: &mut Reader<'_, '_>,
    variables: &Variables,
) -> Option<Copy> {
    let flags = flags(instruction, reader)?;
    let words: Vec<Word> = match &instruction.arguments {
        Arguments::Words(words) => words.clone(),
        Arguments::Json(items) => {
            let offset = instruction.line.text.find('[').unwrap_or(0);
            items.iter().map(|item| Word { text: item.clone(), offset }).collect()
        }
        _ => Vec::new(),
    };
    let Some((last, sources)) = words.split_last().filter(|(_, sources)| !sources.is_empty())
    else {
        let message = "COPY needs at least one source and a destination";
        reader.problems.instruction(&codes::SYNTAX, instruction, message, "write `COPY . .`");
        return None;
    };
    let mut expanded = Vec::new();
    for source in sources.iter().filter(|source| !is_heredoc(instruction, source)) {
        let text = reader.expand(instruction, source, &source.text)?;
        expanded.push((text, instruction.line.place(source.offset)));
    }
    let mut inline = Vec::new();
    for heredoc in &instruction.heredocs {
        match heredoc_file(heredoc, reader.words, &variables.scope()) {
            Ok(file) => inline.push(file),
            Err(error) => {
                reader.problems.instruction(&codes::SYNTAX, instruction, error.to_string(), "");
                return None;
            }
        }
    }
    let destination = reader.expand(instruction, last, &last.text)?;
    if expanded.len() + inline.len() > 1 && !is_folder(&destination) {
        let message = "several sources need a folder as destination";
        let help = format!("end it with a slash: `{destination}/`");
        reader.problems.word(&codes::SYNTAX, instruction, last, message, &help);
        return None;
    }
    let destination = absolute(&reader.directory, &destination);
    let Flags { from, owner, mode, link } = flags;
    Some(Copy { from, sources: expanded, inline, destination, owner, mode, link })
}

fn is_heredoc(instruction: &Instruction, source: &Word) -> bool {
    let opening = crate::dockerfile::heredoc_opening(&source.text);
    opening.is_some_and(|opening| instruction.heredocs.iter().any(|h| h.name == opening.name))
}

fn is_folder(destination: &str) -> bool {
    matches!(destination, "." | "..") || destination.ends_with('/') || destination.ends_with("/.")
}

/// An absolute path without `.` and `..`; a trailing slash is kept.
pub(super) fn absolute(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let slash = if is_folder(path) && !parts.is_empty() { "/" } else { "" };
    format!("/{}{slash}", parts.join("/"))
}

fn flags(instruction: &Instruction, reader: &mut Reader<'_, '_>) -> Option<Flags> {
    let mut flags = Flags::default();
    for flag in &instruction.flags {
        let (name, value) = flag.text.split_once('=').unwrap_or((&flag.text, ""));
        let value = reader.expand(instruction, flag, value)?;
        match name {
            "--from" => flags.from = Some(stage(instruction, flag, &value, reader)?),
            "--chown" => flags.owner = Some(owner(instruction, flag, &value, reader)?),
            "--chmod" => flags.mode = Some(mode(instruction, flag, &value, reader)?),
            "--link" if matches!(value.as_str(), "" | "true" | "false") => {
                flags.link = value != "false";
            }
            "--parents" | "--exclude" => {
                let message =
                    format!("`{name}` is not carried out yet: other files would be copied");
                let help = "name the files that are wanted, or use `.dockerignore`";
                reader.problems.word(&codes::UNSUPPORTED, instruction, flag, message, help);
                return None;
            }
            _ => {
                let message = format!("COPY has no flag `{}`", flag.text);
                let known = ["--from", "--chown", "--chmod", "--link"];
                let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_default();
                reader.problems.word(&codes::SYNTAX, instruction, flag, message, &help);
                return None;
            }
        }
    }
    Some(flags)
}

fn stage(
    instruction: &Instruction,
    flag: &Word,
    name: &str,
    reader: &mut Reader<'_, '_>,
) -> Option<usize> {
    let found = reader.stages.find(name, reader.index);
    if found.is_none() {
        let near = nearest(name, reader.stages.names(reader.index)).map(str::to_owned);
        let (code, message, help) = match near {
            Some(near) => (
                &codes::REFERENCE,
                format!("there is no stage `{name}` before this line"),
                format!("did you mean `{near}`?"),
            ),
            None => (
                &codes::BASE,
                format!("image `{name}` needs a registry pull, which is not there yet"),
                "copy from a stage of this file".to_owned(),
            ),
        };
        reader.problems.word(code, instruction, flag, message, &help);
    }
    found
}

/// `1000` or `1000:1000`; one number stands for both.
fn owner(
    instruction: &Instruction,
    flag: &Word,
    value: &str,
    reader: &mut Reader<'_, '_>,
) -> Option<(u32, u32)> {
    let (user, group) = value.split_once(':').unwrap_or((value, value));
    match (user.parse(), group.parse()) {
        (Ok(user), Ok(group)) => Some((user, group)),
        _ if value == "root" || value == "root:root" => Some((0, 0)),
        _ => {
            let message = format!("`{value}` is a name, and the image has no list of users");
            let help = "give numbers: `--chown=65532:65532`";
            reader.problems.word(&codes::UNSUPPORTED, instruction, flag, message, help);
            None
        }
    }
}

fn mode(
    instruction: &Instruction,
    flag: &Word,
    value: &str,
    reader: &mut Reader<'_, '_>,
) -> Option<u32> {
    let octal = u32::from_str_radix(value, 8).ok();
    let mode = octal.filter(|mode| *mode <= 0o7777 && value.len() <= 5);
    if mode.is_none() {
        let message = format!("`{value}` is not an octal mode, so the files would get another one");
        let help = "write it as `--chmod=0755`";
        reader.problems.word(&codes::UNSUPPORTED, instruction, flag, message, help);
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn destinations_become_absolute() {
        for (directory, path, expected) in [
            ("/app", ".", "/app/"),
            ("/app", "./", "/app/"),
            ("/", ".", "/"),
            ("/app", "main", "/app/main"),
            ("/app", "/usr/bin/", "/usr/bin/"),
            ("/app", "../x", "/x"),
            ("/app", "../../x/", "/x/"),
        ] {
            assert_eq!(absolute(directory, path), expected, "{directory} {path}");
        }
    }
}

//! Commands in the documentation: the `$` lines of ```` ```console ```` blocks.

/// One command of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The line in the page, from 1.
    pub line: usize,
    /// The command without `$` and comment.
    pub command: String,
    /// The exit code that the page promises: `# exit 3`; 0 when it says none.
    pub code: i32,
}

/// Every command of a Markdown page, in order.
#[must_use]
pub fn console_lines(page: &str) -> Vec<ConsoleLine> {
    let mut lines = Vec::new();
    let mut inside = false;
    for (index, text) in page.lines().enumerate() {
        if text.trim_start().starts_with("```") {
            inside = !inside && text.trim() == "```console";
            continue;
        }
        let Some(typed) = text.trim_start().strip_prefix("$ ").filter(|_| inside) else { continue };
        let (command, comment) = typed.split_once(" #").unwrap_or((typed, ""));
        let promised = comment.trim().strip_prefix("exit ").map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().expect("`# exit` is followed by a number")
        });
        lines.push(ConsoleLine {
            line: index + 1,
            command: command.trim().to_owned(),
            code: promised.unwrap_or(0),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::console_lines;

    #[test]
    fn only_typed_lines_of_console_blocks_are_commands() {
        let page = "text\n```console\n$ bowline check\noutput\n$ bowline release  # exit 3, a gate\n\
            $ ls    # a comment\n```\n$ not this\n```sh\n$ nor this\n```\n";
        let found: Vec<_> =
            console_lines(page).into_iter().map(|l| (l.line, l.command, l.code)).collect();
        let expected = [(3, "bowline check", 0), (5, "bowline release", 3), (6, "ls", 0)];
        let expected = expected.map(|(line, command, code)| (line, command.to_owned(), code));
        assert_eq!(found, expected);
    }
}

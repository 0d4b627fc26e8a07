//! Whether `on` lets an event start the workflow.
//!
//! The patterns are GitHub's own language, not a shell's: `*` stays within a path part, `**`
//! does not, `?` and `+` repeat the character before them, `[a-z]` is a set, `\` takes the next
//! character as it is, and `!` in front takes back what earlier patterns let in. Order decides.

use crate::event::Event;
use crate::limits::PATTERN_BYTES_MAX;
use crate::tree::{Patterns, Trigger, Triggers};
use bowline_yaml::Span;
use regex::Regex;

/// What `on` says to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The workflow runs.
    Runs,
    /// It does not, and this is why.
    Skips {
        /// One sentence.
        reason: String,
        /// The filter that decided.
        span: Span,
    },
}

impl Decision {
    /// Whether the workflow runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs)
    }
}

/// Whether `event` starts a workflow with these triggers.
#[must_use]
pub fn matches(on: &Triggers, event: &Event) -> Decision {
    let Some(trigger) = on.event(&event.name) else {
        let reason = format!("the workflow is not triggered by `{}`", event.name);
        return Decision::Skips { reason, span: on.span };
    };
    match decide(trigger, event) {
        Ok(()) => Decision::Runs,
        Err((reason, span)) => Decision::Skips { reason, span },
    }
}

type Refusal = (String, Span);

fn decide(trigger: &Trigger, event: &Event) -> Result<(), Refusal> {
    check_types(trigger, event)?;
    if event.name == "push" {
        match (event.branch(), event.tag()) {
            (Some(branch), _) => check_reference(trigger, branch, "branch")?,
            (None, Some(tag)) => check_reference(trigger, tag, "tag")?,
            (None, None) if has_reference_filter(trigger) => {
                let reason = format!("`{}` is neither a branch nor a tag", event.reference);
                return Err((reason, trigger.name.span));
            }
            (None, None) => {}
        }
        if event.tag().is_some() {
            return Ok(()); // Paths are not looked at for tags.
        }
    } else if let Some(base) = &event.base {
        check_reference(trigger, base, "branch")?;
    }
    match &event.changed_files {
        Some(files) => check_paths(trigger, files),
        None => Ok(()),
    }
}

fn check_types(trigger: &Trigger, event: &Event) -> Result<(), Refusal> {
    const PULL_REQUEST: [&str; 3] = ["opened", "synchronize", "reopened"];
    let Some(action) = &event.action else { return Ok(()) };
    let (passes, span) = match &trigger.types {
        Some(types) => (types.items.iter().any(|kind| kind.value == *action), types.span),
        None if event.name.starts_with("pull_request") && !event.name.contains("review") => {
            (PULL_REQUEST.contains(&action.as_str()), trigger.name.span)
        }
        None => (true, trigger.name.span),
    };
    if passes { Ok(()) } else { Err((format!("`types` leaves out `{action}`"), span)) }
}

fn has_reference_filter(trigger: &Trigger) -> bool {
    trigger.branches.is_some()
        || trigger.branches_ignore.is_some()
        || trigger.tags.is_some()
        || trigger.tags_ignore.is_some()
}

/// Branches by the branch filters, tags by the tag filters. Where only the other kind has a
/// filter, this kind does not run.
fn check_reference(trigger: &Trigger, name: &str, kind: &str) -> Result<(), Refusal> {
    let (only, ignore) = match kind {
        "branch" => (&trigger.branches, &trigger.branches_ignore),
        _ => (&trigger.tags, &trigger.tags_ignore),
    };
    if only.is_none() && ignore.is_none() && has_reference_filter(trigger) {
        let reason = format!("there is no filter for the {kind} `{name}`, only for the other kind");
        return Err((reason, trigger.name.span));
    }
    if let Some(patterns) = only
        && !selects(patterns, name)
    {
        return Err((format!("no pattern lets in the {kind} `{name}`"), patterns.span));
    }
    if let Some(patterns) = ignore
        && selects(patterns, name)
    {
        return Err((format!("the {kind} `{name}` is ignored"), patterns.span));
    }
    Ok(())
}

fn check_paths(trigger: &Trigger, files: &[String]) -> Result<(), Refusal> {
    if let Some(patterns) = &trigger.paths
        && !files.iter().any(|file| selects(patterns, file))
    {
        return Err(("no changed file is selected by `paths`".to_owned(), patterns.span));
    }
    if let Some(patterns) = &trigger.paths_ignore
        && !files.is_empty()
        && files.iter().all(|file| selects(patterns, file))
    {
        return Err(("every changed file is in `paths-ignore`".to_owned(), patterns.span));
    }
    Ok(())
}

/// Whether a list of patterns selects a name: the last pattern that matches decides.
#[must_use]
pub fn selects(patterns: &Patterns, name: &str) -> bool {
    let mut selected = false;
    for item in &patterns.items {
        // A pattern that cannot be read was an error of the reader; it never selects.
        let Ok(pattern) = Pattern::new(&item.value) else { continue };
        if pattern.is_match(name) {
            selected = !pattern.negative;
        }
    }
    selected
}

/// One pattern, ready to match.
#[derive(Debug)]
pub struct Pattern {
    /// It begins with `!`.
    pub negative: bool,
    regex: Regex,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A set that is empty, not closed or not of letters and digits, or a pattern too long.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError(format!("it has more than {PATTERN_BYTES_MAX} bytes")));
        }
        let (negative, body) = match text.strip_prefix('!') {
            Some(body) => (true, body),
            None => (false, text),
        };
        if body.is_empty() {
            return Err(PatternError("it is empty".to_owned()));
        }
        let regex = Regex::new(&translate(body)?);
        let regex = regex.map_err(|error| PatternError(format!("it is too complex ({error})")))?;
        Ok(Self { negative, regex })
    }

    /// Whether the whole name matches.
    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }
}

/// The pattern as an anchored regular expression.
fn translate(pattern: &str) -> Result<String, PatternError> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut atoms: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(c) = characters.get(at).copied() {
        let rest = &characters[at + 1..];
        at += 1;
        match c {
            '*' if rest.starts_with(&['*', '/']) => {
                // `**/` also matches nothing: `**/x` finds `x`.
                atoms.push("(?:.+/)?".to_owned());
                at += 2;
            }
            '*' if rest.starts_with(&['*']) => {
                atoms.push(".*".to_owned());
                at += 1;
            }
            '*' => atoms.push("[^/]*".to_owned()),
            '?' | '+' => match atoms.last_mut() {
                Some(last) => *last = format!("(?:{last}){c}"),
                None => atoms.push(regex::escape(&c.to_string())),
            },
            '[' => {
                let Some(length) = rest.iter().position(|c| *c == ']') else {
                    return Err(PatternError("`[` is not closed".to_owned()));
                };
                atoms.push(set(&rest[..length])?);
                at += length + 1;
            }
            '\\' => match rest.first() {
                Some(next) => {
                    atoms.push(regex::escape(&next.to_string()));
                    at += 1;
                }
                None => return Err(PatternError("nothing follows the last `\\`".to_owned())),
            },
            c => atoms.push(regex::escape(&c.to_string())),
        }
    }
    Ok(format!("(?s)^{}$", atoms.concat()))
}

/// `[...]`: letters, digits and ranges of them.
fn set(inside: &[char]) -> Result<String, PatternError> {
    if inside.is_empty() {
        return Err(PatternError("`[]` is empty".to_owned()));
    }
    let mut class = String::from("[");
    let mut at = 0;
    while at < inside.len() {
        let first = inside[at];
        if inside.get(at + 1) == Some(&'-') && at + 2 < inside.len() {
            let last = inside[at + 2];
            let same = |test: fn(&char) -> bool| test(&first) && test(&last);
            let fits = same(char::is_ascii_digit)
                || same(char::is_ascii_lowercase)
                || same(char::is_ascii_uppercase);
            if !fits || first > last {
                return Err(PatternError(format!("`{first}-{last}` is no range")));
            }
            class.push_str(&format!("{first}-{last}"));
            at += 3;
        } else if first.is_ascii_alphanumeric() || matches!(first, '_' | '.' | '-') {
            class.push_str(&regex::escape(&first.to_string()));
            at += 1;
        } else {
            return Err(PatternError(format!("`{first}` cannot stand in `[]`")));
        }
    }
    class.push(']');
    Ok(class)
}

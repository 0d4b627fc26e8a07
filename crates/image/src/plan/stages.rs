//! Stages: where each begins, what it starts from, which ones the target needs.

use super::{Base, Facts, golang, problems::Problems, scope};
use crate::{
    codes,
    dockerfile::{Arguments, Dockerfile, Instruction, Word},
    limits::STAGES_MAX,
    words::{Scope, WordError, Words},
};
use bowline_diag::nearest;
use std::collections::BTreeMap;

/// A stage before its instructions are looked at.
pub(super) struct Stage<'a> {
    pub(super) index: usize,
    pub(super) name: Option<String>,
    pub(super) base: Base,
    /// The base as it is named, expanded.
    reference: String,
    /// Nothing stands in for this base: said once, when the stage is needed.
    pub(super) refused: bool,
    from: &'a Instruction,
    pub(super) instructions: Vec<&'a Instruction>,
    /// The stages that it copies from, by number.
    copies: Vec<usize>,
}

pub(super) struct Stages<'a> {
    pub(super) words: Words,
    /// The arguments before the first FROM, by name.
    pub(super) global_args: Scope,
    stages: Vec<Stage<'a>>,
    target: usize,
    /// All names that any ARG declares.
    declared: Vec<String>,
}

impl<'a> Stages<'a> {
    /// The stages that the target needs, in the order of the file.
    pub(super) fn needed(&self) -> Vec<&Stage<'a>> {
        let mut needed = vec![false; self.stages.len()];
        let mut waiting = vec![self.target];
        while let Some(index) = waiting.pop() {
            if std::mem::replace(&mut needed[index], true) {
                continue;
            }
            let stage = &self.stages[index];
            waiting.extend(&stage.copies);
            if let Base::Stage(base) = stage.base {
                waiting.push(base);
            }
        }
        self.stages.iter().filter(|stage| needed[stage.index]).collect()
    }

    /// The stage named `name` (or numbered so) before stage `before`; the last of several.
    pub(super) fn find(&self, name: &str, before: usize) -> Option<usize> {
        find(&self.stages, name, before)
    }

    /// The stage at whose base the chain of bases of `index` ends.
    fn root(&self, index: usize) -> &Stage<'a> {
        let mut stage = &self.stages[index];
        while let Base::Stage(base) = stage.base {
            stage = &self.stages[base];
        }
        stage
    }

    /// Whether programs of this machine stand in for the base.
    pub(super) fn is_golang(&self, index: usize) -> bool {
        self.root(index).base == Base::Golang
    }

    /// Whether what the stage has at its root is not known.
    pub(super) fn is_refused(&self, index: usize) -> bool {
        self.root(index).refused
    }

    /// What RUN steps see unless the stage says otherwise. The Alpine variants of the Go image
    /// have no C compiler, so Go builds without C there, whatever this machine has.
    pub(super) fn run_defaults(&self, index: usize) -> Vec<(String, String)> {
        let root = self.root(index);
        let alpine = root.base == Base::Golang && root.reference.contains("alpine");
        let off = ("CGO_ENABLED".to_owned(), "0".to_owned());
        if alpine { vec![off] } else { Vec::new() }
    }

    /// The problems of bases of needed stages, and of instructions of stages that are not.
    pub(super) fn check(&self, facts: &Facts, problems: &mut Problems) {
        let needed: Vec<usize> = self.needed().iter().map(|stage| stage.index).collect();
        for stage in &self.stages {
            if needed.contains(&stage.index) {
                base_problems(self, stage, facts, problems);
            } else {
                // A mistake in a stage that nobody needs is a mistake all the same.
                stage.instructions.iter().for_each(|i| super::stage::known(i, problems));
            }
        }
        let target = &self.stages[self.target];
        if self.is_golang(self.target) {
            let image = image_word(self.root(self.target).from);
            let reference = &self.root(self.target).reference;
            let message = format!("the image would be built on `{reference}`, which is not pulled");
            let help = "end with `FROM scratch` and `COPY --from` the program";
            let from = self.root(self.target).from;
            problems.word(&codes::BASE, from, &image, message, help);
        } else if target.instructions.is_empty() && target.base == Base::Scratch && !target.refused
        {
            problems.note(target.from.line.start(), "the last stage is empty");
        }
    }

    pub(super) fn names(&self, before: usize) -> impl Iterator<Item = &str> {
        self.stages[..before].iter().filter_map(|stage| stage.name.as_deref())
    }

    /// Notes about build arguments that no ARG declares.
    pub(super) fn unused_build_args(&self, facts: &Facts) -> Vec<String> {
        let names = facts
            .build_args
            .keys()
            .filter(|name| !self.declared.contains(name) && !scope::is_predefined(name));
        names.map(|name| format!("build argument `{name}` is declared by no ARG")).collect()
    }
}

fn find(stages: &[Stage<'_>], name: &str, before: usize) -> Option<usize> {
    let stages = &stages[..before];
    let same = |stage: &&Stage<'_>| {
        stage.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))
    };
    let by_name = stages.iter().rev().find(same).map(|stage| stage.index);
    by_name.or_else(|| name.parse::<usize>().ok().filter(|index| *index < stages.len()))
}

/// `None` when there is no stage at all; the problem is noted.
pub(super) fn split<'a>(
    dockerfile: &'a Dockerfile,
    words: Words,
    facts: &Facts,
    problems: &mut Problems,
) -> Option<Stages<'a>> {
    let first = dockerfile.instructions.iter().position(|i| i.keyword == "FROM");
    let (before, rest) = dockerfile.instructions.split_at(first.unwrap_or(0));
    let global_args = global_args(before, words, facts, problems);
    let Some(from) = rest.first().filter(|_| first.is_some()) else {
        let first = dockerfile.instructions.first()?;
        let message = "there is no FROM, so there is no image to build";
        problems.instruction(&codes::SYNTAX, first, message, "begin with `FROM`");
        return None;
    };
    let mut from_scope = global_args.clone();
    for (name, value) in scope::platform(facts) {
        from_scope.set(name, value);
    }
    let mut stages: Vec<Stage<'a>> = Vec::new();
    for instruction in rest {
        if instruction.keyword == "FROM" {
            let stage = begin(&stages, instruction, words, &from_scope, problems);
            stages.push(stage);
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(instruction);
        }
    }
    if stages.len() > STAGES_MAX {
        let message =
            format!("{} stages are more than the {STAGES_MAX} that are read", stages.len());
        problems.instruction(&codes::LIMIT, from, message, "");
        return None;
    }
    let target = target(&stages, facts, problems);
    let declared = declared(dockerfile);
    let mut stages = Stages { words, global_args, stages, target, declared };
    for index in 0..stages.stages.len() {
        stages.stages[index].copies = copied_stages(&stages, index);
    }
    Some(stages)
}

fn declared(dockerfile: &Dockerfile) -> Vec<String> {
    let args = dockerfile.instructions.iter().filter(|i| i.keyword == "ARG");
    let words = args.flat_map(|instruction| match &instruction.arguments {
        Arguments::Words(words) => words.clone(),
        _ => Vec::new(),
    });
    words.map(|word| word.text.split('=').next().unwrap_or_default().to_owned()).collect()
}

/// ARGs before the first FROM; anything else there has no stage to belong to.
fn global_args(
    before: &[Instruction],
    words: Words,
    facts: &Facts,
    problems: &mut Problems,
) -> Scope {
    let mut args = Scope::default();
    for instruction in before {
        if instruction.keyword != "ARG" {
            let keyword = &instruction.keyword;
            let message = format!("`{keyword}` stands before the first FROM, so in no stage");
            let help = "move it behind a FROM; only ARG may stand before";
            problems.instruction(&codes::SYNTAX, instruction, message, help);
            continue;
        }
        let Arguments::Words(list) = &instruction.arguments else { continue };
        for word in list {
            let (name, default) = match word.text.split_once('=') {
                Some((name, default)) => (name, Some(default)),
                None => (word.text.as_str(), None),
            };
            let value = match (facts.build_args.get(name), default) {
                (Some(given), _) => Some(Ok(given.clone())),
                (None, Some(default)) => Some(words.expand(default, &args)),
                (None, None) => None,
            };
            match value {
                Some(Ok(value)) => args.set(name, value),
                Some(Err(error)) => word_error(problems, instruction, word, &error),
                None => {}
            }
        }
    }
    args
}

pub(super) fn word_error(
    problems: &mut Problems,
    instruction: &Instruction,
    word: &Word,
    error: &WordError,
) {
    problems.word(&codes::SYNTAX, instruction, word, error.to_string(), "");
}

fn begin<'a>(
    stages: &[Stage<'a>],
    from: &'a Instruction,
    words: Words,
    scope: &Scope,
    problems: &mut Problems,
) -> Stage<'a> {
    let mut stage = Stage {
        index: stages.len(),
        name: None,
        base: Base::Scratch,
        reference: String::new(),
        refused: true,
        from,
        instructions: Vec::new(),
        copies: Vec::new(),
    };
    let list = match &from.arguments {
        Arguments::Words(list) => list.as_slice(),
        _ => &[],
    };
    let (image, name) = match list {
        [image] => (image, None),
        [image, as_word, name] if as_word.text.eq_ignore_ascii_case("as") => (image, Some(name)),
        _ => {
            let message = "FROM takes an image, or an image and `AS` with a name";
            problems.instruction(&codes::SYNTAX, from, message, "write `FROM image AS name`");
            return stage;
        }
    };
    stage.name = name.map(|name| stage_name(from, name, problems));
    match words.expand(&image.text, scope) {
        Ok(reference) => {
            (stage.base, stage.refused) = base(stages, &reference);
            stage.reference = reference;
        }
        Err(error) => word_error(problems, from, image, &error),
    }
    stage
}

fn stage_name(from: &Instruction, name: &Word, problems: &mut Problems) -> String {
    let first = name.text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !first || !name.text.chars().all(plain) {
        let message = format!("`{}` cannot be the name of a stage", name.text);
        let help = "begin with a letter, then letters, digits, `-`, `_`, `.`";
        problems.word(&codes::SYNTAX, from, name, message, help);
    }
    name.text.to_ascii_lowercase()
}

/// What a stage starts from, and whether nothing stands in for it.
fn base(stages: &[Stage<'_>], reference: &str) -> (Base, bool) {
    let same = |stage: &&Stage<'_>| {
        stage.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(reference))
    };
    if let Some(stage) = stages.iter().rev().find(same) {
        return (Base::Stage(stage.index), false);
    }
    if golang::asked(reference).is_some() {
        return (Base::Golang, false);
    }
    (Base::Scratch, reference != "scratch")
}

fn image_word(from: &Instruction) -> Word {
    match &from.arguments {
        Arguments::Words(list) if !list.is_empty() => list[0].clone(),
        _ => Word { text: from.keyword.clone(), offset: 0 },
    }
}

fn base_problems(stages: &Stages<'_>, stage: &Stage<'_>, facts: &Facts, problems: &mut Problems) {
    let (from, reference) = (stage.from, stage.reference.as_str());
    platform_flag(from, stages, facts, problems);
    let word = image_word(from);
    if let (Base::Golang, Some(asked)) = (&stage.base, golang::asked(reference)) {
        toolchain(reference, asked.as_deref(), from, &word, facts, problems);
        return;
    }
    // Where the words of FROM do not read, that has been said.
    if !stage.refused || matches!(&from.arguments, Arguments::Words(list) if list.len() == 2) {
        return;
    }
    if reference.is_empty() {
        let message = "the base image is empty after its variables were expanded";
        problems.word(&codes::SYNTAX, from, &word, message, "give the ARG a default");
        return;
    }
    let message = format!("base image `{reference}` needs a registry pull, which is not there yet");
    let help = match nearest(reference, stages.names(stage.index)) {
        Some(near) => format!("did you mean the stage `{near}`?"),
        None => "use `FROM scratch` and copy what the program needs from the build stage".into(),
    };
    problems.word(&codes::BASE, from, &word, message, &help);
}

/// Only this machine's own platform is built for.
fn platform_flag(from: &Instruction, stages: &Stages<'_>, facts: &Facts, problems: &mut Problems) {
    let mut scope = stages.global_args.clone();
    for (name, value) in scope::platform(facts) {
        scope.set(name, value);
    }
    for flag in &from.flags {
        let Some(value) = flag.text.strip_prefix("--platform=") else {
            let message = format!("FROM has no flag `{}`", flag.text);
            problems.word(&codes::SYNTAX, from, flag, message, "use `--platform=…`, or none");
            continue;
        };
        match stages.words.expand(value, &scope) {
            Ok(value) if value == format!("linux/{}", facts.architecture) => {}
            Ok(value) => {
                let message = format!("an image for `{value}` cannot be built on this machine yet");
                let help = format!("leave it out to build for linux/{}", facts.architecture);
                problems.word(&codes::UNSUPPORTED, from, flag, message, &help);
            }
            Err(error) => word_error(problems, from, flag, &error),
        }
    }
}

fn toolchain(
    reference: &str,
    asked: Option<&str>,
    from: &Instruction,
    word: &Word,
    facts: &Facts,
    problems: &mut Problems,
) {
    let Some(installed) = facts.go_version.as_deref() else {
        let message = format!("`{reference}` needs a Go toolchain, and none is installed");
        let help = "install Go and put it on the PATH";
        problems.word(&codes::TOOLCHAIN, from, word, message, help);
        return;
    };
    let place = from.line.place(word.offset);
    let note = format!("`{reference}` is not pulled: this machine's {installed} stands in for it");
    match asked.map_or(golang::Meets::Enough, |asked| golang::meets(installed, asked)) {
        golang::Meets::Enough => problems.note(place, &note),
        golang::Meets::Older => {
            let message = format!("`{reference}` is newer than the installed {installed}");
            let help = "install that version of Go, or a newer one";
            problems.word(&codes::TOOLCHAIN, from, word, message, help);
        }
        golang::Meets::Unreadable => {
            let message = format!("the tag of `{reference}` does not read as a Go version");
            problems.word(&codes::TOOLCHAIN, from, word, message, "write it as `golang:1.22`");
        }
    }
}

fn target(stages: &[Stage<'_>], facts: &Facts, problems: &mut Problems) -> usize {
    let last = stages.len() - 1;
    let Some(name) = &facts.target else { return last };
    if let Some(index) = find(stages, name, stages.len()) {
        return index;
    }
    let names = stages.iter().filter_map(|stage| stage.name.as_deref());
    let help =
        nearest(name, names).map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    let message = format!("there is no stage `{name}` to build");
    problems.at(&codes::REFERENCE, crate::dockerfile::Place::START, 1, message, &help);
    last
}

/// The stages that COPY takes from. Names may hold variables of the stage, so this is only
/// what can be told without them; an expanded name is resolved again later.
fn copied_stages(stages: &Stages<'_>, index: usize) -> Vec<usize> {
    let mut scope = stages.global_args.clone();
    let mut found = BTreeMap::new();
    for instruction in &stages.stages[index].instructions {
        if let ("ARG", Arguments::Words(words)) = (&*instruction.keyword, &instruction.arguments) {
            for (name, value) in words.iter().filter_map(|word| word.text.split_once('=')) {
                let value = stages.words.expand(value, &scope).unwrap_or_default();
                scope.set(name, value);
            }
        }
        for flag in &instruction.flags {
            let Some(name) = flag.text.strip_prefix("--from=") else { continue };
            let name = stages.words.expand(name, &scope).unwrap_or_default();
            if let Some(stage) = stages.find(&name, index) {
                found.insert(stage, ());
            }
        }
    }
    found.into_keys().collect()
}

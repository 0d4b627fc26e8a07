//! One stage: its instructions one after another, with the variables and the folder that each
//! of them sees.

use super::{
    Action, Base, Facts, StagePlan, StepPlan, command, copy, golang, health,
    problems::Problems,
    scope::{self, Variables},
    settings,
    stages::{Stage, Stages, word_error},
};
use crate::{
    codes,
    dockerfile::{Arguments, Instruction, Word},
    words::Words,
};
use bowline_diag::nearest;
use bowline_oci::Empty;

/// All instructions that Dockerfiles have.
const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// What stays the same while the words of an instruction are read.
pub(super) struct Reader<'r, 'a> {
    pub(super) stages: &'r Stages<'a>,
    pub(super) facts: &'r Facts,
    pub(super) problems: &'r mut Problems,
    pub(super) words: Words,
    /// The number of the stage.
    pub(super) index: usize,
    /// SHELL.
    pub(super) shell: Vec<String>,
    /// WORKDIR.
    pub(super) directory: String,
    scope: crate::words::Scope,
}

impl Reader<'_, '_> {
    /// `text` expanded; an error is noted at `word`.
    pub(super) fn expand(
        &mut self,
        instruction: &Instruction,
        word: &Word,
        text: &str,
    ) -> Option<String> {
        match self.words.expand(text, &self.scope) {
            Ok(expanded) => Some(expanded),
            Err(error) => {
                word_error(self.problems, instruction, word, &error);
                None
            }
        }
    }

    pub(super) fn missing(&mut self, instruction: &Instruction) {
        let message = format!("{} needs a value", instruction.keyword);
        self.problems.instruction(&codes::SYNTAX, instruction, message, "");
    }
}

/// The stage while it is read.
struct Reading<'r, 'a> {
    reader: Reader<'r, 'a>,
    variables: Variables,
    plan: StagePlan,
    /// Whether the files are those of a `golang` stage.
    golang: bool,
    /// Whether CMD stood in this stage, so that ENTRYPOINT leaves it.
    cmd_here: bool,
}

/// The plan of one stage. `inherited` is the plan of the stage that it starts from.
pub(super) fn plan(
    stages: &Stages<'_>,
    stage: &Stage<'_>,
    inherited: Option<StagePlan>,
    facts: &Facts,
    problems: &mut Problems,
) -> StagePlan {
    let mut config = inherited.as_ref().map(|plan| plan.config.clone()).unwrap_or_default();
    let author = inherited.as_ref().and_then(|plan| plan.author.clone());
    if stage.base == Base::Golang {
        config.env = golang::environment(facts.go_version.as_deref());
        config.working_dir = golang::WORKDIR.to_owned();
    }
    if stage.base == Base::Scratch {
        // As Docker's builder does: a program without a path is looked for there.
        config.env = vec![format!("PATH={}", golang::USUAL_PATH)];
        "/".clone_into(&mut config.working_dir);
    }
    let shell = if config.shell.is_empty() {
        ["/bin/sh", "-c"].map(str::to_owned).to_vec()
    } else {
        config.shell.clone()
    };
    let directory =
        if config.working_dir.is_empty() { "/".to_owned() } else { config.working_dir.clone() };
    let variables = Variables::inherited(&config.env, stages.run_defaults(stage.index));
    let reader = Reader {
        stages,
        facts,
        problems,
        words: stages.words,
        index: stage.index,
        shell,
        directory,
        scope: variables.scope(),
    };
    let golang = stages.is_golang(stage.index);
    let base = stage.base.clone();
    let plan = StagePlan { index: stage.index, base, steps: Vec::new(), config, author };
    let mut reading = Reading { reader, variables, plan, golang, cmd_here: false };
    for instruction in &stage.instructions {
        reading.instruction(instruction);
    }
    reading.plan.config.env = reading.variables.config();
    reading.plan
}

impl Reading<'_, '_> {
    fn instruction(&mut self, instruction: &Instruction) {
        self.reader.scope = self.variables.scope();
        if !matches!(&*instruction.keyword, "COPY" | "RUN" | "HEALTHCHECK" | "ADD") {
            self.no_flags(instruction);
        }
        let action = match instruction.keyword.as_str() {
            "RUN" => self.run(instruction),
            "COPY" => copy::copy(instruction, &mut self.reader, &self.variables).map(Action::Copy),
            "WORKDIR" => self.workdir(instruction),
            "ARG" => self.arg(instruction),
            "ENV" => self.env(instruction),
            "ADD" | "ONBUILD" => self.refused(instruction),
            "CMD" | "ENTRYPOINT" | "SHELL" | "HEALTHCHECK" => self.command(instruction),
            "LABEL" | "EXPOSE" | "USER" | "VOLUME" | "STOPSIGNAL" | "MAINTAINER" => {
                self.setting(instruction)
            }
            _ => {
                known(instruction, self.reader.problems);
                None
            }
        };
        let Some(action) = action else { return };
        let (place, text) = (instruction.line.start(), instruction.text());
        self.plan.steps.push(StepPlan { place, text, action });
    }

    fn no_flags(&mut self, instruction: &Instruction) {
        for flag in &instruction.flags {
            let message = format!("{} has no flag `{}`", instruction.keyword, flag.text);
            let help = "write `--` before words that begin with dashes";
            self.reader.problems.word(&codes::SYNTAX, instruction, flag, message, help);
        }
    }

    fn run(&mut self, instruction: &Instruction) -> Option<Action> {
        if self.reader.stages.is_refused(self.reader.index) {
            // Its base was refused already.
            return None;
        }
        if !self.golang {
            let message = "RUN in a stage without programs cannot start anything";
            let help = "run it in a `golang` stage and copy what it makes";
            self.reader.problems.unsupported(instruction, message, help);
            return None;
        }
        let user = self.plan.config.user.split(':').next().unwrap_or_default();
        if !matches!(user, "" | "root" | "0") {
            let message = format!("RUN as the user `{user}` is not carried out yet, only as root");
            let help = "move `USER` behind the last RUN";
            self.reader.problems.unsupported(instruction, message, help);
            return None;
        }
        command::run(instruction, &mut self.reader, &self.variables).map(Action::Run)
    }

    fn workdir(&mut self, instruction: &Instruction) -> Option<Action> {
        let text = settings::text(instruction, &mut self.reader)?;
        let path = copy::absolute(&self.reader.directory, &text);
        let path = if path == "/" { path } else { path.trim_end_matches('/').to_owned() };
        self.reader.directory.clone_from(&path);
        self.plan.config.working_dir.clone_from(&path);
        Some(Action::Workdir(path))
    }

    /// `ARG name`, `ARG name=default`: a build argument beats the default; a bare name takes
    /// the value from before the first FROM, or a platform value.
    fn arg(&mut self, instruction: &Instruction) -> Option<Action> {
        let Arguments::Words(list) = &instruction.arguments else {
            self.reader.missing(instruction);
            return None;
        };
        let facts = self.reader.facts;
        for word in list {
            let (name, default) = match word.text.split_once('=') {
                Some((name, default)) => (name, Some(default)),
                None => (word.text.as_str(), None),
            };
            let value = if let Some(given) = facts.build_args.get(name) {
                Some(given.clone())
            } else if let Some(default) = default {
                Some(self.reader.expand(instruction, word, default)?)
            } else {
                let global = self.reader.stages.global_args.get(name).map(str::to_owned);
                let platform = || scope::platform(facts).into_iter().find(|(n, _)| *n == name);
                global.or_else(|| platform().map(|(_, value)| value))
            };
            if let Some(value) = value {
                self.variables.set_arg(name, value);
            }
        }
        Some(Action::Config)
    }

    fn env(&mut self, instruction: &Instruction) -> Option<Action> {
        for (name, value) in settings::pairs(instruction, &mut self.reader)? {
            self.variables.set_env(&name, value);
        }
        Some(Action::Config)
    }

    fn refused(&mut self, instruction: &Instruction) -> Option<Action> {
        let (message, help) = if instruction.keyword == "ADD" {
            ("ADD unpacks and downloads, which is not carried out yet", "use COPY for plain files")
        } else {
            (
                "ONBUILD is not carried out yet: images built on this one would lack it",
                "leave it out",
            )
        };
        self.reader.problems.unsupported(instruction, message, help);
        None
    }

    fn command(&mut self, instruction: &Instruction) -> Option<Action> {
        if instruction.keyword == "HEALTHCHECK" {
            self.plan.config.healthcheck = Some(health::check(instruction, &mut self.reader)?);
            return Some(Action::Config);
        }
        if matches!(instruction.arguments, Arguments::Empty) {
            self.reader.missing(instruction);
            return None;
        }
        let shell_form = matches!(instruction.arguments, Arguments::Text(_));
        let command = command::form(&instruction.arguments, &self.reader.shell);
        match instruction.keyword.as_str() {
            "SHELL" if shell_form => {
                let message = "SHELL takes a JSON array, so this one would not be used";
                let help = "write it as `SHELL [\"/bin/sh\", \"-c\"]`";
                self.reader.problems.instruction(&codes::SYNTAX, instruction, message, help);
                return None;
            }
            "SHELL" => {
                self.reader.shell.clone_from(&command);
                self.plan.config.shell = command;
                return Some(Action::Config);
            }
            "CMD" => {
                self.plan.config.cmd = command;
                self.cmd_here = true;
            }
            _ => {
                self.plan.config.entrypoint = command;
                if !self.cmd_here {
                    self.plan.config.cmd.clear();
                }
            }
        }
        if shell_form && !self.golang {
            let shell = self.reader.shell.first().cloned().unwrap_or_default();
            let keyword = &instruction.keyword;
            let note = format!("{keyword} in shell form needs `{shell}`, which this stage lacks");
            self.reader.problems.note(instruction.line.start(), &note);
        }
        Some(Action::Config)
    }

    fn setting(&mut self, instruction: &Instruction) -> Option<Action> {
        let (reader, config) = (&mut self.reader, &mut self.plan.config);
        match instruction.keyword.as_str() {
            "LABEL" => config.labels.extend(settings::pairs(instruction, reader)?),
            "EXPOSE" => settings::expose(instruction, reader, config),
            "USER" => config.user = settings::text(instruction, reader)?,
            "STOPSIGNAL" => config.stop_signal = settings::text(instruction, reader)?,
            "VOLUME" => {
                let paths = settings::words(instruction, reader)?;
                config.volumes.extend(paths.into_iter().map(|path| (path, Empty {})));
            }
            _ => self.plan.author = Some(settings::text(instruction, reader)?),
        }
        Some(Action::Config)
    }
}

/// Notes an instruction that nobody knows.
pub(super) fn known(instruction: &Instruction, problems: &mut Problems) {
    let keyword = instruction.keyword.as_str();
    if KEYWORDS.contains(&keyword) {
        return;
    }
    let message = format!("`{keyword}` is no instruction of a Dockerfile");
    let near = nearest(keyword, KEYWORDS).map(|near| format!("did you mean `{near}`?"));
    let help = near.unwrap_or_default();
    problems.instruction(&codes::SYNTAX, instruction, message, &help);
}

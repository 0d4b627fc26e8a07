//! Steps.

use super::Reader;
use super::fields::Fields;
use crate::codes;
use crate::schema::step as table;
use crate::template::TemplateMap;
use crate::tree::{ActionReference, RunStep, Spanned, Step, StepKind, UsesStep};
use bowline_diag::nearest;
use bowline_yaml::{Node, Schema};

impl Reader<'_> {
    pub(super) fn steps(&mut self, node: &Node) -> Vec<Step> {
        let Some(items) = node.as_sequence() else {
            let message = format!("`steps` takes a list, and this is {}", node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return Vec::new();
        };
        let mut ids: Vec<String> = Vec::new();
        let mut steps = Vec::new();
        for item in items {
            let Some(step) = self.step(item, &ids) else { continue };
            if let Some(id) = &step.id {
                let folded = id.value.to_lowercase();
                if ids.contains(&folded) {
                    let message = format!("the step id `{}` is used twice in this job", id.value);
                    self.error(codes::ID, message, id.span, "");
                }
                ids.push(folded);
            }
            steps.push(step);
        }
        steps
    }

    fn step(&mut self, node: &Node, earlier: &[String]) -> Option<Step> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("a step is a mapping, and here stands {}", node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return None;
        };
        let kinds: Vec<&Node> = entries
            .iter()
            .map(|(key, _)| key)
            .filter(|key| key.as_str().is_some_and(|name| table::KINDS.contains(&name)))
            .collect();
        let kind = match kinds.as_slice() {
            [only] => only.as_str().unwrap_or_default(),
            [] => {
                let near = |key: &Node| {
                    let name = key.as_str().unwrap_or_default();
                    nearest(name, table::KINDS.iter().copied()).is_some()
                };
                if let Some((slip, _)) = entries.iter().find(|(key, _)| near(key)) {
                    self.unknown_key(slip, "a step", table::KINDS.iter().copied());
                    return None;
                }
                let message = "the step does nothing: it has neither `run` nor `uses`";
                self.error(codes::MISSING_KEY, message, node.span, "");
                return None;
            }
            [first, second, ..] => {
                let (first, name) = (first.as_str().unwrap_or_default(), second.as_str());
                let name = name.unwrap_or_default();
                let message = format!("a step has one of `{first}` and `{name}`, not both");
                self.error(codes::UNKNOWN_KEY, message, second.span, "");
                return None;
            }
        };
        let keys = match kind {
            "run" => &table::RUN,
            "uses" => &table::USES,
            _ => &table::BACKGROUND,
        };
        let fields = self.fields(node, keys)?;
        self.step_of(node, &fields, kind, earlier)
    }

    fn step_of(
        &mut self,
        node: &Node,
        fields: &Fields<'_>,
        kind: &str,
        earlier: &[String],
    ) -> Option<Step> {
        let id = fields.get("id").and_then(|(_, node)| self.id(node, "step"));
        let name = fields.get("name").and_then(|(row, node)| self.string(row, node));
        let condition = self.condition(fields.get("if"));
        let env = match fields.get("env") {
            Some((row, node)) => self.map(row, node),
            None => TemplateMap::default(),
        };
        let continue_on_error =
            fields.get("continue-on-error").and_then(|(row, node)| self.boolean(row, node));
        let timeout_minutes =
            fields.get("timeout-minutes").and_then(|(row, node)| self.number(row, node));
        let background = fields.get("background").and_then(|(_, node)| {
            self.plain_boolean(node).filter(|wanted| *wanted).map(|_| node.span)
        });
        let kind = match kind {
            "run" => self.run(fields)?,
            "uses" => self.uses(fields)?,
            other => self.background(fields, other, earlier)?,
        };
        let span = node.span;
        Some(Step {
            span,
            id,
            name,
            condition,
            env,
            continue_on_error,
            timeout_minutes,
            kind,
            background,
        })
    }

    fn run(&mut self, fields: &Fields<'_>) -> Option<StepKind> {
        let shell = fields.get("shell").and_then(|(row, node)| self.text(row, node));
        let working_directory =
            fields.get("working-directory").and_then(|(row, node)| self.string(row, node));
        let (row, node) = fields.get("run")?;
        let script = self.string(row, node)?;
        Some(StepKind::Run(RunStep { script, shell, working_directory }))
    }

    fn uses(&mut self, fields: &Fields<'_>) -> Option<StepKind> {
        let with = match fields.get("with") {
            Some((row, node)) => self.map(row, node),
            None => TemplateMap::default(),
        };
        let (_, node) = fields.get("uses")?;
        let action = self.word(node)?;
        let Some(reference) = action_reference(&action.value) else {
            let message = format!("`{}` names no action", action.value);
            let error = self.diagnostic(codes::WRONG_VALUE, message, node.span, "");
            let help = "write `owner/repository[/path]@ref`, `./path` or `docker://image`";
            self.errors.push(error.help(help));
            return None;
        };
        Some(StepKind::Uses(UsesStep { action, reference, with }))
    }

    /// `wait`, `wait-all`, `cancel`, `parallel`: their targets are ids of earlier steps.
    fn background(
        &mut self,
        fields: &Fields<'_>,
        kind: &str,
        earlier: &[String],
    ) -> Option<StepKind> {
        let (key, (_, node)) = (fields.key(kind)?, fields.get(kind)?);
        match kind {
            "wait-all" if node.is_null(Schema::Core12) => {}
            "wait-all" => {
                if self.plain_boolean(node) == Some(false) {
                    self.error(codes::WRONG_VALUE, "`wait-all` is `true` or empty", node.span, "");
                }
            }
            "parallel" => self.parallel(node),
            _ => {
                for target in self.words(node) {
                    if !earlier.contains(&target.value.to_lowercase()) {
                        let message = format!("no earlier step has the id `{}`", target.value);
                        self.error(codes::ID, message, target.span, "");
                    }
                }
            }
        }
        Some(StepKind::Background(Spanned::new(kind.to_owned(), key.span)))
    }

    fn parallel(&mut self, node: &Node) {
        for step in self.steps(node) {
            let plain = matches!(step.kind, StepKind::Run(_) | StepKind::Uses(_));
            if !plain || step.background.is_some() {
                let message = "`parallel` takes steps with `run` or `uses`, without `background`";
                self.error(codes::WRONG_VALUE, message, step.span, "");
            }
        }
    }
}

/// Takes `uses:` apart; `None` when it has no valid form.
fn action_reference(text: &str) -> Option<ActionReference> {
    if let Some(image) = text.strip_prefix("docker://") {
        return Some(ActionReference::Docker(image.to_owned()));
    }
    if text.starts_with("./") || text.starts_with(".\\") {
        return Some(ActionReference::Local(text.to_owned()));
    }
    if let Some(path) = text.strip_prefix("$/") {
        return Some(ActionReference::SameRepository(path.to_owned()));
    }
    let (name, reference) = text.split_once('@')?;
    let mut parts = name.splitn(3, ['/', '\\']);
    let (owner, repository) = (parts.next()?, parts.next()?);
    if owner.is_empty() || repository.is_empty() || reference.is_empty() {
        return None;
    }
    if owner.contains(':') {
        return None;
    }
    Some(ActionReference::Repository {
        repository: format!("{owner}/{repository}"),
        path: parts.next().unwrap_or_default().to_owned(),
        reference: reference.to_owned(),
    })
}

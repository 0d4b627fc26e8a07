//! `on`.

use super::Reader;
use crate::codes;
use crate::schema::event::{self as table, EventRow};
use crate::schema::{Table, key};
use crate::tree::{Input, InputKind, Patterns, ScheduleEntry, Spanned, Trigger, Triggers};
use bowline_diag::nearest;
use bowline_yaml::{Node, Schema, Yaml};

impl Reader<'_> {
    pub(super) fn triggers(&mut self, node: &Node) -> Triggers {
        let mut events = Vec::new();
        match &node.value {
            Yaml::Scalar(_) => events.extend(self.event_name(node).map(|(_, event)| event)),
            Yaml::Sequence(items) => {
                for item in items {
                    events.extend(self.event_name(item).map(|(_, event)| event));
                }
            }
            Yaml::Mapping(entries) => {
                for (key, value) in entries {
                    let Some((row, mut trigger)) = self.event_name(key) else { continue };
                    self.event_filters(row, value, &mut trigger);
                    events.push(trigger);
                }
            }
        }
        if events.is_empty() && self.errors.is_empty() {
            self.error(codes::EVENT, "`on` names no event, so it would never run", node.span, "");
        }
        Triggers { span: node.span, events }
    }

    fn event_name(&mut self, node: &Node) -> Option<(&'static EventRow, Trigger)> {
        let name = self.word(node)?;
        let Some(row) = table::event(&name.value) else {
            let message = format!("there is no event `{}`, so it would never run", name.value);
            let error = self.diagnostic(codes::EVENT, message, node.span, "");
            let near = nearest(&name.value, table::EVENTS.iter().map(|event| event.name));
            self.errors.push(match near {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
            return None;
        };
        Some((row, empty_trigger(name)))
    }

    fn event_filters(&mut self, row: &'static EventRow, node: &Node, trigger: &mut Trigger) {
        if row.name == "schedule" {
            trigger.schedules = self.schedules(node);
            return;
        }
        if node.is_null(Schema::Core12) {
            return;
        }
        let Some(entries) = node.as_mapping() else {
            let message = format!("`{}` takes a mapping, and this is {}", row.name, node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return;
        };
        for (key, value) in entries {
            let name = key.as_str().unwrap_or_default();
            if !row.keys.contains(&name) {
                let what = format!("the event `{}`", row.name);
                self.unknown_key(key, &what, row.keys.iter().copied());
                continue;
            }
            self.event_key(row, name, value, trigger);
        }
    }

    fn event_key(&mut self, row: &EventRow, name: &str, value: &Node, trigger: &mut Trigger) {
        match name {
            "branches" => trigger.branches = Some(self.patterns(value)),
            "branches-ignore" => trigger.branches_ignore = Some(self.patterns(value)),
            "tags" => trigger.tags = Some(self.patterns(value)),
            "tags-ignore" => trigger.tags_ignore = Some(self.patterns(value)),
            "paths" => trigger.paths = Some(self.patterns(value)),
            "paths-ignore" => trigger.paths_ignore = Some(self.patterns(value)),
            "workflows" | "names" => trigger.names = Some(self.list(value)),
            "versions" => trigger.versions = Some(self.list(value)),
            "types" => {
                let types = self.list(value);
                for kind in &types.items {
                    self.check_type(row, kind);
                }
                trigger.types = Some(types);
            }
            "inputs" => trigger.inputs = self.inputs(row, value),
            "secrets" => trigger.secrets = self.secrets(value),
            _ => trigger.outputs = self.outputs(value),
        }
    }

    fn check_type(&mut self, row: &EventRow, kind: &Spanned<String>) {
        if row.types.is_empty() || row.types.contains(&kind.value.as_str()) {
            return;
        }
        let message = format!("the event `{}` has no type `{}`", row.name, kind.value);
        let error = self.diagnostic(codes::EVENT, message, kind.span, "");
        self.errors.push(match nearest(&kind.value, row.types.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("the types are `{}`", row.types.join("`, `"))),
        });
    }

    fn list(&mut self, node: &Node) -> Patterns {
        Patterns { span: node.span, items: self.words(node) }
    }

    /// Patterns, each of which must be one.
    fn patterns(&mut self, node: &Node) -> Patterns {
        let patterns = self.list(node);
        for item in &patterns.items {
            if let Err(problem) = crate::filter::Pattern::new(&item.value) {
                let message = format!("the pattern `{}` cannot be used: {problem}", item.value);
                self.error(codes::FILTER, message, item.span, "");
            }
        }
        patterns
    }

    fn schedules(&mut self, node: &Node) -> Vec<ScheduleEntry> {
        let Some(items) = node.as_sequence() else {
            self.error(codes::WRONG_VALUE, "`schedule` takes a list of `cron`", node.span, "");
            return Vec::new();
        };
        let mut schedules = Vec::new();
        for item in items {
            let Some(fields) = self.fields(item, &table::SCHEDULE) else { continue };
            let timezone = fields.get("timezone").and_then(|(_, node)| self.word(node));
            let Some(cron) = fields.get("cron").and_then(|(_, node)| self.word(node)) else {
                continue;
            };
            if cron.value.split_whitespace().count() != 5 {
                let message = format!("`{}` is no schedule of five fields", cron.value);
                self.error(codes::WRONG_VALUE, message, cron.span, "");
            }
            schedules.push(ScheduleEntry { cron, timezone });
        }
        schedules
    }

    /// Names with a mapping each; a null stands for an empty mapping.
    fn named<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(Spanned<String>, &'n Node)> {
        if node.is_null(Schema::Core12) {
            return Vec::new();
        }
        let Some(entries) = node.as_mapping() else {
            let message = format!("`{what}` takes a mapping, and this is {}", node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return Vec::new();
        };
        entries.iter().filter_map(|(key, value)| Some((self.word(key)?, value))).collect()
    }

    fn inputs(&mut self, row: &EventRow, node: &Node) -> Vec<Input> {
        let call = row.name == "workflow_call";
        let mut inputs = Vec::new();
        for (name, node) in self.named(node, "inputs") {
            let keys = if call { &table::CALL_INPUT } else { &table::DISPATCH_INPUT };
            if node.is_null(Schema::Core12) && !call {
                let kind = InputKind::String;
                let options = Vec::new();
                inputs.push(Input { name, kind, required: false, default: None, options });
                continue;
            }
            inputs.extend(self.input(name, node, keys, call));
        }
        inputs
    }

    fn input(
        &mut self,
        name: Spanned<String>,
        node: &Node,
        keys: &'static Table,
        call: bool,
    ) -> Option<Input> {
        let fields = self.fields(node, keys)?;
        for key in ["description", "deprecationMessage"] {
            if let Some((_, node)) = fields.get(key) {
                self.literal(node);
            }
        }
        let kind = match fields.get("type") {
            Some((_, node)) => self.input_kind(node, call)?,
            None => InputKind::String,
        };
        let required = match fields.get("required") {
            Some((_, node)) => self.plain_boolean(node).unwrap_or(false),
            None => false,
        };
        let default = fields.get("default").and_then(|(row, node)| match kind {
            InputKind::Boolean => self.boolean(row, node),
            InputKind::Number => self.number(row, node),
            InputKind::String | InputKind::Choice | InputKind::Environment => {
                self.string(row, node)
            }
        });
        let options = fields.get("options").map(|(_, node)| self.words(node)).unwrap_or_default();
        if kind == InputKind::Choice && options.is_empty() {
            let message = format!("the choice `{}` has no `options`", name.value);
            self.error(codes::MISSING_KEY, message, name.span, "");
        }
        if let (InputKind::Choice, Some(default)) = (kind, &default) {
            let value = default.as_literal().map(|value| value.to_text()).unwrap_or_default();
            if !options.is_empty() && !options.iter().any(|option| option.value == value) {
                let message = format!("the default `{value}` is none of the options");
                self.error(codes::WRONG_VALUE, message, default.span, "");
            }
        }
        Some(Input { name, kind, required, default, options })
    }

    fn input_kind(&mut self, node: &Node, call: bool) -> Option<InputKind> {
        let word = self.word(node)?;
        let known: &[(&str, InputKind)] = &[
            ("string", InputKind::String),
            ("boolean", InputKind::Boolean),
            ("number", InputKind::Number),
            ("choice", InputKind::Choice),
            ("environment", InputKind::Environment),
        ];
        let known = if call { &known[..3] } else { known };
        if let Some((_, kind)) = known.iter().find(|(name, _)| *name == word.value) {
            return Some(*kind);
        }
        let message = format!("there is no input type `{}` here", word.value);
        let error = self.diagnostic(codes::WRONG_VALUE, message, node.span, "");
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        self.errors.push(error.help(format!("the types are `{}`", names.join("`, `"))));
        None
    }

    fn secrets(&mut self, node: &Node) -> Vec<(Spanned<String>, bool)> {
        let mut secrets = Vec::new();
        for (name, node) in self.named(node, "secrets") {
            let mut required = false;
            if !node.is_null(Schema::Core12)
                && let Some(fields) = self.fields(node, &table::CALL_SECRET)
            {
                if let Some((_, node)) = fields.get("description") {
                    self.literal(node);
                }
                if let Some((_, node)) = fields.get("required") {
                    required = self.plain_boolean(node).unwrap_or(false);
                }
            }
            secrets.push((name, required));
        }
        secrets
    }

    fn outputs(&mut self, node: &Node) -> Vec<(Spanned<String>, crate::template::Template)> {
        let mut outputs = Vec::new();
        for (name, node) in self.named(node, "outputs") {
            let Some(fields) = self.fields(node, &table::CALL_OUTPUT) else { continue };
            if let Some((_, node)) = fields.get("description") {
                self.string(&key("description"), node);
            }
            if let Some((_, node)) = fields.get("value") {
                let value = self.string(&table::CALL_OUTPUT_VALUE, node);
                outputs.extend(value.map(|value| (name, value)));
            }
        }
        outputs
    }
}

fn empty_trigger(name: Spanned<String>) -> Trigger {
    Trigger {
        name,
        branches: None,
        branches_ignore: None,
        tags: None,
        tags_ignore: None,
        paths: None,
        paths_ignore: None,
        types: None,
        names: None,
        versions: None,
        inputs: Vec::new(),
        secrets: Vec::new(),
        outputs: Vec::new(),
        schedules: Vec::new(),
    }
}

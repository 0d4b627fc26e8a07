//! The `github` and `runner` contexts, and the variables that carry the same values.
//!
//! Source: GitHub's documentation, "Contexts reference" and "Variables reference".

use crate::layout;
use crate::request::RunRequest;
use crate::variables::Variables;
use bowline_workflow::expr::{Object, Value};

/// Where forges of this name are; clients of caches and artifacts look at it.
const SERVER: &str = "https://github.com";
const API: &str = "https://api.github.com";

/// What differs from job to job.
#[derive(Clone, Copy, Debug)]
pub struct JobNames<'a> {
    /// The key under `jobs:`.
    pub id: &'a str,
    /// `GITHUB_WORKSPACE`.
    pub workspace: &'a str,
    /// Where the event's payload lies inside.
    pub event_path: &'a str,
}

/// The `github` context.
#[must_use]
pub fn context(request: &RunRequest, job: Option<&JobNames<'_>>) -> Object {
    let mut github = Object::default();
    for (name, value) in texts(request, job) {
        github.insert(name, value);
    }
    github.insert("event", Value::from_json(&request.event.payload));
    github.insert("ref_protected", false);
    github.insert("repositoryUrl", format!("git://github.com/{}.git", request.repository));
    let token = request.secrets.get("GITHUB_TOKEN").map_or("", String::as_str);
    github.insert("token", token);
    github
}

/// The variables `GITHUB_*`, `RUNNER_*` and `CI` of a job.
#[must_use]
pub fn variables(request: &RunRequest, job: &JobNames<'_>) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in texts(request, Some(job)) {
        variables.set(format!("GITHUB_{}", name.to_ascii_uppercase()), value);
    }
    variables.set("GITHUB_ACTIONS", "true");
    variables.set("GITHUB_REF_PROTECTED", "false");
    for (name, value) in runner_texts(job.workspace) {
        variables.set(format!("RUNNER_{}", name.to_ascii_uppercase()), value);
    }
    variables
}

/// The `runner` context.
#[must_use]
pub fn runner(workspace: &str) -> Value {
    Value::object(runner_texts(workspace))
}

fn runner_texts(workspace: &str) -> Vec<(&'static str, String)> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "X64",
        "aarch64" => "ARM64",
        "arm" => "ARM",
        "x86" => "X86",
        other => other,
    };
    let parent = workspace.rsplit_once('/').map_or(workspace, |(parent, _)| parent);
    vec![
        ("os", "Linux".to_owned()),
        ("arch", architecture.to_owned()),
        ("name", "bowline".to_owned()),
        ("temp", layout::TEMP.to_owned()),
        ("tool_cache", layout::TOOL_CACHE.to_owned()),
        ("workspace", parent.to_owned()),
        ("environment", "self-hosted".to_owned()),
    ]
}

/// What stands in the context and in a variable alike.
fn texts(request: &RunRequest, job: Option<&JobNames<'_>>) -> Vec<(&'static str, String)> {
    let (event, revision) = (&request.event, &request.revision);
    let owner = request.repository.split('/').next().unwrap_or_default();
    let reference = event.reference.as_str();
    let (kind, name) = if let Some(tag) = event.tag() {
        ("tag", tag)
    } else {
        let short = event.branch().or_else(|| reference.strip_prefix("refs/pull/"));
        ("branch", short.unwrap_or(reference))
    };
    let base = event.base.clone().unwrap_or_default();
    let head = payload_text(request, "/pull_request/head/ref");
    let actor = payload_text(request, "/sender/login");
    let actor = if actor.is_empty() { revision.author.clone() } else { actor };
    let file = &request.workflow.file;
    let mut texts = vec![
        ("actor", actor.clone()),
        ("triggering_actor", actor),
        ("repository", request.repository.clone()),
        ("repository_owner", owner.to_owned()),
        ("event_name", event.name.clone()),
        ("sha", revision.commit.clone()),
        ("ref", reference.to_owned()),
        ("ref_name", name.to_owned()),
        ("ref_type", kind.to_owned()),
        ("head_ref", head),
        ("base_ref", base),
        ("workflow", request.workflow.title().to_owned()),
        ("workflow_ref", format!("{}/{file}@{reference}", request.repository)),
        ("workflow_sha", revision.commit.clone()),
        ("run_id", request.run_id.to_string()),
        ("run_number", request.run_number.to_string()),
        ("run_attempt", request.attempt.to_string()),
        ("retention_days", "90".to_owned()),
        ("server_url", SERVER.to_owned()),
        ("api_url", API.to_owned()),
        ("graphql_url", format!("{API}/graphql")),
    ];
    if let Some(job) = job {
        texts.push(("job", job.id.to_owned()));
        texts.push(("workspace", job.workspace.to_owned()));
        texts.push(("event_path", job.event_path.to_owned()));
    }
    texts
}

fn payload_text(request: &RunRequest, pointer: &str) -> String {
    let found = request.event.payload.pointer(pointer).and_then(|value| value.as_str());
    found.unwrap_or_default().to_owned()
}

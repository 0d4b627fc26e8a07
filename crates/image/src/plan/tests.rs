//! Cases in `fixtures/plan/`: `=== facts` (`go=`, `target=`, build arguments), `=== Dockerfile`,
//! `=== expect` with the plan in words or every problem as `code line:column message | help`.

#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use super::{Action, Base, Facts, Plan, plan};
use crate::dockerfile::Dockerfile;
use std::{fmt::Write as _, fs, path::Path};

#[test]
fn fixtures_are_planned_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plan");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let (found, expected) = case(&fs::read_to_string(&path).expect("a fixture"));
        if found != expected {
            wrong.push(format!("{}\n--- got\n{found}\n--- want\n{expected}", path.display()));
        }
        count += 1;
    }
    assert!(count >= 10, "{count} fixtures");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What was found, and what is expected.
fn case(text: &str) -> (String, String) {
    let mut facts = Facts {
        go_version: Some("go1.26.8".into()),
        architecture: "amd64".into(),
        ..Facts::default()
    };
    let (mut dockerfile, mut expected) = ("", "");
    for part in text.split("=== ").skip(1) {
        let (name, content) = part.split_once('\n').expect("a name and a content");
        match name {
            "facts" => content.lines().for_each(|line| fact(&mut facts, line)),
            "Dockerfile" => dockerfile = content,
            "expect" => expected = content,
            other => panic!("part {other}"),
        }
    }
    let parsed = Dockerfile::parse(dockerfile).expect("a Dockerfile that reads");
    let found = match plan("Dockerfile", dockerfile, &parsed, &facts) {
        Ok(plan) => words(&plan),
        Err(problems) => problems.iter().fold(String::new(), |mut text, problem| {
            let label = &problem.labels[0];
            let help = problem.help.as_deref().unwrap_or("-");
            let (line, column) = (label.line, label.column);
            assert!(problem.message.chars().count() <= 100, "too long: {}", problem.message);
            let _ = writeln!(text, "{} {line}:{column} {} | {help}", problem.code, problem.message);
            text
        }),
    };
    (found.trim().to_owned(), expected.trim().to_owned())
}

fn fact(facts: &mut Facts, line: &str) {
    let (name, value) = line.split_once('=').expect("name=value");
    match name {
        "go" => facts.go_version = Some(value.to_owned()).filter(|value| !value.is_empty()),
        "target" => facts.target = Some(value.to_owned()),
        name => {
            facts.build_args.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn words(plan: &Plan) -> String {
    let mut text = String::new();
    for stage in &plan.stages {
        let base = match stage.base {
            Base::Scratch => "scratch".to_owned(),
            Base::Golang => "golang".to_owned(),
            Base::Stage(index) => format!("stage {index}"),
        };
        let _ = writeln!(text, "stage {} on {base}", stage.index);
        for step in &stage.steps {
            let line = step.place.line;
            match &step.action {
                Action::Config => continue,
                Action::Workdir(path) => {
                    let _ = writeln!(text, "{line} workdir {path}");
                }
                Action::Run(run) => {
                    let base = ["PATH", "GOLANG_VERSION", "GOTOOLCHAIN", "GOPATH"];
                    let own = run.environment.iter().filter(|(name, _)| !base.contains(&&**name));
                    let own: Vec<_> = own.map(|(name, value)| format!("{name}={value}")).collect();
                    let offline = if run.offline { " offline" } else { "" };
                    let script = run.script.as_deref().map(|s| format!(" script {s:?}"));
                    let script = script.unwrap_or_default();
                    let (arguments, directory) = (&run.arguments, &run.directory);
                    let _ = writeln!(
                        text,
                        "{line} run {arguments:?} in {directory} with {own:?}{offline}{script}"
                    );
                }
                Action::Copy(copy) => {
                    let from = copy.from.map_or("context".to_owned(), |i| format!("stage {i}"));
                    let sources: Vec<&str> = copy.sources.iter().map(|(s, _)| &**s).collect();
                    let _ = write!(text, "{line} copy {from} {sources:?} to {}", copy.destination);
                    if !copy.inline.is_empty() {
                        let _ = write!(text, " inline {:?}", copy.inline);
                    }
                    if let Some((uid, gid)) = copy.owner {
                        let _ = write!(text, " owner {uid}:{gid}");
                    }
                    if let Some(mode) = copy.mode {
                        let _ = write!(text, " mode {mode:o}");
                    }
                    let _ = writeln!(text, "{}", if copy.link { " linked" } else { "" });
                }
            }
        }
    }
    if let Some(stage) = plan.stages.last() {
        let config = serde_json::to_string(&stage.config).expect("JSON");
        let _ = writeln!(text, "config {config}");
    }
    plan.notes.iter().for_each(|note| {
        let _ = writeln!(text, "note {note}");
    });
    text
}

//! `bowline ls`: releases, environments, pods.

use crate::context::Context;
use crate::flags::{ListOf, OutputForm};
use crate::printer;
use crate::target;
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::rollout;
use serde_json::{Value, json};

/// Prints the list.
pub async fn run(context: &Context, what: ListOf) -> Result<u8, Failure> {
    let rows = match what {
        ListOf::Releases => releases(context)?,
        ListOf::Environments => environments(context)?,
        ListOf::Pods => pods(context).await?,
    };
    match context.common.output {
        Some(OutputForm::Json) => {
            let items: Vec<&Value> = rows.iter().map(|row| &row.value).collect();
            printer::data(&json!({"items": items, "next": null}).to_string());
        }
        Some(OutputForm::Name) => {
            let names: Vec<&str> = rows.iter().map(|row| row.cells[0].as_str()).collect();
            if !names.is_empty() {
                printer::data(&names.join("\n"));
            }
        }
        None if rows.is_empty() => printer::talk(nothing(what)),
        None => printer::data(&table(&rows)),
    }
    Ok(exit::OK)
}

/// What an empty list means, and the verb that fills it.
fn nothing(what: ListOf) -> &'static str {
    match what {
        ListOf::Releases => "nothing was released yet; `bowline release` makes the first",
        ListOf::Environments => "nothing was promoted yet; `bowline release` makes the first",
        ListOf::Pods => "no pod runs; `bowline up` starts what was released",
    }
}

struct Row {
    cells: Vec<String>,
    value: Value,
}

fn releases(context: &Context) -> Result<Vec<Row>, Failure> {
    let releases = context.reader()?.releases()?;
    let row = |release: &bowline_engine::release::Release| {
        let outcome = match &release.finished {
            Some(finished) => finished.outcome.word(),
            None => "under way",
        };
        Row {
            cells: vec![
                release.started.version.clone(),
                outcome.to_owned(),
                format!("{}/{}", release.started.environment, release.started.app),
                release.started.commit.chars().take(7).collect(),
                release.started.subject.clone(),
            ],
            value: json!(release),
        }
    };
    Ok(releases.iter().rev().map(row).collect())
}

/// What is stable where: the rollouts say which version, the records since when and at which
/// address.
fn environments(context: &Context) -> Result<Vec<Row>, Failure> {
    let index = context.reader()?.index()?;
    let mut rows = Vec::new();
    for standing in rollout::standings(&context.house)? {
        let Some(stable) = &standing.state.stable else { continue };
        // Two applications may have the same version; their images differ.
        let of_stable = |record: &&bowline_model::DeploymentRecord| {
            record.environment == standing.environment()
                && record.version == stable.release
                && stable.images.contains(&record.digest.to_string())
        };
        let Some(record) = index.deployments().iter().rev().find(of_stable) else { continue };
        rows.push(Row {
            cells: vec![
                record.environment.clone(),
                record.version.clone(),
                standing.app().to_owned(),
                record.address.clone(),
                record.digest.short().to_owned(),
            ],
            value: with_app(json!(record), standing.app()),
        });
    }
    Ok(rows)
}

fn with_app(mut record: Value, app: &str) -> Value {
    record["app"] = json!(app);
    record
}

async fn pods(context: &Context) -> Result<Vec<Row>, Failure> {
    let pods = target::pods(context)?;
    let row = |pod: &target::PodLine| Row {
        cells: vec![
            pod.name.clone(),
            pod.phase.clone(),
            format!("{} restarts", pod.restarts),
            pod.namespace.clone(),
        ],
        value: json!({
            "name": pod.name,
            "namespace": pod.namespace,
            "phase": pod.phase,
            "ready": pod.ready,
            "restarts": pod.restarts,
        }),
    };
    Ok(pods.iter().map(row).collect())
}

fn table(rows: &[Row]) -> String {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Row| {
        let cells = row.cells.iter().zip(&widths);
        let padded: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

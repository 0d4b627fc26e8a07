//! `bowline prune`: what no longer runs, cannot be gone back to and proves nothing goes.

use crate::context::Context;
use crate::{printer, target};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::prune::{self, Depth, Removal};
use serde_json::json;
use std::collections::BTreeMap;

/// Prunes, or tells what would go.
pub async fn run(context: &Context, dry_run: bool) -> Result<u8, Failure> {
    let conductor = Conductor::begin(&context.house.directories, context.watcher())?;
    let connected = target::open(context, &conductor).await?;
    let (house, target) = (&context.house, &connected.target);
    if dry_run {
        let going = prune::look(house, &conductor, target).await?.ok_or_else(busy)?;
        tell(context, &going);
        return Ok(exit::OK);
    }
    let carried = prune::prune(house, &conductor, target, Depth::Whole).await?.ok_or_else(busy)?;
    if context.json() {
        let value = json!({
            "things": carried.things,
            "bytes": carried.bytes,
            "releases": carried.releases,
            "left": carried.left,
        });
        printer::data(&value.to_string());
        return Ok(exit::OK);
    }
    carried.releases.iter().for_each(|release| printer::data(release));
    let size = megabytes(carried.bytes);
    printer::talk(&format!("pruned {} things, {size}", carried.things));
    Ok(exit::OK)
}

fn busy() -> Failure {
    let message = "a `bowline run` is at work, and it may need what would go";
    Failure::usage(Diagnostic::error("BOW1821", message).help("wait for its end"))
}

/// A line for each thing, the largest first, then the sums by kind.
fn tell(context: &Context, going: &[Removal]) {
    if context.json() {
        printer::data(&json!({"items": going, "next": null}).to_string());
        return;
    }
    let mut sorted: Vec<&Removal> = going.iter().collect();
    sorted.sort_by_key(|removal| std::cmp::Reverse(removal.bytes));
    let mut sums: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for removal in sorted {
        let (word, name) = (removal.what.word(), removal.what.name());
        let size = megabytes(removal.bytes);
        let releases: Vec<&str> = removal.releases.iter().map(|one| one.version.as_str()).collect();
        let of = if releases.is_empty() {
            String::new()
        } else {
            format!(" of {}", releases.join(", "))
        };
        printer::data(&format!("{size:>9}  {word} {name}{of}: {}", removal.reason));
        let sum = sums.entry(word).or_default();
        *sum = (sum.0 + 1, sum.1 + removal.bytes);
    }
    let whole: u64 = going.iter().map(|removal| removal.bytes).sum();
    for (word, (count, bytes)) in sums {
        printer::talk(&format!("{:>9}  {count} × {word}", megabytes(bytes)));
    }
    printer::talk(&format!("{} would go; `bowline prune` takes it away", megabytes(whole)));
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

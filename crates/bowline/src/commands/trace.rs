//! `bowline trace`: commit ↔ version ↔ digest ↔ environment, both ways.

use crate::context::Context;
use crate::printer;
use bowline_diag::exit;
use bowline_engine::Failure;
use serde_json::json;

/// Prints everything that is known about the query.
pub fn run(context: &Context, query: &str) -> Result<u8, Failure> {
    let answer = context.reader()?.index()?.trace(query)?;
    if context.json() {
        let value = json!({
            "query": answer.query,
            "builds": answer.builds,
            "deployments": answer.deployments,
            "serving": answer.serving,
        });
        printer::data(&value.to_string());
        return Ok(exit::OK);
    }
    let mut lines = Vec::new();
    for build in &answer.builds {
        lines.push(format!("version  {} of {}", build.version, build.artifact));
        lines.push(format!("commit   {}", build.git_sha));
        lines.push(format!("digest   {}", build.digest));
        lines.push(format!("built    {} by {}", build.built_at, build.built_by));
        // Two applications may have the same version; their images differ.
        let of_build = answer.deployments.iter();
        let of_build = of_build.filter(|d| d.version == build.version && d.digest == build.digest);
        for deployment in of_build {
            let serving = answer.serving.contains(deployment);
            let word = if serving { "serving" } else { "served " };
            let place = format!("{} at {}", deployment.environment, deployment.address);
            lines.push(format!("{word}  {place} since {}", deployment.at));
        }
        for (path, digest) in &build.lock_digests {
            lines.push(format!("lock     {path} {digest}"));
        }
        lines.push(String::new());
    }
    printer::data(lines.join("\n").trim_end());
    Ok(exit::OK)
}

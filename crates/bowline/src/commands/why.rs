//! `bowline why`: how a release ended, with the values that decided.

use crate::context::Context;
use crate::printer;
use crate::progress::line::inert;
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::why;
use serde_json::json;

/// Explains one release.
pub fn run(context: &Context, wanted: Option<&str>) -> Result<u8, Failure> {
    let reader = context.reader()?;
    let release = why::find(&reader, wanted)?;
    if context.json() {
        let mut value = json!(release);
        value["rollout"] = json!(why::rollout_events(&reader, &release)?);
        printer::data(&value.to_string());
        return Ok(exit::OK);
    }
    let lines = why::explain(&reader, &release)?;
    let lines: Vec<String> = lines.iter().map(|text| inert(text)).collect();
    printer::data(&lines.join("\n"));
    Ok(exit::OK)
}

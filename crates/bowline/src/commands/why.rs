//! `bowline why`: how a release ended, with the values that decided.

use crate::context::Context;
use crate::printer;
use crate::progress::line::inert;
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::read::Reader;
use bowline_engine::why;

/// Explains one release.
pub fn run(context: &Context, wanted: Option<&str>) -> Result<u8, Failure> {
    let reader = Reader::open(&context.house)?;
    let release = why::find(&reader, wanted)?;
    if context.json() {
        let text = serde_json::to_string(&release)
            .map_err(|error| Failure::bug(format!("the release does not serialise: {error}")))?;
        printer::data(&text);
        return Ok(exit::OK);
    }
    let lines = why::explain(&reader, &release)?;
    let lines: Vec<String> = lines.iter().map(|text| inert(text)).collect();
    printer::data(&lines.join("\n"));
    Ok(exit::OK)
}

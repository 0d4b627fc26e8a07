//! `bowline down`: stops the edge and every pod. State and history stay.

use crate::context::Context;
use crate::{printer, target};
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;

/// Stops everything and waits until it is gone.
pub async fn run(context: &Context) -> Result<u8, Failure> {
    let conductor = Conductor::begin(&context.house.directories, context.watcher())?;
    let connected = target::open(context, &conductor).await?;
    connected.stop().await?;
    printer::talk("nothing runs any more; `bowline up` starts it again");
    Ok(exit::OK)
}

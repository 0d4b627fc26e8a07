//! `bowline up`: starts what the environments run, for example after a reboot.

use crate::context::Context;
use crate::{printer, target};
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;

/// Starts edge and pods, waits until they are ready, leaves them running.
pub async fn run(context: &Context) -> Result<u8, Failure> {
    let conductor = Conductor::begin(&context.house.directories, context.watcher())?;
    let connected = target::connect(context, &conductor).await?;
    let restored = connected.restore(&conductor).await?;
    connected.leave_running().await?;
    if restored.is_empty() {
        printer::talk("nothing was released yet, so there is nothing to start");
    }
    for line in restored {
        printer::data(&line);
    }
    Ok(exit::OK)
}

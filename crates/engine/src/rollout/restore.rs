//! `up`: what was promoted serves again, for example after a reboot.

use super::{Controller, Job, outside};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::target::Target;
use bowline_diag::Diagnostic;
use bowline_host::clock::Stopwatch;
use bowline_rollout::machine::Effect;
use bowline_runner::CancelToken;
use std::time::Duration;

/// How long pods may take to get ready.
const READY_MAX: Duration = Duration::from_secs(60);

/// How often they are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Carries out what the journal calls for, waits until the stable version's pods are ready, and
/// names it.
///
/// # Errors
/// The pods do not get ready, or nothing was promoted.
pub async fn restore(conductor: &Conductor, target: &Target, job: &Job) -> Result<String, Failure> {
    let cancel = CancelToken::new();
    let mut controller = Controller::new(conductor, target, job, &cancel)?;
    let Some(stable) = controller.state.stable.clone() else {
        return Ok("nothing promoted yet".into());
    };
    controller.take_up()?;
    if controller.state.active().is_some() {
        // Nobody will judge its canary: users stay with the stable version until the release is
        // resumed, which sets the weight again.
        let exposes = |effect: &Effect| matches!(effect, Effect::SetWeight { canary: Some(_), .. });
        controller.owed.retain(|effect| !exposes(effect));
        outside::hold(conductor, target, &job.key, &controller.state).await?;
    }
    controller.carry_out_owed().await?;
    if let Some(trouble) = controller.trouble.take() {
        return Err(trouble.failure);
    }
    let clock = Stopwatch::start();
    loop {
        let observation = controller.observe().await?;
        let pods = observation.pods.get(&stable.hash);
        if pods.is_some_and(|pods| pods.ready >= pods.desired) {
            return Ok(stable.release);
        }
        if clock.elapsed() > READY_MAX {
            let message = format!("`{}` does not get ready", job.key);
            return Err(Failure::usage(
                Diagnostic::error("BOW1010", message).help("look at its log: bowline logs"),
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

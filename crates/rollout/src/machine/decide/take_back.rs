//! Reasons to take a rollout back, and how.

use super::{Turn, last_lines};
use crate::limits::{COUNTERS_LOST_MS_MAX, CRASH_LOOP_CRASHES};
use crate::machine::event::{
    AbortCause, Aborted, DigestQuarantined, Event, Evidence, WeightShifted,
};
use crate::machine::state::Rollout;

/// Why, by whom and with what to show for it.
pub(super) struct TakeBack {
    pub(super) cause: AbortCause,
    pub(super) message: String,
    pub(super) by: String,
    pub(super) last_log: Vec<String>,
    pub(super) request: Option<u64>,
}

impl TakeBack {
    fn new(cause: AbortCause, message: String) -> Self {
        Self { cause, message, by: String::new(), last_log: Vec::new(), request: None }
    }
}

impl Turn<'_> {
    /// Crash loop, the judge, counts that stay lost; the first that holds.
    pub(super) fn look_for_reasons(&mut self) {
        let reason = self.crash_loop().or_else(|| self.judged()).or_else(|| self.blind());
        if let Some(reason) = reason {
            self.abort(reason);
        }
    }

    fn crash_loop(&self) -> Option<TakeBack> {
        let rollout = self.active()?;
        let pods = self.pods(&rollout.version.hash);
        // New pods begin at 0, so a smaller number than before means other pods.
        let crashes = pods.crashes.checked_sub(rollout.crashes_before).unwrap_or(pods.crashes);
        if pods.ready > 0 || crashes < CRASH_LOOP_CRASHES {
            return None;
        }
        let when = if rollout.available == 0 { "before it was ever ready" } else { "again" };
        let release = &rollout.version.release;
        let message = format!("`{release}` crashed {crashes} times {when}, no pod is ready");
        let mut reason = TakeBack::new(AbortCause::CrashLoop, message);
        reason.last_log = last_lines(&pods);
        Some(reason)
    }

    fn judged(&self) -> Option<TakeBack> {
        let rollout = self.active()?;
        // Without a stable arm there is neither a comparison nor a way back.
        rollout.stable.as_ref()?;
        rollout.exposed_ms?;
        let evidence = self.evidence();
        if evidence.judgement != crate::judge::Word::Tripped.text() {
            return None;
        }
        Some(TakeBack::new(AbortCause::Judged, rates(&evidence, rollout.plan.max_error_rate_ppm)))
    }

    fn blind(&self) -> Option<TakeBack> {
        let rollout = self.active()?;
        let since = rollout.counters_lost_ms?;
        rollout.stable.as_ref()?;
        let lost_ms = self.now.saturating_sub(since);
        if lost_ms < COUNTERS_LOST_MS_MAX || self.state.canary_weight() == 0 {
            return None;
        }
        let seconds = lost_ms / 1000;
        let message = format!("the canary's counts could not be read for {seconds} s");
        Some(TakeBack::new(AbortCause::CountersLost, message))
    }

    /// No progress for too long. Asked after the steps, so that what arrived in this very
    /// moment still counts. Pauses have no deadline.
    pub(super) fn watch_deadline(&mut self) {
        let Some(rollout) = self.active() else { return };
        let waited = self.now.saturating_sub(rollout.progressed_ms);
        let resting = rollout.paused || rollout.pause.is_some();
        if resting || waited < rollout.plan.progress_deadline_ms {
            return;
        }
        let pods = self.pods(&rollout.version.hash);
        let message = format!(
            "no progress for {} s (the limit): {}",
            rollout.plan.progress_deadline_ms / 1000,
            self.waits_for(rollout)
        );
        let mut reason = TakeBack::new(AbortCause::ProgressDeadline, message);
        reason.last_log = last_lines(&pods);
        self.abort(reason);
    }

    /// What an active rollout waits for, for people.
    fn waits_for(&self, rollout: &Rollout) -> String {
        let hash = &rollout.version.hash;
        let (wanted, available) = (self.scaled(hash), self.pods(hash).available);
        if available < wanted {
            return format!("{available} of {wanted} pods are available");
        }
        if self.state.weight.as_ref().is_some_and(|w| w.counter > self.observation.acknowledged) {
            return "the edge did not acknowledge the weight".to_owned();
        }
        "the canary's counts cannot be read".to_owned()
    }

    /// Takes the active rollout back: traffic first, then the quarantine; the pods go later.
    pub(super) fn abort(&mut self, reason: TakeBack) {
        let Some(rollout) = self.active().cloned() else { return };
        let TakeBack { cause, message, by, last_log, request } = reason;
        let evidence = self.evidence();
        self.emit(Event::Aborted(Aborted {
            rollout: rollout.number,
            cause,
            message: message.clone(),
            by,
            last_log,
            evidence,
            request,
            now_ms: self.now,
        }));
        self.take_traffic_back(&rollout);
        if cause == AbortCause::Superseded {
            return;
        }
        let release = rollout.version.release.clone();
        for digest in rollout.version.guilty(self.state.stable.as_ref()) {
            if self.state.quarantined.contains_key(&digest) {
                continue;
            }
            let (counter, release) = (self.next_counter(), release.clone());
            let reason = message.clone();
            let event = DigestQuarantined { counter, digest, release, reason };
            self.emit(Event::DigestQuarantined(event));
        }
    }

    /// One absolute effect, and none when the canary never had traffic.
    fn take_traffic_back(&mut self, rollout: &Rollout) {
        let (Some(stable), Some(weight)) = (&self.state.stable, &self.state.weight) else { return };
        if weight.weight == 0 && weight.canary.is_none() {
            return;
        }
        let event = WeightShifted {
            counter: self.next_counter(),
            rollout: rollout.number,
            stable: stable.hash.clone(),
            canary: None,
            weight: 0,
            from: weight.weight,
            counted_through: None,
            now_ms: self.now,
        };
        self.emit(Event::WeightShifted(event));
    }
}

/// `error rate 4.1 % > 1 % (31 of 760 requests)`.
fn rates(evidence: &Evidence, max_error_rate_ppm: Option<u32>) -> String {
    let canary = evidence.canary;
    let counts = format!("{} of {} requests", canary.failed, canary.requests);
    let rate = per_cent(canary.failed, canary.requests);
    let limit = max_error_rate_ppm.map(u64::from);
    let over = |ppm: &u64| {
        u128::from(canary.failed) * 1_000_000 > u128::from(*ppm) * u128::from(canary.requests)
    };
    match limit.filter(over) {
        Some(ppm) => {
            format!("error rate {rate} > {} ({counts})", per_cent(ppm, 1_000_000))
        }
        None => {
            let stable = evidence.stable;
            let against = per_cent(stable.failed, stable.requests);
            format!("error rate {rate}, stable has {against} ({counts})")
        }
    }
}

/// A share with at most two decimal places: `4.1 %`, `1 %`, `0.05 %`.
fn per_cent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match rest {
        0 => format!("{whole} %"),
        tens if tens % 10 == 0 => format!("{whole}.{} %", tens / 10),
        rest => format!("{whole}.{rest:02} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, per_cent, rates};
    use crate::judge::Arm;

    #[test]
    fn a_number_that_decided_is_shown_with_its_limit_and_its_counts() {
        let (canary, stable) = (Arm::new(760, 31), Arm::new(6_840, 7));
        let evidence = Evidence { canary, stable, ..Evidence::default() };
        let slo = rates(&evidence, Some(10_000));
        assert_eq!(slo, "error rate 4.07 % > 1 % (31 of 760 requests)");
        let split = rates(&evidence, None);
        assert_eq!(split, "error rate 4.07 %, stable has 0.1 % (31 of 760 requests)");
        let below = rates(&evidence, Some(100_000));
        assert_eq!(below, split);
    }

    #[test]
    fn shares_read_as_people_write_them() {
        for (part, whole, text) in
            [(0, 0, "0 %"), (1, 100, "1 %"), (1, 1000, "0.1 %"), (5, 10_000, "0.05 %")]
        {
            assert_eq!(per_cent(part, whole), text);
        }
    }
}

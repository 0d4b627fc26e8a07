//! What people ask for. Every numbered request is answered by an event that carries its number,
//! so that it is never answered twice, however often it is shown.

use super::Turn;
use super::take_back::TakeBack;
use crate::judge::dispersion;
use crate::machine::event::{
    AbortCause, Event, FullPromotionRequested, Halted, PauseEnd, PauseEnded, Reapplied, Refused,
    RequestHandled, Retried, Started, StepCompleted,
};
use crate::machine::observation::{Action, Request, Start};
use crate::machine::state::Phase;
use crate::plan::Version;
use std::collections::BTreeSet;

impl Turn<'_> {
    pub(super) fn answer_requests(&mut self) {
        let requests = &self.observation.requests;
        for request in requests {
            let answered = request.number.is_some_and(|n| n <= self.state.requests_through);
            if !answered {
                self.answer(request);
            }
        }
    }

    fn answer(&mut self, request: &Request) {
        match &request.action {
            Action::Start(start) => self.start(request, start),
            Action::Abort => self.asked_to_abort(request),
            Action::Promote { full } => self.promote(request, *full),
            Action::Pause => self.halt(request, true),
            Action::Resume => self.halt(request, false),
            Action::Retry { overriding } => self.retry(request, *overriding),
        }
    }

    /// Nothing changes. An unnumbered request leaves no trace then.
    fn nothing(&mut self, request: &Request, outcome: impl Into<String>) {
        if request.number.is_none() {
            return;
        }
        let action = match &request.action {
            Action::Start(_) => "start",
            Action::Abort => "abort",
            Action::Promote { .. } => "promote",
            Action::Pause => "pause",
            Action::Resume => "resume",
            Action::Retry { .. } => "retry",
        };
        self.emit(Event::RequestHandled(RequestHandled {
            action: action.to_owned(),
            outcome: outcome.into(),
            by: request.by.clone(),
            request: request.number,
        }));
    }

    fn start(&mut self, request: &Request, start: &Start) {
        let hash = &start.version.hash;
        let runs = self.state.stable.as_ref().is_some_and(|s| s.hash == *hash);
        if !runs && !start.overriding && self.refuse(request, &start.version) {
            return;
        }
        if let Some(active) = self.active() {
            if active.version.hash == *hash {
                return self.reapply(request, start);
            }
            let message = format!("`{}` was asked for instead", start.version.release);
            self.abort(TakeBack {
                cause: AbortCause::Superseded,
                message,
                by: request.by.clone(),
                last_log: Vec::new(),
                request: None,
            });
        }
        if runs { self.reapply(request, start) } else { self.begin(request, start) }
    }

    /// A quarantined version is refused once for each numbered request.
    fn refuse(&mut self, request: &Request, version: &Version) -> bool {
        let under_way = self.active().is_some_and(|r| r.version.hash == version.hash);
        let Some(digest) = self.state.quarantine_of(version).filter(|_| !under_way).cloned() else {
            return false;
        };
        let known = self.state.refused.as_ref() == Some(&version.hash);
        if request.number.is_none() && known {
            return true;
        }
        let release = self.state.quarantined.get(&digest).cloned().unwrap_or_default();
        self.emit(Event::Refused(Refused {
            hash: version.hash.clone(),
            digest: Some(digest),
            reason: format!("its digest is quarantined since `{release}` was taken back"),
            by: request.by.clone(),
            request: request.number,
        }));
        true
    }

    /// The version that is under way or running, with the same or another plan.
    fn reapply(&mut self, request: &Request, start: &Start) {
        let active = self.active().map(|r| r.plan.clone());
        let plan = active.as_ref().or(self.state.stable_plan.as_ref());
        let release = &start.version.release;
        let stable = self.state.stable.as_ref().filter(|_| active.is_none());
        let renamed = stable.is_some_and(|stable| stable.release != *release);
        if plan == Some(&start.plan) && !renamed {
            return self.nothing(request, "it is already so");
        }
        self.emit(Event::Reapplied(Reapplied {
            release: renamed.then(|| release.clone()),
            steps_restarted: active.is_some_and(|plan| plan.steps != start.plan.steps),
            plan: start.plan.clone(),
            by: request.by.clone(),
            request: request.number,
            now_ms: self.now,
        }));
    }

    fn begin(&mut self, request: &Request, start: &Start) {
        let event = Started {
            rollout: self.state.rollouts.saturating_add(1),
            version: start.version.clone(),
            plan: start.plan.clone(),
            stable: self.state.stable.as_ref().map(|s| s.hash.clone()),
            overriding: start.overriding,
            phi_thousandths: dispersion::phi_thousandths(&start.baseline),
            crashes_before: self.pods(&start.version.hash).crashes,
            counted_through: self.newest_second(),
            by: request.by.clone(),
            request: request.number,
            now_ms: self.now,
            boot: self.observation.boot.clone(),
        };
        self.emit(Event::Started(event));
    }

    fn asked_to_abort(&mut self, request: &Request) {
        let Some(active) = self.active() else {
            return self.nothing(request, "no rollout is under way");
        };
        let switched =
            |hash: &String| self.state.weight.as_ref().is_some_and(|w| w.stable == *hash);
        if active.stable.is_none() && switched(&active.version.hash) {
            let outcome = "the first version has all traffic, there is nothing to go back to";
            return self.nothing(request, outcome);
        }
        let by = &request.by;
        let message = match request.reason.as_str() {
            "" => format!("taken back by {by}"),
            reason => format!("taken back by {by}: {reason}"),
        };
        self.abort(TakeBack {
            cause: AbortCause::Requested,
            message,
            by: by.clone(),
            last_log: Vec::new(),
            request: request.number,
        });
    }

    fn promote(&mut self, request: &Request, full: bool) {
        let Some(active) = self.active() else {
            return self.nothing(request, "no rollout is under way");
        };
        let (pause, paused, full_already) = (active.pause, active.paused, active.full);
        if full {
            if full_already {
                return self.nothing(request, "it is already so");
            }
            return self.emit(Event::FullPromotionRequested(FullPromotionRequested {
                by: request.by.clone(),
                reason: request.reason.clone(),
                request: request.number,
                now_ms: self.now,
            }));
        }
        if paused {
            self.emit(Event::Resumed(self.halted(request)));
        }
        match pause {
            Some(pause) => self.end_pause(pause.index, PauseEnd::Promoted, Some(request)),
            None if paused => {}
            None => self.nothing(request, "the current step is not a pause"),
        }
    }

    /// Ends the open pause and, unless it is the watch after all steps, its step.
    pub(super) fn end_pause(&mut self, index: usize, cause: PauseEnd, request: Option<&Request>) {
        let steps = self.active().map_or(0, |r| r.plan.steps.len());
        let evidence = self.evidence();
        self.emit(Event::PauseEnded(PauseEnded {
            index,
            cause,
            by: request.map(|r| r.by.clone()).unwrap_or_default(),
            evidence,
            request: request.and_then(|r| r.number),
            now_ms: self.now,
        }));
        if index < steps {
            self.emit(Event::StepCompleted(StepCompleted { index, now_ms: self.now }));
        }
    }

    fn halted(&self, request: &Request) -> Halted {
        Halted {
            by: request.by.clone(),
            reason: request.reason.clone(),
            request: request.number,
            now_ms: self.now,
        }
    }

    fn halt(&mut self, request: &Request, pause: bool) {
        let halted = self.halted(request);
        match self.active().map(|r| r.paused) {
            None => self.nothing(request, "no rollout is under way"),
            Some(paused) if paused == pause => self.nothing(request, "it is already so"),
            Some(_) if pause => self.emit(Event::Paused(halted)),
            Some(_) => self.emit(Event::Resumed(halted)),
        }
    }

    fn retry(&mut self, request: &Request, overriding: bool) {
        let Some(rollout) = self.state.rollout.clone() else {
            return self.nothing(request, "there is no rollout");
        };
        match rollout.phase {
            Phase::Progressing => return self.nothing(request, "the rollout is still under way"),
            Phase::Promoted => return self.nothing(request, "the rollout was not taken back"),
            Phase::Aborted => {}
        }
        let version = &rollout.version;
        if self.state.stable.as_ref().is_some_and(|s| s.hash == version.hash) {
            return self.nothing(request, "this version already has all traffic");
        }
        if !overriding && self.refuse(request, version) {
            return;
        }
        let own = version.images.iter().chain([&version.template_digest]);
        let overridden: BTreeSet<String> =
            own.filter(|d| self.state.quarantined.contains_key(*d)).cloned().collect();
        self.emit(Event::Retried(Retried {
            rollout: self.state.rollouts.saturating_add(1),
            by: request.by.clone(),
            overriding,
            overridden,
            crashes_before: self.pods(&version.hash).crashes,
            counted_through: self.newest_second(),
            request: request.number,
            now_ms: self.now,
        }));
    }
}

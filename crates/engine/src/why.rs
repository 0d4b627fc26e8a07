//! `why`: how a release ended, with the values that decided.

use crate::failure::Failure;
use crate::read::Reader;
use crate::release::Release;
use bowline_diag::{Diagnostic, nearest};
use bowline_model::{Event as Entry, Verdict};
use bowline_rollout::machine::{Event, Told};

/// The release whose version, id or commit is `wanted`; the newest when absent.
///
/// # Errors
/// Nothing of that name is known, or the journal cannot be read.
pub fn find(reader: &Reader, wanted: Option<&str>) -> Result<Release, Failure> {
    let releases = reader.releases()?;
    let found = match wanted {
        None => releases.last(),
        Some(wanted) => releases.iter().rev().find(|release| {
            release.started.version == wanted
                || release.id == wanted
                || (wanted.len() >= 7 && release.started.commit.starts_with(wanted))
        }),
    };
    if let Some(found) = found {
        return Ok(found.clone());
    }
    let (message, help) = match wanted {
        None => ("nothing was released yet".to_owned(), "run `bowline release`".to_owned()),
        Some(wanted) => {
            let versions = releases.iter().map(|release| release.started.version.as_str());
            let help = match nearest(wanted, versions) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`bowline ls` lists what was released".to_owned(),
            };
            (format!("`{wanted}` is not the version or commit of a release"), help)
        }
    };
    Err(Failure::usage(Diagnostic::error("BOW1016", message).help(help)))
}

/// The explanation of a release, a line each.
///
/// # Errors
/// The journal cannot be read.
pub fn explain(reader: &Reader, release: &Release) -> Result<Vec<String>, Failure> {
    let started = &release.started;
    let mut lines = vec![format!(
        "{}  {}  {} -> {}",
        started.version,
        &started.commit[..7.min(started.commit.len())],
        started.subject,
        started.environment
    )];
    match &release.finished {
        Some(finished) => {
            lines.push(format!("{}: {}", finished.outcome.word(), finished.cause));
        }
        None => lines.push("it has not ended; `bowline release` of the same commit resumes".into()),
    }
    for (stage, note) in release.stages.iter().zip(&release.notes) {
        let word = stage.verdict.map_or("incomplete", Verdict::word);
        lines.push(format!("  {:<9} {word:<10} {note}", stage.stage));
    }
    if let Some(conditions) = release.gate.as_ref().and_then(|gate| gate["conditions"].as_array()) {
        for condition in conditions {
            let text = |name: &str| condition[name].as_str().unwrap_or("–");
            lines.push(format!("  condition {} ({})", text("message"), text("status")));
        }
    }
    for entry in rollout_events(reader, release)? {
        let event = Event::from_event(&entry)?;
        lines.extend(event.iter().filter_map(Event::told).flat_map(|event| told(&entry, event)));
    }
    Ok(lines)
}

/// The events of the release's own rollout: from its start to the start of the next.
///
/// # Errors
/// The journal cannot be read.
pub fn rollout_events(reader: &Reader, release: &Release) -> Result<Vec<Entry>, Failure> {
    let key = format!("{}/{}", release.started.environment, release.started.app);
    let mut own = Vec::new();
    let mut ours = false;
    for entry in reader.events_of_from("rollout.", &key, release.n)? {
        let version = match Event::from_event(&entry)? {
            Some(Event::Started(started)) => Some(started.version.release),
            _ => None,
        };
        if let Some(version) = version {
            ours = version == release.started.version;
        }
        if ours {
            own.push(entry);
        }
    }
    Ok(own)
}

/// The last lines that the application wrote before the release was taken back; empty when it
/// was not, or when nothing was kept.
///
/// # Errors
/// The journal cannot be read.
pub fn last_log(reader: &Reader, release: &Release) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for entry in rollout_events(reader, release)? {
        if let Some(Event::Aborted(aborted)) = Event::from_event(&entry)? {
            lines = aborted.last_log;
        }
    }
    Ok(lines)
}

fn told(entry: &Entry, event: Told<'_>) -> Vec<String> {
    let line = |text: String| format!("  {:>5} {} {text}", entry.n, entry.at);
    match event {
        Told::Started(_) => vec![line("rollout started".into())],
        Told::WeightShifted(shift) if shift.canary.is_none() => {
            vec![line("all traffic to the stable version".into())]
        }
        Told::WeightShifted(shift) => {
            vec![line(format!("traffic {} % -> {} %", shift.from, shift.weight))]
        }
        Told::PauseEnded(end) => {
            let cause = format!("{:?}", end.cause).to_lowercase();
            vec![line(format!("pause of step {} ended: {cause}", end.index + 1))]
        }
        Told::Promoted(promoted) => vec![line(format!("promoted: {}", promoted.message))],
        Told::Refused(refused) => vec![line(format!("refused: {}", refused.reason))],
        Told::DigestQuarantined(quarantined) => {
            vec![line(format!("quarantined {}", quarantined.digest))]
        }
        Told::Aborted(aborted) => {
            let evidence = &aborted.evidence;
            let mut lines = vec![line(format!("aborted: {}", aborted.message))];
            let arm = |arm: &bowline_rollout::judge::Arm| {
                format!("{} of {} requests failed", arm.failed, arm.requests)
            };
            if evidence.canary.requests > 0 {
                lines.push(format!("        new version  {}", arm(&evidence.canary)));
                lines.push(format!("        old version  {}", arm(&evidence.stable)));
                let evidence = evidence.against_thousandths as f64 / 1000.0;
                lines.push(format!("        evidence     ln E = {evidence:.3}, trips at 6.908"));
            }
            lines.extend(aborted.last_log.iter().map(|text| format!("        log  {text}")));
            lines
        }
        Told::RequestHandled(_) | Told::CountersLost(_) | Told::Retried(_) => Vec::new(),
    }
}

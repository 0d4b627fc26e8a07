//! Before the first stage: the commit, its `bowline.yaml`, and what an earlier process left.

use super::{Lane, Request, verify};
use crate::check::{self, Setting};
use crate::conductor::Conductor;
use crate::config::{self, Config, Environment};
use crate::failure::Failure;
use crate::house::House;
use crate::notice::Notice;
use crate::prune;
use crate::release::{self, Finished, Release, Started};
use crate::rollout;
use crate::target::Target;
use crate::workflows;
use bowline_diag::{Diagnostic, nearest};
use bowline_host::files;
use bowline_model::{Outcome, Revision};
use bowline_rollout::machine::Phase;
use bowline_runner::CancelToken;
use bowline_sandbox::toolchain;
use bowline_source::{Git, GitRef, Repository};
use bowline_store::Store;
use std::path::Path;

/// Folders with a `bowline.yaml` that an error names, at most.
const SERVICES_MAX: usize = 5;

/// Files of a commit that are looked at, at most.
const FILES_MAX: usize = 200_000;

/// Finds the commit, reads its configuration, settles what is open and begins the release.
pub async fn prepare<'a>(
    house: &'a House,
    conductor: &'a Conductor,
    target: &'a Target,
    cancel: &'a CancelToken,
    request: Request,
) -> Result<Lane<'a>, Failure> {
    let store = Store::open(house.directories.store())?;
    let repository = Git::find(&house.search_text())?.open(&request.folder)?;
    let revision = revision(&repository, &request)?;
    let checkout = repository.checkout(&revision, &store)?;
    let (folder, name) = (repository.prefix(), workflows::repository_name(&revision));
    let config = read_config(&checkout.tree, folder, &name)?;
    let environment = choose(&config, request.environment.as_deref())?;
    let place = check::Place { root: &checkout.tree, folder, name: &name };
    check_all(house, target, &place).await?;
    let releases = conductor.releases()?;
    let open = open_release(&releases, &config.app, &environment.name);
    let resumed = open.filter(|open| open.started.commit == revision.commit).cloned();
    if resumed.is_none()
        && let Some(open) = open
    {
        settle(conductor, target, open).await?;
    }
    rollout::hold_others(conductor, target, None).await?;
    let is_resumed = resumed.is_some();
    let (started, earlier) = match resumed {
        Some(earlier) => resume(conductor, earlier, &request)?,
        None => begin(conductor, &releases, &config, &environment, &revision, &request)?,
    };
    conductor.tell(&Notice::ReleaseStarted {
        version: started.version.clone(),
        commit: revision.short().to_owned(),
        subject: revision.subject.clone(),
        environment: environment.name.clone(),
        resumed: is_resumed,
    });
    for note in &checkout.notes {
        conductor.tell(&Notice::Happened {
            stage: "source".into(),
            word: "noted".into(),
            text: note.clone(),
        });
    }
    Ok(Lane {
        house,
        conductor,
        target,
        cancel,
        store,
        request,
        config,
        environment,
        revision,
        checkout,
        id: Release::key(&started.app, started.number),
        started,
        earlier,
        stages: Vec::new(),
        reports: verify::Reports::default(),
        carried: None,
    })
}

/// Everything that can be seen to fail is told at once, before the release has a number.
async fn check_all(
    house: &House,
    target: &Target,
    place: &check::Place<'_>,
) -> Result<(), Failure> {
    let go = toolchain::find_go(&house.search_path)?;
    let setting = Setting {
        go_version: go.map(|go| go.version),
        rehearsal: (target.rehearse)()?,
        all_workflows: false,
    };
    let checked = check::check(place, &setting).await?;
    if checked.mistakes.is_empty() { Ok(()) } else { Err(Failure::mistakes(checked.mistakes)) }
}

fn revision(repository: &Repository, request: &Request) -> Result<Revision, Failure> {
    let wanted = request.revision.as_deref().unwrap_or("HEAD");
    let revision = repository.revision(&wanted.parse::<GitRef>()?)?;
    if request.revision.is_none() && revision.dirty {
        let message = "the work tree differs from `HEAD`, so it is not clear what to release";
        return Err(Failure::usage(
            Diagnostic::error("BOW1005", message)
                .help("commit the changes, or name the commit: `bowline release HEAD`"),
        ));
    }
    Ok(revision)
}

/// The configuration of a tree for a verb that was typed in `folder` of it.
fn read_config(tree: &Path, folder: &str, repository: &str) -> Result<Config, Failure> {
    if let Some((place, text)) = config::find(tree, folder, repository)? {
        return config::read(&text, &place).map_err(Failure::mistakes);
    }
    let message = format!("there is no `{}` in the commit", config::FILE);
    let services = services(tree)?;
    let help = match services.as_slice() {
        [] => "run `bowline init`, look at what it wrote, and commit it".to_owned(),
        [first, ..] => format!("name the service's folder: `bowline -C {first} release`"),
    };
    let named = services.into_iter().take(SERVICES_MAX);
    let noted = named.fold(Diagnostic::error("BOW1006", message), |diagnostic, folder| {
        diagnostic.note(format!("`{folder}/{}` is there", config::FILE))
    });
    Err(Failure::usage(noted.help(help)))
}

/// The folders of a tree with a `bowline.yaml` of their own.
fn services(tree: &Path) -> Result<Vec<String>, Failure> {
    let files = files::walk(tree, FILES_MAX)?.into_iter();
    let folder = |entry: files::WalkEntry| {
        let (folder, name) = entry.relative.rsplit_once('/')?;
        (name == config::FILE).then(|| folder.to_owned())
    };
    Ok(files.filter_map(folder).collect())
}

/// The environment that was asked for, or the only one.
pub fn choose(config: &Config, wanted: Option<&str>) -> Result<Environment, Failure> {
    let names = || config.environments.iter().map(|environment| environment.name.as_str());
    let Some(wanted) = wanted else {
        return match config.environments.as_slice() {
            [only] => Ok(only.clone()),
            _ => {
                let all = names().collect::<Vec<_>>().join(", ");
                let message = "there are several environments, so one must be named";
                let help = format!("add `--env NAME`; there are: {all}");
                Err(Failure::usage(Diagnostic::error("BOW1007", message).help(help)))
            }
        };
    };
    let found = config.environments.iter().find(|environment| environment.name == wanted);
    found.cloned().ok_or_else(|| {
        let help = match nearest(wanted, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{wanted}` is not an environment of `{}`", config::FILE);
        Failure::usage(Diagnostic::error("BOW1007", message).help(help))
    })
}

/// The newest release of an application in an environment, if it has not ended.
fn open_release<'r>(releases: &'r [Release], app: &str, environment: &str) -> Option<&'r Release> {
    let same = |release: &&Release| {
        release.started.app == app && release.started.environment == environment
    };
    releases.iter().rev().find(same).filter(|release| release.finished.is_none())
}

/// A release of another commit that was left open. The traffic goes back first, before anything
/// of the new commit runs; then the release gets its end.
async fn settle(conductor: &Conductor, target: &Target, open: &Release) -> Result<(), Failure> {
    let started = &open.started;
    let key = format!("{}/{}", started.environment, started.app);
    rollout::supersede(conductor, target, &key, &started.version).await?;
    // Its rollout may have come to an end that its process could not write down any more.
    let (outcome, cause) = match rollout::phase_of(conductor, &key, &started.version)? {
        Some((Phase::Promoted, message)) => (Outcome::Promoted, message),
        Some((Phase::Aborted | Phase::Progressing, message)) if !message.is_empty() => {
            (Outcome::RolledBack, message)
        }
        Some((Phase::Aborted | Phase::Progressing, _)) => {
            (Outcome::RolledBack, "interrupted, then another commit was released".into())
        }
        None => (Outcome::Failed, "interrupted, then another commit was released".into()),
    };
    let finished = Finished {
        outcome,
        cause,
        seconds: 0.0,
        requests: 0,
        failed_requests: 0,
        decision_ms: None,
        switch_ms: None,
    };
    conductor.append(&[release::finished_event(&open.id, &finished)], &[])?;
    conductor.tell(&Notice::Happened {
        stage: "release".into(),
        word: "settled".into(),
        text: format!("{}, which was left open", started.version),
    });
    Ok(())
}

/// The release goes on. A reason to override a quarantine may be given now as well as at first.
fn resume(
    conductor: &Conductor,
    mut earlier: Release,
    request: &Request,
) -> Result<(Started, Release), Failure> {
    if let Some(reason) = &request.override_reason
        && earlier.started.override_reason.is_none()
    {
        conductor.append(&[release::overridden_event(&earlier.id, reason)], &[])?;
        earlier.started.override_reason = Some(reason.clone());
    }
    Ok((earlier.started.clone(), earlier))
}

fn begin(
    conductor: &Conductor,
    releases: &[Release],
    config: &Config,
    environment: &Environment,
    revision: &Revision,
    request: &Request,
) -> Result<(Started, Release), Failure> {
    let of_app = releases.iter().filter(|release| release.started.app == config.app);
    let number = of_app.map(|release| release.started.number).max().unwrap_or(0);
    let adopted = rollout::adopted_number(conductor, &format!("/{}", config.app))?;
    let number = number.max(adopted) + 1;
    let version = bowline_record::next_version(revision.nearest_tag.as_deref(), number);
    let started = Started {
        app: config.app.clone(),
        environment: environment.name.clone(),
        repository: revision.repository.clone(),
        commit: revision.commit.clone(),
        subject: revision.subject.clone(),
        number,
        version: version.to_string(),
        override_reason: request.override_reason.clone(),
    };
    let key = format!("{}/{}", environment.name, config.app);
    let mut events = vec![release::started_event(&started)];
    events.extend(prune::keep_event(conductor, &key, config.keep)?);
    let entries = conductor.append(&events, &[])?;
    let earlier = Release {
        id: Release::key(&started.app, number),
        n: entries.first().map_or(0, |entry| entry.n),
        started: started.clone(),
        digest: None,
        stages: Vec::new(),
        notes: Vec::new(),
        gate: None,
        finished: None,
    };
    Ok((started, earlier))
}

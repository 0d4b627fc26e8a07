//! The one-machine cluster as the engine's target.

use crate::commands::release::interrupt;
use crate::context::Context;
use crate::printer;
use bowline_diag::{Diagnose, Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::rollout::{self, Job, Serves, Standing};
use bowline_engine::target::{Counts, PodLogs, Requests, Router, Serving, Target, Weights};
use bowline_local::router::{self, ServiceKey};
use bowline_local::{Cluster, Local, Options, look};
use bowline_model::NewEvent;
use bowline_runner::CancelToken;
use bowline_sandbox::Launcher;
use bowline_traffic::{Counters, Generation};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a request from a second terminal is followed.
const FOLLOW_MAX: Duration = Duration::from_secs(60);

/// A second with requests that have no end yet is waited for so long, in seconds.
const SETTLE_SECONDS_MAX: u64 = 3;

/// How often a followed request is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A cluster that is up.
pub struct Connected {
    /// What the engine is given.
    pub target: Target,
    /// The cluster itself.
    pub local: Arc<Local>,
    /// Whether an edge ran before this process came.
    ran_before: bool,
}

/// One pod as `ls` shows it.
pub struct PodLine {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// `Running`, `CrashLoopBackOff` ….
    pub phase: String,
    /// Whether it gets requests.
    pub ready: bool,
    /// How often its container was started again.
    pub restarts: u64,
}

/// Opens the cluster of the state folder and brings up what its objects ask for.
pub async fn connect(context: &Context, conductor: &Conductor) -> Result<Connected, Failure> {
    context.house.ensure_sandbox()?;
    let connected = open(context, conductor).await?;
    connected.local.up().await?;
    for line in rollout::adopt(conductor, &connected.target).await? {
        printer::talk(&line);
    }
    Ok(connected)
}

/// Opens the cluster of the state folder as it is: nothing is started, and what the journal does
/// not know stays unknown.
pub async fn open(context: &Context, conductor: &Conductor) -> Result<Connected, Failure> {
    let program = &context.house.launcher.program;
    let hidden =
        |verb: &str| Launcher { program: program.clone(), arguments: vec![verb.to_owned()] };
    let options = Options {
        directories: context.house.directories.clone(),
        sandbox: context.house.launcher.clone(),
        shim: hidden("shim"),
        edge_shim: hidden("edge-shim"),
        listen: BTreeMap::new(),
        namespace: "default".into(),
        epoch: conductor.epoch_number(),
    };
    let local = Arc::new(Local::start(options).await?);
    local.told().into_iter().for_each(|told| printer::talk(&format!("warning: {told}")));
    let target = Target {
        client: local.client(),
        rehearse: Box::new(|| Ok(Cluster::in_memory()?.client("default"))),
        router: Box::new(LocalRouter { router: local.router() }),
        logs: Box::new(LocalLogs { local: Arc::clone(&local) }),
    };
    let ran_before = local.router().edge().healthy().await.is_ok();
    Ok(Connected { target, local, ran_before })
}

impl Connected {
    /// Edge and pods live under their shims; nothing needs to be done for them to stay. Should
    /// the cluster's database get damaged until the next conductor comes, a copy is at hand.
    pub async fn leave_running(self) -> Result<(), Failure> {
        Ok(self.local.keep_spare()?)
    }

    /// Ends the edge and every pod, and waits until they are gone.
    pub async fn stop(self) -> Result<(), Failure> {
        Ok(self.local.down().await?)
    }

    /// Removes an environment with everything in it.
    pub async fn remove_environment(
        &self,
        conductor: &Conductor,
        name: &str,
    ) -> Result<(), Failure> {
        rollout::remove(conductor, &self.target, name).await
    }

    /// Ends everything, unless something ran before this process came.
    pub async fn leave_as_found(self) -> Result<(), Failure> {
        if self.ran_before { Ok(()) } else { self.stop().await }
    }

    /// Waits until what was promoted serves again; one line for each environment.
    pub async fn restore(&self, conductor: &Conductor) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        for key in rollout::known(conductor)? {
            let job = rollout::job_of(conductor, &self.target, &key, None).await?;
            let release = rollout::restore(conductor, &self.target, &job).await?;
            lines.push(format!("{key}  {release}  http://{}", job.listen));
        }
        Ok(lines)
    }
}

/// The pods of the cluster: a look from outside, whoever conducts.
pub fn pods(context: &Context) -> Result<Vec<PodLine>, Failure> {
    let line = |row: bowline_local::PodRow| PodLine {
        name: row.name,
        namespace: row.namespace,
        phase: row.phase,
        ready: row.ready,
        restarts: row.restarts,
    };
    Ok(look::pods(&context.house.directories)?.into_iter().map(line).collect())
}

/// Whom the edge serves on `route`: a look from outside, for a rollout that nobody conducts.
pub async fn serves(context: &Context, route: Option<&str>) -> Serves {
    let Ok(state) = look::edge(&context.house.directories).await else { return Serves::Silent };
    let routes = state.table.iter().flat_map(|table| &table.routes);
    let found = routes.clone().find(|found| Some(&*found.name) == route);
    let exposed = found.is_some_and(|found| found.rollout.is_some());
    let fell_back = state.fell_back_routes.iter().any(|name| Some(&**name) == route);
    if exposed && !fell_back { Serves::Canary } else { Serves::Stable }
}

/// The last lines of pods, a look from outside: name and lines of each.
pub fn pod_logs(
    context: &Context,
    name: Option<&str>,
    lines: usize,
) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let directories = &context.house.directories;
    let mut logs = Vec::new();
    for row in look::pods(directories)? {
        if name.is_none_or(|name| row.name == name) {
            let lines = look::logs(directories, &row.namespace, &row.name, lines)?;
            logs.push((row.name.clone(), lines));
        }
    }
    Ok(logs)
}

/// Appends a request; the living conductor follows it, else this process becomes the conductor.
pub async fn follow_request(
    context: &Context,
    standing: &Standing,
    request: NewEvent,
) -> Result<u8, Failure> {
    let directories = &context.house.directories;
    match Conductor::begin(directories, context.watcher()) {
        Err(busy) => ask_living(context, &standing.key, request, busy).await,
        Ok(conductor) => {
            let connected = connect(context, &conductor).await?;
            conductor.journal.request(request)?;
            let job: Job =
                rollout::job_of(&conductor, &connected.target, &standing.key, None).await?;
            let cancel = CancelToken::new();
            let work = rollout::carry_out_until(&conductor, &connected.target, &job, &cancel);
            let carried = tokio::select! {
                carried = work => carried?,
                () = interrupt(context, cancel.clone()) => {
                    return Ok(exit::INTERRUPTED);
                }
            };
            connected.leave_running().await?;
            printer::talk(&rollout::sentence(&carried.end));
            if cancel.is_cancelled() {
                return Ok(exit::INTERRUPTED);
            }
            let refused = matches!(carried.end, rollout::End::Refused(_));
            Ok(if refused { exit::BLOCKED } else { exit::OK })
        }
    }
}

/// Asks the conductor that lives, and waits until it has answered. `busy` is why this process
/// is not the conductor; it is the answer when nothing is under way.
pub async fn ask_living(
    context: &Context,
    key: &str,
    request: NewEvent,
    busy: Failure,
) -> Result<u8, Failure> {
    if !rollout::standings(&context.house)?.iter().any(|s| s.key == key && s.is_under_way()) {
        return Err(busy);
    }
    let reader = bowline_engine::read::Reader::open(&context.house)?;
    let asked = reader.request(request)?;
    let mut waited = Duration::ZERO;
    while waited < FOLLOW_MAX {
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
        for standing in rollout::standings(&context.house)? {
            if standing.key == key && standing.state.requests_through >= asked.n {
                printer::data(&standing.lines().join("\n"));
                return Ok(exit::OK);
            }
        }
    }
    let message = "the living conductor has not followed the request";
    Err(Failure::usage(
        Diagnostic::error("BOW1802", message).help("look at it: bowline rollout watch"),
    ))
}

struct LocalRouter {
    router: router::Router,
}

impl Router for LocalRouter {
    fn set_weights(&self, weights: Weights) -> BoxFuture<'_, Result<(), Diagnostic>> {
        Box::pin(async move {
            let service = ServiceKey::new(&weights.namespace, &weights.service);
            let (epoch, counter) = weights.generation;
            let wanted = router::Weights {
                stable_hash: weights.stable,
                canary_hash: weights.canary,
                canary_weight: weights.weight,
                deadline_ms: (weights.deadline_ms > 0).then_some(weights.deadline_ms),
            };
            let set = async {
                self.router.set_listen(&service, Some(weights.listen)).await?;
                self.router.set_weights(&service, wanted, Generation { epoch, counter }).await
            };
            set.await.map(|_| ()).map_err(|error| first(&error))
        })
    }

    fn serving(&self) -> BoxFuture<'_, Result<Vec<Serving>, Diagnostic>> {
        Box::pin(async {
            let all = self.router.serving().await.map_err(|error| first(&error))?;
            let row = |(key, listen, stable): (ServiceKey, _, _)| Serving {
                namespace: key.namespace,
                service: key.name,
                listen,
                stable,
            };
            Ok(all.into_iter().map(row).collect())
        })
    }

    fn alive(&self) -> BoxFuture<'_, Result<(), Diagnostic>> {
        Box::pin(async { self.router.alive().await.map_err(|error| first(&error)) })
    }

    fn counts<'a>(
        &'a self,
        namespace: &'a str,
        service: &'a str,
        from: u64,
    ) -> BoxFuture<'a, Result<Counts, Diagnostic>> {
        Box::pin(async move {
            let counters = self.router.counters(from).await.map_err(|error| first(&error))?;
            Ok(counts(&counters, &ServiceKey::new(namespace, service).route()))
        })
    }
}

/// The counts of one route, up to the first second that is not settled: one that still runs, or
/// that has requests without an end. Later seconds wait for it, because the judge takes each
/// second once and in order.
fn counts(counters: &Counters, route: &str) -> Counts {
    let Some(route) = counters.routes.iter().find(|found| found.route == route) else {
        return Counts::default();
    };
    let mut seconds: BTreeMap<u64, BTreeMap<String, Requests>> = BTreeMap::new();
    let mut first_request_ms = BTreeMap::new();
    let unsettled = route.versions.iter().flat_map(|version| &version.seconds);
    let unsettled = unsettled.filter(|second| second.open > 0).map(|second| second.second);
    // A request that hangs must not keep the judge from the rest for ever.
    let patience = counters.now.saturating_sub(SETTLE_SECONDS_MAX);
    let settled = unsettled.filter(|second| *second >= patience).min().unwrap_or(counters.now);
    for version in &route.versions {
        if let Some(first) = version.first_request_at_ms {
            first_request_ms.insert(version.hash.clone(), first);
        }
        for second in version.seconds.iter().filter(|second| second.second < settled) {
            let requests = Requests { total: second.requests, failed: second.bad };
            seconds.entry(second.second).or_default().insert(version.hash.clone(), requests);
        }
    }
    Counts {
        seconds: seconds.into_iter().collect(),
        total: Requests { total: route.totals.requests, failed: route.totals.failed },
        first_request_ms,
    }
}

struct LocalLogs {
    local: Arc<Local>,
}

impl PodLogs for LocalLogs {
    fn last_lines<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
        lines: usize,
    ) -> BoxFuture<'a, Vec<String>> {
        // A pod that is gone has no log any more; that is not a fault of the rollout.
        let lines = self.local.logs(namespace, pod, lines).unwrap_or_default();
        Box::pin(async move { lines })
    }
}

fn first(error: &impl Diagnose) -> Diagnostic {
    let mut all = error.diagnose();
    if all.is_empty() {
        Diagnostic::error("BOW1099", "an error without words")
    } else {
        all.remove(0)
    }
}

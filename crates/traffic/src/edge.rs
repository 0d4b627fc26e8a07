//! The edge as a whole: the table in force, its listeners, its book, its housekeeping.

use crate::{
    Error, Options,
    answer::{Accepted, Health, InFlight, NotListening, TableState},
    control,
    held::Holder,
    instance::Instance,
    ledger::{Ledger, milliseconds},
    limits::Limits,
    listen::Listeners,
    log,
    saved::{self, Saved},
    snapshot::Snapshot,
    table::Table,
};
use bowline_host::{clock, random, task};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// How often the dead man's switch is looked at, beside every request.
const TICK: Duration = Duration::from_millis(50);
/// How often the edge clears up.
const CLEAR_UP_TICKS: u64 = 20;

/// All state of one edge.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) limits: Arc<Limits>,
    pub(crate) ledger: Ledger,
    started: Duration,
    seed: u64,
    state_dir: PathBuf,
    snapshot: RwLock<Arc<Snapshot>>,
    last_word_ms: AtomicU64,
    /// Instances that left the table and serve something still.
    leaving: Mutex<Vec<Arc<Instance>>>,
    /// Held while a table comes into force, so that tables follow one another.
    listeners: tokio::sync::Mutex<Listeners>,
    /// Names of the fallen routes as they are on disk.
    kept_fell_back: Mutex<Vec<String>>,
}

/// An edge that runs. Dropping it ends it at once; [`Running::stop`] lets requests finish.
#[derive(Debug)]
pub struct Running {
    edge: Arc<Edge>,
    tasks: Vec<task::Task<()>>,
}

/// Starts an edge on the current runtime: reads the table of the last run, listens, and opens
/// its control socket.
///
/// # Errors
/// When its state folder or its control socket cannot be used.
pub async fn start(options: Options) -> Result<Running, Error> {
    let started = clock::monotonic();
    let (saved, aside) = saved::read(&options.state_dir)?;
    if let Some(aside) = aside {
        log::line("edge", &format!("the saved table is unreadable; see {}", aside.display()));
    }
    let control = match &options.shim_socket {
        Some(shim) => Holder::new(shim.clone()).control().await?,
        None => control::bind(&options.control_socket).await?,
    };
    let edge = Arc::new(Edge {
        limits: Arc::new(options.limits),
        ledger: Ledger::new(started),
        started,
        seed: options.seed.unwrap_or_else(|| u64::from_ne_bytes(random::bytes())),
        state_dir: options.state_dir,
        snapshot: RwLock::default(),
        last_word_ms: AtomicU64::new(milliseconds(started)),
        leaving: Mutex::default(),
        listeners: tokio::sync::Mutex::new(Listeners::new(options.shim_socket)),
        kept_fell_back: Mutex::default(),
    });
    if let Some(saved) = saved {
        edge.take_up(saved).await;
    }
    let serving = control::serve(Arc::clone(&edge), control);
    let tasks = vec![
        task::spawn("control", serving).abort_on_drop(),
        task::spawn("housekeeping", Arc::clone(&edge).keep_house()).abort_on_drop(),
    ];
    Ok(Running { edge, tasks })
}

impl Running {
    /// Stops taking connections, lets the open requests finish up to the drain limit, ends.
    pub async fn stop(self) {
        let Self { edge, tasks } = self;
        edge.listeners.lock().await.finish(&edge.limits).await;
        drop(tasks);
    }
}

impl Edge {
    /// The table in force. A request keeps what it got.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn swap(&self, snapshot: &Arc<Snapshot>) {
        let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(snapshot);
    }

    /// The one moment at which `after` comes into force. Instances that only `before` names
    /// get no more requests; who asks for their number waits until both is done.
    fn come_into_force(&self, before: &Snapshot, after: &Arc<Snapshot>) {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        self.swap(after);
        for instance in before.instances() {
            if !after.instances().any(|other| Arc::ptr_eq(other, instance)) {
                instance.leave();
                leaving.push(Arc::clone(instance));
            }
        }
    }

    pub(crate) fn last_word_ms(&self) -> u64 {
        self.last_word_ms.load(SeqCst)
    }

    /// A conductor is there.
    pub(crate) fn word(&self) {
        self.last_word_ms.store(milliseconds(clock::monotonic()), SeqCst);
    }

    /// Puts a table into force, or refuses it and changes nothing.
    pub(crate) async fn put(self: &Arc<Self>, table: Table) -> Result<Accepted, Error> {
        table.check()?;
        let mut listeners = self.listeners.lock().await;
        let before = self.snapshot();
        if let Some(current) = &before.table {
            let (offered, in_force) = (table.generation, current.generation);
            if offered < in_force || (offered == in_force && table != *current) {
                return Err(Error::OlderGeneration { offered, current: in_force });
            }
            if offered == in_force {
                self.word();
                return Ok(self.accepted(&before, self.keep(&before).await));
            }
        }
        let listens = table.routes.iter().map(|route| &route.listen);
        let opened = listeners.open_missing(listens).await?;
        let after = Snapshot::build(table, &before, &self.ledger, &self.limits, self.seed, &[]);
        let after = Arc::new(after);
        // Before the swap: the new table's deadline must not see the old silence.
        self.word();
        self.come_into_force(&before, &after);
        let accepted = self.accepted(&after, Ok(()));
        for (address, listener) in opened {
            listeners.start(self, address, listener);
        }
        listeners.keep_only(|address| after.route(address).is_some()).await;
        let not_kept = self.keep(&after).await.err().map(|error| error.to_string());
        Ok(Accepted { not_kept, ..accepted })
    }

    fn accepted(&self, snapshot: &Snapshot, kept: Result<(), Error>) -> Accepted {
        Accepted {
            generation: snapshot.table.as_ref().map(|table| table.generation).unwrap_or_default(),
            at_ms: milliseconds(clock::monotonic()),
            not_kept: kept.err().map(|error| error.to_string()),
        }
    }

    /// Takes up the table of the last run. A listener that cannot be had is tried again later.
    async fn take_up(self: &Arc<Self>, saved: Saved) {
        let Saved { table, fell_back } = saved;
        let before = self.snapshot();
        let (ledger, limits) = (&self.ledger, &self.limits);
        let after = Snapshot::build(table, &before, ledger, limits, self.seed, &fell_back);
        *self.kept_fell_back.lock().unwrap_or_else(PoisonError::into_inner) = fell_back;
        self.swap(&Arc::new(after));
        self.listen_again().await;
    }

    /// Tries the addresses of the table that are not open.
    async fn listen_again(self: &Arc<Self>) {
        let mut listeners = self.listeners.lock().await;
        let snapshot = self.snapshot();
        for address in snapshot.listens() {
            let opened = listeners.open_missing(std::iter::once(address)).await;
            match opened {
                Ok(opened) => {
                    for (address, listener) in opened {
                        listeners.start(self, address, listener);
                    }
                }
                Err(error) => {
                    let reason = error.to_string();
                    if listeners.missing.insert(*address, reason.clone()) != Some(reason.clone()) {
                        log::line("edge", &reason);
                    }
                }
            }
        }
    }

    async fn keep(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let Some(table) = snapshot.table.clone() else { return Ok(()) };
        let fell_back = snapshot.fell_back();
        saved::write(&self.state_dir, Saved { table, fell_back: fell_back.clone() }).await?;
        *self.kept_fell_back.lock().unwrap_or_else(PoisonError::into_inner) = fell_back;
        Ok(())
    }

    async fn keep_house(self: Arc<Self>) {
        let mut tick: u64 = 0;
        loop {
            tokio::time::sleep(TICK).await;
            self.watch_deadlines().await;
            tick += 1;
            if tick.is_multiple_of(CLEAR_UP_TICKS) {
                self.clear_up().await;
            }
        }
    }

    async fn watch_deadlines(&self) {
        let (snapshot, now) = (self.snapshot(), milliseconds(clock::monotonic()));
        for route in snapshot.routes() {
            route.look_at_the_clock(now, self.last_word_ms());
        }
        let kept = self.kept_fell_back.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if snapshot.fell_back() == kept {
            return;
        }
        // Not while a table comes into force: the file must be that of the newest table.
        let _listeners = self.listeners.lock().await;
        if let Err(error) = self.keep(&self.snapshot()).await {
            log::line("edge", &error.to_string());
        }
    }

    async fn clear_up(self: &Arc<Self>) {
        let now = clock::monotonic();
        for instance in self.snapshot().instances() {
            instance.close_old(now);
        }
        self.leaving
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|instance| instance.in_flight() > 0);
        self.ledger.forget_old(now);
        if !self.listeners.lock().await.missing.is_empty() {
            self.listen_again().await;
        }
    }

    /// `GET /inflight`.
    pub(crate) fn in_flight(&self, id: &str) -> InFlight {
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.snapshot();
        let of = |instance: &&Arc<Instance>| instance.id == id;
        let in_table = snapshot.instances().any(|instance| of(&instance));
        let current: u64 = snapshot.instances().filter(of).map(|i| i.in_flight()).sum();
        let left: u64 = leaving.iter().filter(of).map(|i| i.in_flight()).sum();
        let in_flight = current + left;
        InFlight { instance: id.to_owned(), in_table, in_flight }
    }

    /// `GET /table`.
    pub(crate) async fn table_state(&self) -> TableState {
        let missing = self.listeners.lock().await.missing.clone();
        let snapshot = self.snapshot();
        let fell_back_routes = snapshot.fell_back();
        let now = milliseconds(clock::monotonic());
        TableState {
            table: snapshot.table.clone(),
            fell_back: !fell_back_routes.is_empty(),
            fell_back_routes,
            silent_ms: now.saturating_sub(self.last_word_ms()),
            not_listening: missing
                .into_iter()
                .map(|(listen, reason)| NotListening { listen, reason })
                .collect(),
        }
    }

    /// `GET /healthz`.
    pub(crate) fn health(&self) -> Health {
        Health {
            pid: std::process::id(),
            started_ms: milliseconds(self.started),
            generation: self.snapshot().table.as_ref().map(|table| table.generation),
        }
    }
}

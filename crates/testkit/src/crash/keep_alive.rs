//! Users with a connection each, who ask one question after another.

use crate::until;
use bowline_host::clock;
use bowline_host::local::{Address, Connection};
use bowline_host::task::{self, Thread};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A user gives up after this long.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Answers are waited for so long.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// A user thinks for this long between two questions.
const THINKING: Duration = Duration::from_millis(10);

/// What the users of one service see.
#[derive(Debug)]
pub struct KeepAlive {
    shared: Arc<Shared>,
    threads: Vec<Thread<()>>,
}

/// A request that was not answered with 200.
#[derive(Clone, Debug)]
pub struct Failed {
    /// When it was sent, on the monotonic clock.
    pub sent: Duration,
    /// When the connection that it was sent on was opened, on the same clock.
    pub opened: Duration,
    /// Why.
    pub message: String,
}

#[derive(Debug, Default)]
struct Shared {
    answered: AtomicU64,
    stop: AtomicBool,
    failed: Mutex<Vec<Failed>>,
    answers: Mutex<BTreeMap<String, u64>>,
}

impl KeepAlive {
    /// So many users arrive.
    ///
    /// # Panics
    /// When there is no runtime for them.
    #[must_use]
    pub fn arrive(address: SocketAddr, users: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let one = |_| {
            let shared = Arc::clone(&shared);
            task::thread("user", move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(ask(&Address::Tcp(address), &shared));
            })
        };
        let threads = (0..users).map(one).collect();
        Self { shared, threads }
    }

    /// Answers so far.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// What went wrong so far.
    #[must_use]
    pub fn failed(&self) -> Vec<Failed> {
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many answers more.
    pub fn wait_for_answers(&self, more: u64) {
        let goal = self.answered() + more;
        until("answers", WAIT_MAX, || (self.answered() >= goal).then_some(()));
    }

    /// What was answered since the last look, with how often.
    #[must_use]
    pub fn take_answers(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// They leave.
    ///
    /// # Panics
    /// When one of them did.
    pub fn leave(mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.join().expect("users do not panic");
        }
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
    }
}

async fn ask(address: &Address, shared: &Shared) {
    let mut connection: Option<Connection> = None;
    let mut opened = Duration::ZERO;
    while !shared.stop.load(Ordering::SeqCst) {
        let sent = clock::monotonic();
        if connection.as_ref().is_none_or(Connection::is_closed) {
            opened = sent;
        }
        match one(address, &mut connection).await {
            Ok(answer) => {
                let mut answers = shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
                *answers.entry(answer).or_default() += 1;
                shared.answered.fetch_add(1, Ordering::SeqCst);
            }
            Err(message) => {
                connection = None;
                let mut failed = shared.failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.push(Failed { sent, opened, message });
            }
        }
        tokio::time::sleep(THINKING).await;
        // The end of a connection that came while thinking must be seen before it is used again:
        // once for the driver to read it, once for the connection to take note.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    }
}

async fn one(address: &Address, connection: &mut Option<Connection>) -> Result<String, String> {
    // A connection that was closed between two questions is opened again, as browsers do.
    if connection.as_ref().is_none_or(Connection::is_closed) {
        let opened = Connection::open(address, ANSWER_MAX).await;
        *connection = Some(opened.map_err(|error| error.to_string())?);
    }
    let Some(open) = connection else { return Err("no connection".into()) };
    let answer = open.request("GET", "/", &[], None, ANSWER_MAX).await;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

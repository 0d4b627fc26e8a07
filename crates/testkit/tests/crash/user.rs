//! Users with a connection each, who ask one question after another.

use bowline_host::local::{Address, Connection};
use bowline_host::task::{self, Thread};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A user gives up after this long.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A user thinks for this long between two questions.
const THINKING: Duration = Duration::from_millis(10);

/// What the users of one service see.
#[derive(Debug)]
pub struct KeepAlive {
    shared: Arc<Shared>,
    threads: Vec<Thread<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    answered: AtomicU64,
    stop: AtomicBool,
    failed: Mutex<Vec<String>>,
    answers: Mutex<BTreeMap<String, u64>>,
}

impl KeepAlive {
    /// So many users arrive.
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
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// What went wrong so far, a line each.
    pub fn failed(&self) -> Vec<String> {
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was answered since the last look, with how often.
    pub fn take_answers(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// They leave.
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
    while !shared.stop.load(Ordering::SeqCst) {
        match one(address, &mut connection).await {
            Ok(answer) => {
                let mut answers = shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
                *answers.entry(answer).or_default() += 1;
                shared.answered.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                connection = None;
                shared.failed.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            }
        }
        tokio::time::sleep(THINKING).await;
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

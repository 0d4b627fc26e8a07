//! Users: requests at a fixed rate, whatever the answers are.

use bowline_host::local::{self, Address};
use bowline_host::task::{self, Thread};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A user gives up after this long.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What the users saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests with an answer or a failure.
    pub requests: u64,
    /// Requests without an answer, or with one that is not 200.
    pub failed: u64,
}

#[derive(Debug, Default)]
struct Counts {
    answered: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

/// Users that send requests until they are stopped.
#[derive(Debug)]
pub struct Users {
    counts: Arc<Counts>,
    thread: Option<Thread<()>>,
}

impl Users {
    /// Sends `per_second` requests a second for `path` to `address`.
    #[must_use]
    pub fn arrive(address: SocketAddr, per_second: u32, path: &str) -> Self {
        let counts = Arc::new(Counts::default());
        let (shared, path) = (Arc::clone(&counts), path.to_owned());
        let thread = task::thread("users", move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(pace(address, per_second, &path, &shared));
        });
        Self { counts, thread: Some(thread) }
    }

    /// What they saw so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen {
            requests: self.counts.answered.load(Ordering::SeqCst),
            failed: self.counts.failed.load(Ordering::SeqCst),
        }
    }

    /// They leave, after the answers that are still to come.
    ///
    /// # Panics
    /// When a user panicked.
    pub fn leave(mut self) -> Seen {
        self.counts.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("users do not panic");
        }
        self.seen()
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        self.counts.stop.store(true, Ordering::SeqCst);
    }
}

async fn pace(address: SocketAddr, per_second: u32, path: &str, counts: &Arc<Counts>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second.max(1));
    let mut waiting = Vec::new();
    while !counts.stop.load(Ordering::SeqCst) {
        ticks.tick().await;
        let (counts, path) = (Arc::clone(counts), path.to_owned());
        waiting.retain(|request: &task::Task<()>| !request.is_finished());
        waiting.push(task::spawn("a user's request", async move {
            let address = Address::Tcp(address);
            let answer = local::request(&address, "GET", &path, None, ANSWER_MAX).await;
            if !answer.is_ok_and(|answer| answer.status == 200) {
                counts.failed.fetch_add(1, Ordering::SeqCst);
            }
            counts.answered.fetch_add(1, Ordering::SeqCst);
        }));
    }
    for request in waiting {
        // A request that panicked was not counted, which a test's sums show.
        let _ = request.await;
    }
}

/// One request: the status and body of its answer.
///
/// # Panics
/// Without an answer.
#[must_use]
#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let address = Address::Tcp(address);
    let answer = runtime.block_on(local::request(&address, "GET", path, None, ANSWER_MAX));
    let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
    (answer.status, answer.text())
}

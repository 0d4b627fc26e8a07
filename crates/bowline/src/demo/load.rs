//! The demo's users: requests at a fixed rate, whatever the answers are.
//!
//! An open loop: a slow answer does not slow the next request down, as users do not wait for
//! each other. Every request is counted once, as answered or as failed.

use bowline_host::local::{self, Address};
use bowline_host::task::{self, Task};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A user gives up after this long.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What the users saw so far.
#[derive(Debug, Default)]
pub struct Counts {
    sent: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

impl Counts {
    /// Requests with an answer or a failure, and the failures among them.
    pub fn so_far(&self) -> (u64, u64) {
        (self.answered.load(Ordering::SeqCst), self.failed.load(Ordering::SeqCst))
    }
}

/// Users that send requests until they are stopped.
pub struct Load {
    counts: Arc<Counts>,
    pacer: Task<()>,
}

impl Load {
    /// Sends `per_second` requests a second to `/checkout` at `address`.
    pub fn start(address: SocketAddr, per_second: u32) -> Self {
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let pacer = task::spawn("demo load", pace(address, per_second.max(1), shared));
        Self { counts, pacer }
    }

    /// What the users saw so far.
    pub fn counts(&self) -> (u64, u64) {
        self.counts.so_far()
    }

    /// Stops, and waits for the answers that are still to come.
    pub async fn stop(self) -> (u64, u64) {
        self.counts.stop.store(true, Ordering::SeqCst);
        // A pacer that panicked has stopped too; its counts stand.
        self.pacer.await.ok();
        while self.counts.answered.load(Ordering::SeqCst) < self.counts.sent.load(Ordering::SeqCst)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.counts.so_far()
    }
}

async fn pace(address: SocketAddr, per_second: u32, counts: Arc<Counts>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    while !counts.stop.load(Ordering::SeqCst) {
        ticks.tick().await;
        counts.sent.fetch_add(1, Ordering::SeqCst);
        let counts = Arc::clone(&counts);
        task::spawn("demo request", async move {
            let answer = local::request(
                &Address::Tcp(address),
                "GET",
                "/checkout?items=2",
                None,
                ANSWER_MAX,
            )
            .await;
            if !answer.is_ok_and(|answer| answer.status == 200) {
                counts.failed.fetch_add(1, Ordering::SeqCst);
            }
            counts.answered.fetch_add(1, Ordering::SeqCst);
        });
    }
}

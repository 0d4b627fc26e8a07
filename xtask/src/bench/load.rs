//! Users of a bench: requests at a fixed rate, each on a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A user gives up after this long.
const ANSWER_MAX: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answered: AtomicU64,
    failed: AtomicU64,
    /// The text that is waited for, and when an answer first held it.
    awaited: Mutex<Option<(String, Option<Instant>)>>,
}

/// Users that send requests until they are stopped.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// `per_second` requests a second, spread over four threads.
    pub fn start(address: SocketAddr, per_second: u32) -> Self {
        let shared = Arc::new(Shared::default());
        let threads = 4;
        let every = Duration::from_secs(1) * threads / per_second;
        let start = |index: u32| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                std::thread::sleep(every / threads * index);
                let mut next = Instant::now();
                while !shared.stop.load(Ordering::SeqCst) {
                    one(address, &shared);
                    next += every;
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                }
            })
        };
        Self { threads: (0..threads).map(start).collect(), shared }
    }

    /// Answers and failures so far.
    pub fn counts(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        (read(&self.shared.answered), read(&self.shared.failed))
    }

    /// From now on, waits for an answer that holds `text`.
    pub fn await_text(&self, text: &str) {
        if let Ok(mut awaited) = self.shared.awaited.lock() {
            *awaited = Some((text.to_owned(), None));
        }
    }

    /// When the awaited text first came.
    pub fn came(&self) -> Option<Instant> {
        self.shared.awaited.lock().ok()?.as_ref()?.1
    }

    /// Stops and waits for the last answers.
    pub fn stop(self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().ok();
        }
    }
}

fn one(address: SocketAddr, shared: &Shared) {
    let answer = request(address);
    shared.answered.fetch_add(1, Ordering::SeqCst);
    let Some(text) = answer.filter(|text| text.starts_with("HTTP/1.1 200")) else {
        shared.failed.fetch_add(1, Ordering::SeqCst);
        return;
    };
    if let Ok(mut awaited) = shared.awaited.lock()
        && let Some((wanted, came)) = awaited.as_mut()
        && came.is_none()
        && text.contains(wanted.as_str())
    {
        *came = Some(Instant::now());
    }
}

fn request(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX).ok()?;
    stream.set_read_timeout(Some(ANSWER_MAX)).ok()?;
    let head = "GET /checkout?items=2 HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

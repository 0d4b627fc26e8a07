//! Tasks and threads with a name, an owner and an end.
#![expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]

use std::{
    any::Any,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

/// Why a task or thread gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It panicked: a fault of Bowline.
    #[error("task `{name}` panicked: {message}")]
    Panicked {
        /// The task's name.
        name: String,
        /// What the panic said.
        message: String,
    },
    /// It was cancelled, or its runtime ended first.
    #[error("task `{name}` was cancelled")]
    Cancelled {
        /// The task's name.
        name: String,
    },
}

/// A running task. Dropping it lets the task run on, unless [`Task::abort_on_drop`] was
/// called. Awaiting it gives its value.
#[derive(Debug)]
pub struct Task<T> {
    name: String,
    handle: tokio::task::JoinHandle<T>,
    abort_on_drop: bool,
}

/// Starts `future` on the current tokio runtime.
///
/// # Panics
/// Outside a tokio runtime.
pub fn spawn<F>(name: &str, future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let handle = tokio::spawn(future);
    Task { name: name.to_owned(), handle, abort_on_drop: false }
}

/// Runs `work`, which may block, on the runtime's threads for that. It cannot be aborted once
/// it runs.
///
/// # Panics
/// Outside a tokio runtime.
pub fn blocking<T, F>(name: &str, work: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let handle = tokio::task::spawn_blocking(work);
    Task { name: name.to_owned(), handle, abort_on_drop: false }
}

impl<T> Task<T> {
    /// The name that it was started with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ties the task to its owner: when this handle is dropped the task is cancelled.
    #[must_use]
    pub fn abort_on_drop(mut self) -> Self {
        self.abort_on_drop = true;
        self
    }

    /// Asks it to stop at its next `await`.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// Whether it has ended, in whichever way.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = std::task::ready!(Pin::new(&mut self.handle).poll(context));
        Poll::Ready(result.map_err(|error| {
            let name = self.name.clone();
            match error.try_into_panic() {
                Ok(panic) => Error::Panicked { name, message: panic_message(panic.as_ref()) },
                Err(_cancelled) => Error::Cancelled { name },
            }
        }))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if self.abort_on_drop {
            self.handle.abort();
        }
    }
}

/// A running operating-system thread. Dropping it lets the thread run on.
#[derive(Debug)]
pub struct Thread<T> {
    name: String,
    handle: std::thread::JoinHandle<T>,
}

/// Starts `count` threads at once and ends them: whether the kernel lets this process, where a
/// runtime would panic.
///
/// # Errors
/// The kernel's, as a rule that this user has too many processes.
pub fn try_threads(count: usize) -> std::io::Result<()> {
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock();
    let mut started = Vec::new();
    let mut refused = Ok(());
    for _ in 0..count {
        let gate = Arc::clone(&gate);
        let thread = std::thread::Builder::new().spawn(move || drop(gate.lock()));
        match thread {
            Ok(thread) => started.push(thread),
            Err(error) => refused = Err(error),
        }
    }
    drop(held);
    for thread in started {
        // It does nothing that panics.
        let _ = thread.join();
    }
    refused
}

/// Starts a thread. The kernel shows the first 15 bytes of `name`.
///
/// # Panics
/// When the kernel refuses another thread, as `std::thread::spawn` does.
pub fn thread<T, F>(name: &str, work: F) -> Thread<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let name = name.replace('\0', "");
    let builder = std::thread::Builder::new().name(name.clone());
    let handle = builder.spawn(work).expect("the kernel lets this process start a thread");
    Thread { name, handle }
}

impl<T> Thread<T> {
    /// Waits for its end.
    ///
    /// # Errors
    /// [`Error::Panicked`] when it panicked.
    pub fn join(self) -> Result<T, Error> {
        let Self { name, handle } = self;
        handle
            .join()
            .map_err(|panic| Error::Panicked { name, message: panic_message(panic.as_ref()) })
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Error, blocking, spawn, thread};

    #[tokio::test]
    async fn a_task_gives_its_value_or_says_why_not() {
        assert_eq!(spawn("sum", async { 1 + 1 }).await, Ok(2));
        assert_eq!(blocking("sum", || 40 + 2).await, Ok(42));
        let forever = spawn("forever", std::future::pending::<()>());
        forever.abort();
        assert_eq!(forever.await, Err(Error::Cancelled { name: "forever".into() }));
    }

    #[tokio::test]
    async fn a_task_that_is_tied_to_its_owner_ends_with_it() {
        let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let owned = spawn("owned", async move {
            std::future::pending::<()>().await;
            drop(alive);
        });
        drop(owned.abort_on_drop());
        assert_eq!(gone.recv().await, None, "the sender went away with the task");
    }

    #[test]
    fn a_panic_in_a_thread_is_an_error_with_its_message() {
        let error = thread("bad", || panic!("boom")).join().unwrap_err();
        assert_eq!(error.to_string(), "task `bad` panicked: boom");
        assert_eq!(thread("good", || 7).join(), Ok(7));
    }
}

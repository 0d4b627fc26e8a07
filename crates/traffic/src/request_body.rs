//! The body of a user's request on its way to an instance: streamed, and kept up to a limit so
//! that it can be sent a second time.

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The user's connection broke.
    #[error("the client's body broke off: {0}")]
    Client(hyper::Error),
    /// A newer attempt reads the body now.
    #[error("another attempt took the body over")]
    TakenOver,
}

/// What one attempt sends.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// `None`: no body.
    source: Option<Arc<Source>>,
    attempt: u32,
    position: usize,
}

/// A user's body, shared by all attempts to send it.
#[derive(Debug)]
pub(crate) struct Source {
    length: Option<u64>,
    kept_max: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    incoming: Incoming,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// Part of it is gone, so it cannot be sent again.
    lost: bool,
    ended: bool,
    broken: bool,
    /// The last look found nothing from the client.
    waiting: bool,
    attempt: u32,
    /// Frames so far.
    frames: u64,
}

/// How far a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Frames that were taken from the client.
    pub(crate) frames: u64,
    /// It is the client for whom one waits.
    pub(crate) waiting: bool,
}

impl Source {
    /// `None` when the request has no body.
    pub(crate) fn new(incoming: Incoming, kept_max: usize) -> Option<Arc<Self>> {
        if incoming.is_end_stream() {
            return None;
        }
        let length = incoming.size_hint().exact();
        let state = State {
            incoming,
            kept: Vec::new(),
            kept_bytes: 0,
            lost: false,
            ended: false,
            broken: false,
            waiting: false,
            attempt: 0,
            frames: 0,
        };
        Some(Arc::new(Self { length, kept_max, state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it can be sent from its beginning.
    pub(crate) fn can_repeat(&self) -> bool {
        let state = self.state();
        !state.lost && !state.broken
    }

    /// Whether the client broke it off.
    pub(crate) fn is_broken(&self) -> bool {
        self.state().broken
    }

    /// Whether all of it was taken from the client.
    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        let state = self.state();
        Progress { frames: state.frames, waiting: state.waiting && !state.ended }
    }
}

impl RequestBody {
    /// The body for the next attempt; any earlier attempt's body ends with an error.
    pub(crate) fn of(source: Option<&Arc<Source>>) -> Self {
        let attempt = source.map_or(0, |source| {
            let mut state = source.state();
            state.attempt += 1;
            state.attempt
        });
        Self { source: source.map(Arc::clone), attempt, position: 0 }
    }
}

impl State {
    fn keep(&mut self, data: &Bytes, kept_max: usize) {
        if self.lost {
            return;
        }
        self.kept_bytes += data.len();
        if self.kept_bytes > kept_max {
            self.lost = true;
            self.kept = Vec::new();
        } else {
            self.kept.push(data.clone());
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(source) = self.source.clone() else { return Poll::Ready(None) };
        let mut state = source.state();
        if state.attempt != self.attempt {
            return Poll::Ready(Some(Err(BodyError::TakenOver)));
        }
        if !state.lost && self.position < state.kept.len() {
            let data = state.kept[self.position].clone();
            self.position += 1;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut state.incoming).poll_frame(context);
        state.waiting = polled.is_pending();
        match std::task::ready!(polled) {
            None => {
                state.ended = true;
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                state.broken = true;
                Poll::Ready(Some(Err(BodyError::Client(error))))
            }
            Some(Ok(frame)) => {
                state.frames += 1;
                match frame.data_ref() {
                    Some(data) => state.keep(data, source.kept_max),
                    // Trailers are not kept.
                    None => state.lost = true,
                }
                state.ended = state.incoming.is_end_stream();
                self.position = state.kept.len();
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            None => SizeHint::with_exact(0),
            Some(source) => source.length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

//! The body of an answer on its way to the user. It carries what must last until the last
//! byte: the request's booking, the instance's count, the connection to be used again.

use crate::{
    instance::Flight,
    ledger::{Booking, End},
    request_body::Source,
    upstream::Connection,
};
use bowline_host::clock;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// A body that the edge made, or one that it passes on.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    Made(Option<Bytes>),
    Passed { incoming: Incoming, passage: Option<Passage> },
}

/// What one request holds until its answer has ended. Dropped before that, its user left.
#[derive(Debug)]
pub(crate) struct Passage {
    pub(crate) booking: Booking,
    pub(crate) flight: Flight,
    pub(crate) connection: Connection,
    /// The user's body; the connection is of use again only when all of it was sent.
    pub(crate) source: Option<Arc<Source>>,
    /// Whether the answer's status is a failure.
    pub(crate) failed: bool,
}

impl Passage {
    /// The whole answer went out.
    pub(crate) fn complete(self) {
        let now = clock::monotonic();
        self.booking.end(if self.failed { End::Failed } else { End::Answered }, now);
        if self.source.is_none_or(|source| source.has_ended()) {
            self.flight.instance().give_back(self.connection, now);
        }
    }

    /// The instance broke the answer off; unless it was the edge, when the time to drain was
    /// over.
    fn broken(mut self) {
        let now = clock::monotonic();
        if self.flight.instance().is_cut() {
            self.booking.end(End::Left, now);
            return;
        }
        self.booking.reset();
        self.booking.end(End::Failed, now);
    }
}

impl AnswerBody {
    /// An answer of an instance. One without a body has ended already.
    pub(crate) fn passed(incoming: Incoming, passage: Passage) -> Self {
        let passage = if incoming.is_end_stream() {
            passage.complete();
            None
        } else {
            Some(passage)
        };
        Self::Passed { incoming, passage }
    }

    /// A text of the edge itself.
    pub(crate) fn made(text: String) -> Self {
        Self::Made(Some(Bytes::from(text)))
    }

    /// No body.
    pub(crate) fn empty() -> Self {
        Self::Made(None)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Made(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Passed { incoming, passage } => {
                let polled = std::task::ready!(Pin::new(&mut *incoming).poll_frame(context));
                match &polled {
                    Some(Err(_)) => {
                        if let Some(passage) = passage.take() {
                            passage.broken();
                        }
                    }
                    None => {
                        if let Some(passage) = passage.take() {
                            passage.complete();
                        }
                    }
                    Some(Ok(_)) if incoming.is_end_stream() => {
                        if let Some(passage) = passage.take() {
                            passage.complete();
                        }
                    }
                    Some(Ok(_)) => {}
                }
                Poll::Ready(polled)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Made(text) => text.is_none(),
            Self::Passed { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Made(text) => {
                SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64))
            }
            Self::Passed { incoming, .. } => incoming.size_hint(),
        }
    }
}

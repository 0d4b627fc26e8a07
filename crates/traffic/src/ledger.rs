//! The edge's book of requests: by route, version and second.
//!
//! A request is booked when it is routed and ended when the last byte of its answer went out.
//! Both entries go into the second in which it was routed, so a slow failure never looks like
//! a failure of the traffic that came later.

use crate::{
    answer::{Counters, RouteCounters, SecondCounts, Totals, VersionCounters},
    limits::COUNTED_SECONDS_MAX,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// "Not yet" in a field of milliseconds.
const NEVER: u64 = u64::MAX;

/// All counts of this process.
#[derive(Debug)]
pub(crate) struct Ledger {
    started: Duration,
    routes: RwLock<BTreeMap<String, Arc<RouteBook>>>,
}

/// The counts of one route.
#[derive(Debug, Default)]
pub(crate) struct RouteBook {
    requests: AtomicU64,
    failed: AtomicU64,
    versions: RwLock<BTreeMap<String, Arc<Series>>>,
}

/// The counts of one version of a route.
#[derive(Debug)]
pub(crate) struct Series {
    route: Arc<RouteBook>,
    first_ms: AtomicU64,
    seconds: Mutex<VecDeque<SecondCounts>>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its user got the whole answer, and it is no failure.
    Answered,
    /// Its user saw a failure.
    Failed,
    /// Its user went away.
    Left,
}

/// A request that was routed and has no end yet. Dropped without an end, its user went away.
#[derive(Debug)]
pub(crate) struct Booking {
    series: Arc<Series>,
    routed: Duration,
    resets: u64,
    timeouts: u64,
    ended: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    pub(crate) fn new(started: Duration) -> Self {
        Self { started, routes: RwLock::default() }
    }

    /// The counts of the route with this name.
    pub(crate) fn route(&self, name: &str) -> Arc<RouteBook> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry(name.to_owned()).or_default())
    }

    /// Everything from the second `from` on.
    pub(crate) fn counters(&self, from: u64, now: Duration) -> Counters {
        let from = from.max((now.as_secs() + 1).saturating_sub(COUNTED_SECONDS_MAX));
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let routes = routes.iter().map(|(name, book)| book.counters(name, from)).collect();
        Counters {
            now: now.as_secs(),
            now_ms: milliseconds(now),
            started_ms: milliseconds(self.started),
            from,
            routes,
        }
    }

    /// Forgets routes and versions that nobody uses and that have no second left to tell.
    pub(crate) fn forget_old(&self, now: Duration) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|_, book| {
            book.forget_old(now);
            let versions = book.versions.read().unwrap_or_else(PoisonError::into_inner);
            Arc::strong_count(book) > 1 || !versions.is_empty()
        });
    }
}

impl RouteBook {
    /// The counts of the version with this hash.
    pub(crate) fn version(self: &Arc<Self>, hash: &str) -> Arc<Series> {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        let series = versions.entry(hash.to_owned()).or_insert_with(|| {
            Arc::new(Series {
                route: Arc::clone(self),
                first_ms: AtomicU64::new(NEVER),
                seconds: Mutex::default(),
            })
        });
        Arc::clone(series)
    }

    /// A request that no version could take.
    pub(crate) fn turned_away(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.failed.fetch_add(1, Relaxed);
    }

    fn counters(&self, name: &str, from: u64) -> RouteCounters {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        RouteCounters {
            route: name.to_owned(),
            totals: Totals {
                requests: self.requests.load(Relaxed),
                failed: self.failed.load(Relaxed),
            },
            versions: versions.iter().map(|(hash, series)| series.counters(hash, from)).collect(),
        }
    }

    fn forget_old(&self, now: Duration) {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        versions.retain(|_, series| {
            let mut seconds = lock(&series.seconds);
            drop_old(&mut seconds, now.as_secs());
            Arc::strong_count(series) > 1 || !seconds.is_empty()
        });
    }
}

impl Series {
    /// Books a request that is routed to this version now.
    pub(crate) fn book(self: &Arc<Self>, now: Duration) -> Booking {
        self.route.requests.fetch_add(1, Relaxed);
        if self.first_ms.load(Relaxed) == NEVER {
            let _ = self.first_ms.compare_exchange(NEVER, milliseconds(now), Relaxed, Relaxed);
        }
        self.change(now, |counts| {
            counts.requests += 1;
            counts.open += 1;
        });
        Booking { series: Arc::clone(self), routed: now, resets: 0, timeouts: 0, ended: false }
    }

    /// A request was this version's share, but it has no instance for it.
    pub(crate) fn unavailable(&self, now: Duration) {
        self.change(now, |counts| counts.unavailable += 1);
    }

    fn change(&self, at: Duration, change: impl FnOnce(&mut SecondCounts)) {
        let second = at.as_secs();
        let mut seconds = lock(&self.seconds);
        // Nearly always the last one.
        let index = match seconds.back() {
            Some(last) if last.second == second => seconds.len() - 1,
            _ => match seconds.binary_search_by_key(&second, |counts| counts.second) {
                Ok(index) => index,
                Err(index) => {
                    let counts = SecondCounts { second, ..SecondCounts::default() };
                    seconds.insert(index, counts);
                    index
                }
            },
        };
        change(&mut seconds[index]);
        if seconds.len() as u64 > COUNTED_SECONDS_MAX {
            seconds.pop_front();
        }
    }

    fn counters(&self, hash: &str, from: u64) -> VersionCounters {
        let first = self.first_ms.load(Relaxed);
        let seconds = lock(&self.seconds);
        let start = seconds.partition_point(|counts| counts.second < from);
        VersionCounters {
            hash: hash.to_owned(),
            first_request_at_ms: (first != NEVER).then_some(first),
            seconds: seconds.range(start..).cloned().collect(),
        }
    }
}

impl Booking {
    /// An instance refused or broke a connection that it should have served.
    pub(crate) fn reset(&mut self) {
        self.resets += 1;
    }

    /// An instance did not answer in time.
    pub(crate) fn timeout(&mut self) {
        self.timeouts += 1;
    }

    /// The version has no instance left, so the request goes to stable.
    pub(crate) fn moved(&self) {
        self.series.change(self.routed, |counts| counts.unavailable += 1);
    }

    /// Ends the request.
    pub(crate) fn end(mut self, end: End, now: Duration) {
        self.finish(end, now);
    }

    fn finish(&mut self, end: End, now: Duration) {
        self.ended = true;
        let failed = end == End::Failed;
        if failed {
            self.series.route.failed.fetch_add(1, Relaxed);
        }
        let taken = now.saturating_sub(self.routed);
        let (resets, timeouts) = (self.resets, self.timeouts);
        self.series.change(self.routed, |counts| {
            counts.open = counts.open.saturating_sub(1);
            counts.failed += u64::from(failed);
            counts.bad += u64::from(failed || resets + timeouts > 0);
            counts.resets += resets;
            counts.timeouts += timeouts;
            counts.left += u64::from(end == End::Left);
            if end != End::Left {
                counts.latency.add(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX));
            }
        });
    }
}

impl Drop for Booking {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(End::Left, self.routed);
        }
    }
}

/// Whole milliseconds of a monotonic moment.
pub(crate) fn milliseconds(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

fn drop_old(seconds: &mut VecDeque<SecondCounts>, now: u64) {
    while seconds.front().is_some_and(|counts| counts.second + COUNTED_SECONDS_MAX <= now) {
        seconds.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Ledger};
    use crate::limits::COUNTED_SECONDS_MAX;
    use std::time::Duration;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_request_is_booked_in_the_second_in_which_it_was_routed() {
        let ledger = Ledger::new(at(0));
        let series = ledger.route("shop").version("aaa");
        let mut slow = series.book(at(10_900));
        let quick = series.book(at(11_000));
        quick.end(End::Answered, at(11_001));
        slow.timeout();
        slow.end(End::Failed, at(14_100));
        let counters = ledger.counters(0, at(15_000));
        let version = &counters.routes[0].versions[0];
        assert_eq!(version.first_request_at_ms, Some(10_900));
        let [first, second] = &version.seconds[..] else { panic!("{version:?}") };
        assert_eq!((first.second, first.requests, first.failed), (10, 1, 1));
        assert_eq!((first.bad, first.timeouts, first.open), (1, 1, 0));
        assert_eq!((second.second, second.requests, second.failed), (11, 1, 0));
        assert_eq!(first.latency.quantile_us(1.0).map(|us| us / 1_000_000), Some(3));
        assert_eq!(counters.routes[0].totals.failed, 1);
        assert_eq!(ledger.counters(11, at(15_000)).routes[0].versions[0].seconds.len(), 1);
    }

    #[test]
    fn a_request_without_an_end_is_open_and_then_left() {
        let ledger = Ledger::new(at(0));
        let series = ledger.route("shop").version("aaa");
        let booking = series.book(at(5_000));
        let open = |ledger: &Ledger| {
            let counts = ledger.counters(0, at(5_500)).routes[0].versions[0].seconds[0].clone();
            (counts.open, counts.left, counts.failed, counts.latency.count())
        };
        assert_eq!(open(&ledger), (1, 0, 0, 0));
        drop(booking);
        assert_eq!(open(&ledger), (0, 1, 0, 0));
    }

    #[test]
    fn a_hidden_reset_is_bad_but_not_failed_and_counts_one_request_once() {
        let ledger = Ledger::new(at(0));
        let mut booking = ledger.route("shop").version("aaa").book(at(1_000));
        booking.reset();
        booking.reset();
        booking.end(End::Answered, at(1_100));
        let counts = ledger.counters(0, at(2_000)).routes[0].versions[0].seconds[0].clone();
        assert_eq!((counts.bad, counts.failed, counts.resets), (1, 0, 2));
    }

    #[test]
    fn counts_are_kept_for_an_hour_and_then_forgotten_with_their_version() {
        let ledger = Ledger::new(at(0));
        let series = ledger.route("shop").version("aaa");
        for second in 0..COUNTED_SECONDS_MAX + 10 {
            series.book(at(second * 1_000)).end(End::Answered, at(second * 1_000));
        }
        let now = at((COUNTED_SECONDS_MAX + 9) * 1_000);
        let seconds = ledger.counters(0, now).routes[0].versions[0].seconds.clone();
        assert_eq!(seconds.len() as u64, COUNTED_SECONDS_MAX);
        assert_eq!(seconds[0].second, 10);
        let later = now + Duration::from_secs(COUNTED_SECONDS_MAX);
        ledger.forget_old(later);
        assert_eq!(ledger.counters(0, later).routes[0].versions.len(), 1, "it is in use");
        drop(series);
        ledger.forget_old(later);
        assert!(ledger.counters(0, later).routes.is_empty());
    }
}

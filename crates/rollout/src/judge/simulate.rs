//! The judge beside the peers' rules in a simulated world, reproducible from a seed.
//!
//! Per second the world has Poisson many requests, a tenth of them (or another share) for the
//! canary, and failures at each arm's rate. Canary and stable, failed and good are drawn as
//! four independent Poisson numbers, which is the same distribution (thinning).
//!
//! Absent on purpose: any other source of chance, and time.

use super::{Arm, Rule as Judge, Tally};

mod peers;
mod random;

pub use random::Seeded;

/// A world in which a release happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct World {
    /// Requests per second, all together.
    pub requests_per_second: f64,
    /// The canary's share of them.
    pub share: f64,
    /// Stable's error rate.
    pub stable_rate: f64,
    /// The canary's error rate.
    pub canary_rate: f64,
    /// How long it is watched, in seconds.
    pub seconds: u64,
    /// What else happens.
    pub trouble: Trouble,
}

/// What else happens in a world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// A dependency of both arms fails: this many points more for a while.
    SharedFault {
        /// Added to both rates.
        added_rate: f64,
        /// The second in which it begins.
        from: u64,
        /// How long, in seconds.
        seconds: u64,
    },
    /// Each arm's rate times its own gamma number a second (mean 1, variance 5).
    OwnBursts,
}

/// A rule that takes releases back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The split test as Bowline runs it.
    Split,
    /// The split test with the over-dispersion of 600 seconds before the release.
    SplitWithDispersion,
    /// Argo's documented numbers: every `seconds`, success of at least 95 %, more than
    /// `failure_limit` bad intervals.
    Argo {
        /// The interval.
        seconds: u64,
        /// Bad intervals that are tolerated.
        failure_limit: u64,
    },
    /// Flagger's documented numbers: every 60 s, success of at least 99 %, the fifth bad one.
    Flagger,
    /// A simplified Mann-Whitney judge on per-minute rates at the end (not Kayenta itself).
    MannWhitney,
    /// A z-test of the pooled counts, looked at every second: what one must not do.
    PooledEachSecond,
}

/// What many runs of one rule in one world gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The share of runs in which the release was taken back.
    pub found: f64,
    /// Seconds to that, the median over all runs; `None` when under half were found.
    pub delay_p50: Option<u64>,
    /// The same for the 95th of 100; `None` when that run was not found.
    pub delay_p95: Option<u64>,
    /// Failed canary requests until then, the median over the runs that were found.
    pub failed_p50: Option<u64>,
}

/// Runs `rule` in `world` `runs` times. The same seed gives the same cell.
#[must_use]
pub fn cell(world: &World, rule: Rule, runs: usize, seed: u64) -> Cell {
    let mut random = Seeded::new(seed);
    let mut delays = Vec::new();
    let mut failures = Vec::new();
    for _ in 0..runs {
        if let Some((delay, failed)) = run(world, rule, &mut random) {
            delays.push(delay);
            failures.push(failed);
        }
    }
    delays.sort_unstable();
    failures.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand runs")]
    let found = delays.len() as f64 / runs.max(1) as f64;
    let middle = failures.get(failures.len() / 2).copied();
    Cell {
        found,
        delay_p50: delays.get(runs / 2).copied(),
        delay_p95: delays.get(runs * 95 / 100).copied(),
        failed_p50: middle.filter(|_| delays.len() * 2 > runs),
    }
}

/// One release: the second at whose end it was taken back and the canary's failures by then.
fn run(world: &World, rule: Rule, random: &mut Seeded) -> Option<(u64, u64)> {
    let phi_thousandths = match rule {
        Rule::SplitWithDispersion => dispersion_before(world, random),
        _ => 1000,
    };
    let mut watcher = Watcher::new(rule, phi_thousandths);
    let mut failed = 0;
    for second in 0..world.seconds {
        let (canary, stable) = world.second(second, random);
        failed += canary.failed;
        if watcher.trips(canary, stable, second + 1, world.seconds) {
            return Some((second + 1, failed));
        }
    }
    None
}

fn dispersion_before(world: &World, random: &mut Seeded) -> u64 {
    let seconds: Vec<Arm> = (0..600).map(|_| world.second(u64::MAX, random).1).collect();
    super::dispersion::phi_thousandths(&seconds)
}

impl World {
    /// Both arms' counts of one second; `u64::MAX` stands before any shared fault.
    fn second(&self, second: u64, random: &mut Seeded) -> (Arm, Arm) {
        let added = match self.trouble {
            Trouble::SharedFault { added_rate, from, seconds }
                if (from..from.saturating_add(seconds)).contains(&second) =>
            {
                added_rate
            }
            Trouble::SharedFault { .. } | Trouble::None | Trouble::OwnBursts => 0.0,
        };
        let canary = self.arm(self.share, self.canary_rate + added, random);
        let stable = self.arm(1.0 - self.share, self.stable_rate + added, random);
        (canary, stable)
    }

    fn arm(&self, share: f64, rate: f64, random: &mut Seeded) -> Arm {
        let factor = match self.trouble {
            Trouble::OwnBursts => random.gamma(0.2, 5.0),
            Trouble::None | Trouble::SharedFault { .. } => 1.0,
        };
        let rate = (rate * factor).clamp(0.0, 1.0);
        let mean = self.requests_per_second * share;
        let failed = random.poisson(mean * rate);
        Arm::new(failed + random.poisson(mean * (1.0 - rate)), failed)
    }
}

/// A rule with what it has seen.
enum Watcher {
    Split(Box<Tally>, Judge),
    Interval(peers::Interval),
    MannWhitney(peers::MannWhitney),
    Pooled(Tally),
}

impl Watcher {
    fn new(rule: Rule, phi_thousandths: u64) -> Self {
        let judge = Judge { max_error_rate_ppm: None, phi_thousandths };
        match rule {
            Rule::Split | Rule::SplitWithDispersion => Self::Split(Box::default(), judge),
            Rule::Argo { seconds, failure_limit } => {
                Self::Interval(peers::Interval::new(seconds, 95, failure_limit))
            }
            Rule::Flagger => Self::Interval(peers::Interval::new(60, 99, 4)),
            Rule::MannWhitney => Self::MannWhitney(peers::MannWhitney::default()),
            Rule::PooledEachSecond => Self::Pooled(Tally::default()),
        }
    }

    fn trips(&mut self, canary: Arm, stable: Arm, elapsed: u64, end: u64) -> bool {
        match self {
            Self::Split(tally, judge) => {
                tally.add(canary, stable);
                // Only an event can raise E.
                canary.failed > 0 && judge.against(tally).tripped
            }
            Self::Interval(interval) => interval.trips(canary, elapsed),
            Self::MannWhitney(judge) => judge.trips(canary, stable, elapsed, end),
            Self::Pooled(tally) => {
                tally.add(canary, stable);
                peers::pooled_z(tally.canary, tally.stable) > 1.645 && tally.canary.failed >= 3
            }
        }
    }
}

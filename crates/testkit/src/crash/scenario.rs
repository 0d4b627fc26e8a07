//! The commands that the matrix takes apart.

use super::{House, Point, Projection};
use std::path::Path;

/// A command, and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// A better version of a running service.
    Good,
    /// A version that ends at its start.
    Bad,
    /// The first version of all.
    First,
    /// The way back to the version before.
    Rollback,
}

/// A house in which a scenario is played again and again.
pub(super) struct Stage {
    scenario: Scenario,
    house: House,
    /// What the version that serves between two rounds answers.
    stable: String,
}

/// A round of a scenario: what it is about.
struct Round {
    /// The event number before it.
    head: u64,
    /// What the newest version answers.
    name: String,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Good, Self::Bad, Self::First, Self::Rollback];

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Good => "a good release",
            Self::Bad => "a bad release, taken back",
            Self::First => "a first release",
            Self::Rollback => "a rollback",
        }
    }

    fn command(self) -> &'static [&'static str] {
        match self {
            Self::Rollback => &["rollback", "--reason", "test"],
            Self::Good | Self::Bad | Self::First => &["release"],
        }
    }

    /// The exit code of the command, disturbed or not.
    fn code(self) -> i32 {
        if self == Self::Bad { 4 } else { 0 }
    }
}

impl Stage {
    pub(super) fn new(program: &Path, scenario: Scenario) -> Self {
        let mut house = House::new(program, 1, 1);
        let mut stable = String::new();
        if scenario != Scenario::First {
            stable = house.commit_good();
            house.run(&["release"]).expect_exit(0);
        }
        Self { scenario, house, stable }
    }

    /// Whether another round may follow in the same house.
    pub(super) fn lasts(&self) -> bool {
        self.scenario != Scenario::First
    }

    fn begin(&mut self) -> Round {
        let name = match self.scenario {
            Scenario::Bad => self.house.commit_bad(),
            Scenario::Good | Scenario::First | Scenario::Rollback => self.house.commit_good(),
        };
        if self.scenario == Scenario::Rollback {
            self.house.run(&["release"]).expect_exit(0);
        }
        Round { head: self.house.journal().head().expect("the journal can be read"), name }
    }

    /// An undisturbed round: its points, and what it leaves.
    pub(super) fn list(&mut self) -> (Vec<Point>, Projection) {
        let round = self.begin();
        let points = self.house.list(self.scenario.command(), self.scenario.code());
        (points, self.end(&round))
    }

    /// A round that ends at `point` and is typed again: whether it got there, and what is left.
    pub(super) fn crash(&mut self, point: &Point) -> (bool, Projection) {
        let round = self.begin();
        let (command, code) = (self.scenario.command(), self.scenario.code());
        let (outcome, reached) = self.house.crash(command, point);
        if !reached {
            outcome.expect_exit(code);
            return (false, self.end(&round));
        }
        if self.is_over(&round) {
            let left = self.end(&round);
            self.after_the_end();
            return (true, left);
        }
        self.house.run(command).expect_exit(code);
        (true, self.end(&round))
    }

    /// Whether the command had written its end down: then the same one is a new command.
    fn is_over(&self, round: &Round) -> bool {
        let kind = match self.scenario {
            Scenario::Rollback => "engine.rollback_finished",
            Scenario::Good | Scenario::Bad | Scenario::First => "engine.release_finished",
        };
        self.house.events(kind).iter().any(|event| event.n > round.head)
    }

    /// The same command again, where nothing is left to do for it.
    fn after_the_end(&self) {
        match self.scenario {
            Scenario::Good | Scenario::First => drop(self.house.run(&["release"]).expect_exit(0)),
            // What was taken back does not come again.
            Scenario::Bad => drop(self.house.run(&["release"]).expect_exit(3)),
            // It would go back further.
            Scenario::Rollback => {}
        }
    }

    fn end(&mut self, round: &Round) -> Projection {
        if matches!(self.scenario, Scenario::Good | Scenario::First) {
            self.stable.clone_from(&round.name);
        }
        self.house.expect_settled(&self.stable, 1);
        self.expect_once(round);
        Projection::of(&self.house, round.head, &round.name)
    }

    /// One command is one release with one rollout, however often it was typed.
    fn expect_once(&self, round: &Round) {
        for kind in ["engine.release_started", "engine.rollback_started", "rollout.started"] {
            let mut events = self.house.events(kind);
            events.retain(|event| event.n > round.head);
            assert!(events.len() <= 1, "begun more than once: {events:?}");
        }
    }
}

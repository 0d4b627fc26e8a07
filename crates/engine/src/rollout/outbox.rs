//! Effects that are owed: decided on, journaled, and not yet carried out.
//!
//! After a restart these are the effects that the state stands for: the last division of traffic
//! and each version's size. An effect that an earlier process left in the outbox and that is not
//! among them was overtaken by a later absolute one; carrying it out now would undo that.

use super::Controller;
use super::trouble::Trouble;
use crate::failure::Failure;
use bowline_journal::When;
use bowline_rollout::machine::{Effect, standing};

impl Controller<'_> {
    /// After a restart: what the journal calls for is owed again, what was overtaken is settled.
    pub(super) fn take_up(&mut self) -> Result<(), Failure> {
        self.owed = standing(&self.state);
        let stands: Vec<String> = self.owed.iter().map(|effect| self.key_of(effect)).collect();
        for effect in self.conductor.pending(&format!("rollout/{}/", self.job.key))? {
            if stands.contains(&effect.key) {
                self.pending.insert(effect.key);
                continue;
            }
            match Effect::from_effect(&effect)? {
                // The event itself is the quarantine: there is nothing left to do.
                Some(Effect::Quarantine { .. } | Effect::LiftQuarantine { .. }) => {
                    self.conductor.effect_done(&effect.key)?;
                }
                Some(Effect::SetWeight { .. } | Effect::ScaleReplicaSet { .. }) | None => {
                    self.conductor.effect_superseded(&effect.key)?;
                }
            }
        }
        Ok(())
    }

    /// Effects of a decision that was just journaled.
    pub(super) fn owe(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            self.pending.insert(self.key_of(effect));
        }
        self.owed.extend(effects);
    }

    /// Carries out what is owed, in the order in which it was decided. What does not work stays
    /// owed. While traffic cannot be moved no version is resized: pods must not go before their
    /// requests have gone. A size that cannot be set never keeps traffic from moving.
    pub(super) async fn carry_out_owed(&mut self) -> Result<(), Failure> {
        let owed = std::mem::take(&mut self.owed);
        let mut stuck = false;
        for (index, effect) in owed.iter().enumerate() {
            if owed[index + 1..].iter().any(|later| overtakes(later, effect)) {
                let key = self.key_of(effect);
                if self.pending.remove(&key) {
                    self.conductor.effect_superseded(&key)?;
                }
                continue;
            }
            let is_weight = matches!(effect, Effect::SetWeight { .. });
            if stuck && !is_weight {
                self.owed.push(effect.clone());
                continue;
            }
            match self.carry_out_one(effect).await {
                Ok(()) => {
                    let key = self.key_of(effect);
                    if self.pending.remove(&key) {
                        self.conductor.effect_done(&key)?;
                    }
                }
                Err(trouble) => {
                    stuck |= is_weight;
                    self.note_trouble(trouble);
                    self.owed.push(effect.clone());
                }
            }
        }
        Ok(())
    }

    async fn carry_out_one(&mut self, effect: &Effect) -> Result<(), Trouble> {
        let key = self.key_of(effect);
        self.conductor.crash_point(effect.kind(), &key, When::Before);
        self.perform(effect).await?;
        self.conductor.crash_point(effect.kind(), &key, When::After);
        Ok(())
    }

    fn key_of(&self, effect: &Effect) -> String {
        effect.to_effect(&self.job.key).key
    }
}

/// Whether `later` makes `earlier` pointless: both are absolute and about the same thing.
fn overtakes(later: &Effect, earlier: &Effect) -> bool {
    match (later, earlier) {
        (Effect::SetWeight { .. }, Effect::SetWeight { .. }) => true,
        (
            Effect::ScaleReplicaSet { hash: later, .. },
            Effect::ScaleReplicaSet { hash: earlier, .. },
        ) => later == earlier,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, overtakes};

    #[test]
    fn an_absolute_effect_overtakes_an_earlier_one_about_the_same_thing() {
        let weight = |counter| Effect::SetWeight {
            counter,
            rollout: 1,
            stable: "s".into(),
            canary: None,
            weight: 0,
        };
        let scale = |counter, hash: &str| Effect::ScaleReplicaSet {
            counter,
            hash: hash.into(),
            replicas: 1,
        };
        assert!(overtakes(&weight(2), &weight(1)));
        assert!(overtakes(&scale(4, "a"), &scale(3, "a")));
        assert!(!overtakes(&scale(4, "a"), &scale(3, "b")));
        assert!(!overtakes(&weight(4), &scale(3, "a")));
        assert!(!overtakes(&scale(4, "a"), &weight(3)));
    }
}

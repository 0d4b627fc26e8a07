//! The weighted split: blocks of 100 requests in random order.
//!
//! Within every block each version gets exactly its weight, so 10 % of 20 requests a second
//! are 2 a second and not now and then 5. The order inside a block is random, so a client
//! that sends in step with another never always meets the same version.

use crate::table::WEIGHT_SUM;
use bowline_host::random::Seeded;
use std::sync::{Mutex, PoisonError};

const BLOCK: usize = WEIGHT_SUM as usize;

/// Deals out version numbers by weight.
#[derive(Debug)]
pub(crate) struct Split {
    /// Hash and weight of every version, in the table's order.
    weights: Vec<(String, u32)>,
    block: Mutex<Block>,
}

#[derive(Debug)]
struct Block {
    cards: [u8; BLOCK],
    next: usize,
    random: Seeded,
}

impl Split {
    /// Weights that add up to [`WEIGHT_SUM`], of at most 256 versions.
    pub(crate) fn new(weights: Vec<(String, u32)>, seed: u64) -> Self {
        let mut cards = [0; BLOCK];
        let dealt = weights
            .iter()
            .zip(0_u8..)
            .flat_map(|((_, weight), version)| std::iter::repeat_n(version, *weight as usize));
        for (card, version) in cards.iter_mut().zip(dealt) {
            *card = version;
        }
        let block = Block { cards, next: BLOCK, random: Seeded::new(seed) };
        Self { weights, block: Mutex::new(block) }
    }

    /// Whether this split deals by these weights, so that its block may go on.
    pub(crate) fn is_for(&self, weights: &[(String, u32)]) -> bool {
        self.weights == weights
    }

    /// The number of the version that gets the next request.
    pub(crate) fn next(&self) -> usize {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if block.next >= BLOCK {
            block.shuffle();
        }
        let card = block.cards[block.next];
        block.next += 1;
        usize::from(card)
    }
}

impl Block {
    /// Fisher and Yates.
    fn shuffle(&mut self) {
        for last in (1..BLOCK).rev() {
            let other = self.random.below(last as u64 + 1) as usize;
            self.cards.swap(last, other);
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Split;

    fn weights(weights: &[u32]) -> Vec<(String, u32)> {
        weights.iter().enumerate().map(|(n, weight)| (n.to_string(), *weight)).collect()
    }

    #[test]
    fn every_block_of_a_hundred_holds_the_exact_weights() {
        for case in [&[100, 0][..], &[0, 100], &[90, 10], &[99, 1], &[33, 33, 34], &[100]] {
            let split = Split::new(weights(case), 7);
            for block in 0..50 {
                let mut dealt = vec![0; case.len()];
                (0..100).for_each(|_| dealt[split.next()] += 1);
                assert_eq!(dealt, case, "block {block}");
            }
        }
    }

    #[test]
    fn the_order_within_a_block_is_random_and_replays_from_its_seed() {
        let deal = |seed| {
            let split = Split::new(weights(&[90, 10]), seed);
            (0..1_000).map(|_| split.next()).collect::<Vec<_>>()
        };
        assert_eq!(deal(1), deal(1));
        assert_ne!(deal(1), deal(2));
        let mut positions: Vec<usize> =
            deal(1).iter().enumerate().filter(|(_, v)| **v == 1).map(|(n, _)| n % 100).collect();
        positions.sort_unstable();
        positions.dedup();
        assert!(positions.len() > 40, "the canary's places are not spread: {positions:?}");
    }
}

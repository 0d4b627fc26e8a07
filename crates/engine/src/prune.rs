//! `prune`: what no longer runs, cannot be gone back to and proves nothing is taken away.
//!
//! ```text
//!  journal, cluster, store, runs ──► Facts ──► plan (pure) ──► removals, one after another
//! ```
//!
//! Only the conductor prunes, and only while no `bowline run` is in the store. The journal is
//! never cut. That an image is pruned is an event *before* it goes; a ReplicaSet goes before its
//! blobs. So a crash at any point leaves either all that a rollback needs or the words why not.

mod carry;
mod gather;
mod plan;
mod pruned;

pub use carry::{Carried, carry_out};
pub use gather::gather;
pub use plan::{
    Application, Brought, Facts, Keep, Known, Limits, Lost, Reason, Removal, Thing, What, plan,
};
pub(crate) use pruned::{KEEP_SET, PRUNED, keep_event, refusal};

use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::house::House;
use crate::notice::Notice;
use crate::target::Target;
use bowline_store::Store;
use std::time::Duration;

/// Promoted versions that an application keeps when `bowline.yaml` does not say.
pub const RELEASES_DEFAULT: u32 = 10;

/// Days that logs stay when `bowline.yaml` does not say.
pub const DAYS_DEFAULT: u32 = 14;

/// A day in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// All logs together, in bytes.
pub const LOG_BYTES_MAX: u64 = 1 << 30;

/// All caches together when `BOWLINE_CACHE_GB` does not say, in bytes.
pub const CACHE_BYTES_DEFAULT: u64 = 10_000_000_000;

/// Checkouts of one kind that stay.
pub const CHECKOUTS_MAX: usize = 10;

/// Pruning after a release takes so long at most; the next release goes on.
pub const AFTER_RELEASE_MAX: Duration = Duration::from_secs(2);

/// After a release the caches are looked at so often: adding them up takes longer than the rest.
pub const CACHE_LOOK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Why nothing may be pruned now.
const BUSY: &str = "a `bowline run` is at work";

/// What pruning looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Everything, with the size of each.
    Whole,
    /// What a release leaves; caches once a day, and no size of a tree.
    AfterRelease,
}

/// What would go now; `None` while a `bowline run` is at work.
///
/// # Errors
/// Something cannot be read. Nothing is ever planned from half of the facts.
pub async fn look(
    house: &House,
    conductor: &Conductor,
    target: &Target,
) -> Result<Option<Vec<Removal>>, Failure> {
    let store = Store::open(house.directories.store())?;
    let Some(_alone) = store.alone()? else { return Ok(None) };
    let facts = gather(house, conductor, target, &store, Depth::Whole).await?;
    Ok(Some(gather::measured(house, plan(&facts))?))
}

/// Removes what may go; `None` while a `bowline run` is at work.
///
/// # Errors
/// Something cannot be read or removed. What was removed until then was not needed.
pub async fn prune(
    house: &House,
    conductor: &Conductor,
    target: &Target,
    depth: Depth,
) -> Result<Option<Carried>, Failure> {
    let store = Store::open(house.directories.store())?;
    let Some(_alone) = store.alone()? else { return Ok(None) };
    let facts = gather(house, conductor, target, &store, depth).await?;
    let mut removals = plan(&facts);
    if depth == Depth::Whole {
        removals = gather::measured(house, removals)?;
    }
    let limit = (depth == Depth::AfterRelease).then_some(AFTER_RELEASE_MAX);
    let carried = carry_out(house, conductor, target, &store, &removals, limit).await?;
    Ok(Some(carried))
}

/// What a release does at its end: short, and never a reason for it to fail.
pub async fn after_release(house: &House, conductor: &Conductor, target: &Target) {
    let (word, text) = match prune(house, conductor, target, Depth::AfterRelease).await {
        Ok(Some(carried)) if carried.releases.is_empty() => return,
        Ok(Some(carried)) => ("pruned", carried.releases.join(", ")),
        Ok(None) => ("skipped", BUSY.to_owned()),
        Err(failure) => ("skipped", failure.sentence()),
    };
    conductor.tell(&Notice::Happened { stage: "prune".into(), word: word.into(), text });
}

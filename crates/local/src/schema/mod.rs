//! Which fields of which kinds are honoured: the tables and the checks that admission runs.

mod kinds;
mod metadata;
mod pod;
mod shape;

pub use kinds::check_object;
pub use shape::too_deep;

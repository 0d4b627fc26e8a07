//! Tests of the crate as a whole: scenarios, properties, documents, simulation.

mod driver;
mod events;
mod properties;
mod scenarios;
mod simulation;
mod specs;

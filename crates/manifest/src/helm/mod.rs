//! Helm: charts, values and the functions that need them.

pub mod functions;

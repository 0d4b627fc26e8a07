//! `bowline demo`: the example service, its four commits, and the load that judges them.
//!
//! Everything after the commits is the code that a user's own repository goes through.

pub mod example;
pub mod load;
pub mod script;

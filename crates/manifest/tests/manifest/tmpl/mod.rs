//! Go's templates, compared with Go itself.

mod functions;
mod oracle;
mod random;
mod rows;
mod structure;

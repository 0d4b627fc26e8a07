//! Go's templates, compared with Go itself.

mod functions;
mod oracle;
pub(crate) use oracle::base64;
mod random;
mod rows;
mod structure;

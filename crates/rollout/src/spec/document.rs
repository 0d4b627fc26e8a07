//! The document around the strategy.

use super::{Fragment, RolloutSpec};
use crate::FieldError;
use serde_json::Value;

/// Reads a whole Rollout or Deployment: everything that a deployment needs must be there.
///
/// # Errors
/// All fields that are unknown, not carried out, invalid or missing, in the document's order.
pub fn read(document: &Value) -> Result<RolloutSpec, Vec<FieldError>> {
    let fragment = read_fragment(document)?;
    if fragment.missing.is_empty() { Ok(fragment.as_read().clone()) } else { Err(fragment.missing) }
}

/// Reads a Rollout that may be a fragment with nothing but a strategy.
///
/// # Errors
/// All fields that are unknown, not carried out or invalid.
pub fn read_fragment(document: &Value) -> Result<Fragment, Vec<FieldError>> {
    let _ = document;
    Err(Vec::new())
}

//! The build from the request to the image.

use crate::{BuildEvent, BuildRequest, Built, Error};

/// Builds the image. Blocks for as long as it takes: use a blocking task in async code.
///
/// # Errors
/// [`Error::Refused`] with every problem of the Dockerfile (nothing was run then),
/// [`Error::Run`] when a RUN step fails, [`Error::Cancelled`], and what the machine refuses.
pub fn build(
    request: &BuildRequest,
    observe: &mut dyn FnMut(BuildEvent),
) -> Result<Built, Error> {
    let _ = (request, observe);
    Err(Error::Cancelled)
}

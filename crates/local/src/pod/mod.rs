//! Pods as processes: from the object to a shim, and from the shim's state to the status.

mod environment;
mod image;
pub(crate) mod quantity;
mod resolve;
mod runtime;
mod shim_client;
mod status;
mod worker;

pub(crate) use runtime::{end_all, start};
pub(crate) use shim_client::{Shim, state_of};
pub(crate) use status::of as status_of;
pub(crate) use worker::Context;

use crate::{
    limits::{GRACE_SECONDS_DEFAULT, POD_FILE_BYTES_MAX},
    shim::spec::{PodFile, SPEC_FILE},
};
use bowline_host::files;
use std::path::Path;

/// The grace of the pod in `folder`, in seconds.
fn own_grace(folder: &Path) -> u64 {
    let text = files::read(folder.join(SPEC_FILE), POD_FILE_BYTES_MAX).ok();
    let pod = text.and_then(|text| serde_json::from_slice::<PodFile>(&text).ok());
    pod.map_or(GRACE_SECONDS_DEFAULT, |pod| pod.grace_seconds)
}

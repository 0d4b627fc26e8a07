//! The network, which a render never touches.

use super::args::{Result, S, string, utf8};
use super::host::note;
use crate::tmpl::{Call, Function, Value};

pub(super) static FUNCTIONS: &[Function] =
    &[Function::new("getHostByName", &[S], S, get_host_by_name)];

fn get_host_by_name(call: &mut Call<'_>, args: &[Value]) -> Result {
    let name = utf8(&args[0]).into_owned();
    note(call, format!("`getHostByName` of `{name}` gives nothing: a render is offline"))?;
    string("")
}

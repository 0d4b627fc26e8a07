//! `urlParse` and `urlJoin`.

use super::args::{M, Result, S, kind, map, nil_dereference, string, text};
use super::go_url::{Url, User};
use crate::tmpl::{Call, CallError, Function, Map, Value};

pub(super) static FUNCTIONS: &[Function] =
    &[Function::new("urlParse", &[S], M, parse), Function::new("urlJoin", &[M], S, join)];

fn parse(_: &mut Call<'_>, args: &[Value]) -> Result {
    let url = Url::parse(text(&args[0]))
        .map_err(|error| CallError::new(format!("unable to parse url: {error}")))?;
    let entries: [(&str, Vec<u8>); 8] = [
        ("fragment", url.fragment.clone()),
        ("hostname", url.hostname().to_vec()),
        ("host", url.host.clone()),
        ("opaque", url.opaque.clone()),
        ("path", url.path.clone()),
        ("query", url.query.clone()),
        ("scheme", url.scheme.clone()),
        ("userinfo", url.user.as_ref().map(User::text).unwrap_or_default()),
    ];
    Ok(Value::map(entries.map(|(key, value)| (key.into(), Value::str(value)))))
}

fn part(map: Option<&Map>, key: &str) -> std::result::Result<Vec<u8>, CallError> {
    match map.and_then(|map| map.get(key.as_bytes())) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.to_vec()),
        Some(value) if value.is_nothing() => Err(nil_dereference()),
        Some(value) => {
            let kind = kind(&value);
            Err(CallError::new(format!(
                "unable to parse {key} key, must be of type string, but {kind} found"
            )))
        }
    }
}

fn join(_: &mut Call<'_>, args: &[Value]) -> Result {
    let map = map(&args[0]);
    let part = |key: &str| part(map.as_deref(), key);
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
        raw_path: Vec::new(),
        raw_fragment: Vec::new(),
        force_query: false,
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        let other =
            Url::parse(&[b"proto://", &userinfo[..], b"@host"].concat()).map_err(|error| {
                CallError::new(format!("unable to parse userinfo in dict: {error}"))
            })?;
        url.user = other.user;
    }
    string(url.text())
}

//! The HTTP service: one handler that reads path, query and body and calls the verbs.

use crate::{
    api::{
        collect::{self, Deleted},
        discovery,
        failure::Failure,
        objects::Objects,
        patch::{self, Patched},
        path::{self, Path, Target},
        query::Query,
        selector::Selector,
        watch,
        write::{self, key_of},
    },
    limits::BODY_BYTES_MAX,
};
use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Value, json};
use std::sync::Arc;

/// The router that a `kube::Client` takes.
pub fn router(objects: Arc<Objects>) -> axum::Router {
    axum::Router::new().fallback(move |request: Request<Body>| {
        let objects = objects.clone();
        async move { handle(objects, request).await.unwrap_or_else(|f| refused(&f)) }
    })
}

fn refused(failure: &Failure) -> Response<Body> {
    let code = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_response(code, failure.body().to_string())
}

fn json_response(code: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn ok(body: &Value) -> Response<Body> {
    json_response(StatusCode::OK, body.to_string())
}

async fn handle(objects: Arc<Objects>, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let target = match path::parse(head.uri.path())? {
        Path::Health => return Ok(json_response(StatusCode::OK, "ok".to_owned())),
        Path::Discovery(words) if head.method == Method::GET => {
            return discovery::answer(&words).map(|answer| ok(&answer));
        }
        Path::Discovery(_) => return Err(Failure::method("this path is only read")),
        Path::Objects(target) => target,
    };
    let query = Query::parse(head.uri.query().unwrap_or_default())?;
    let media_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type =
        media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_owned();
    match head.method {
        Method::GET => read(objects, target, &query),
        Method::POST => {
            let body = json_body(body, &media_type).await?;
            let made = write::create(&objects, &target, &query, body)?;
            Ok(json_response(StatusCode::CREATED, made.to_string()))
        }
        Method::PUT => {
            let body = json_body(body, &media_type).await?;
            write::update(&objects, &target, &query, body).map(|object| ok(&object))
        }
        Method::PATCH => {
            let body = read_body(body).await?;
            let body = parse(&body, "a patch is read as JSON")?;
            match patch::patch(&objects, &target, &query, &media_type, body)? {
                Patched::Created(object) => {
                    Ok(json_response(StatusCode::CREATED, object.to_string()))
                }
                Patched::Changed(object) => Ok(ok(&object)),
            }
        }
        Method::DELETE => {
            let body = read_body(body).await?;
            let body = if body.is_empty() { json!({}) } else { parse(&body, "delete options")? };
            delete(&objects, &target, &query, &body)
        }
        other => Err(Failure::method(format!("{other} is not served"))),
    }
}

async fn read_body(body: Body) -> Result<Vec<u8>, Failure> {
    let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let collected = collected.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            Failure::too_large(format!("a body may have {BODY_BYTES_MAX} bytes"))
        } else {
            Failure::bad_request(format!("the body broke off: {error}"))
        }
    })?;
    Ok(collected.to_bytes().to_vec())
}

async fn json_body(body: Body, media_type: &str) -> Result<Value, Failure> {
    if !matches!(media_type, "" | "application/json") {
        let message = format!("bodies of type `{media_type}` are not read; send application/json");
        return Err(Failure::media_type(message));
    }
    parse(&read_body(body).await?, "the body")
}

fn parse(bytes: &[u8], what: &str) -> Result<Value, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| Failure::bad_request(format!("{what}: not JSON: {error}")))
}

fn read(objects: Arc<Objects>, target: Target, query: &Query) -> Result<Response<Body>, Failure> {
    if !query.continue_token.is_empty() {
        return Err(Failure::expired("lists are given whole; there is nothing to continue"));
    }
    let selector = Selector::parse(target.kind, &query.label_selector, &query.field_selector)?;
    if query.watch {
        let stream = watch::start(objects, target, query, selector)?;
        let mut response = Response::new(Body::from_stream(stream));
        let json = header::HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        return Ok(response);
    }
    if target.name.is_some() {
        let key = key_of(&target)?;
        let found = objects.get(&key).ok_or_else(|| Failure::not_found(key.kind, &key.name))?;
        return Ok(ok(&found));
    }
    let (version, mut found) = objects.list(target.kind, &target.namespace);
    found.retain(|object| selector.matches(object));
    Ok(json_response(StatusCode::OK, list_body(&target, version, &found)))
}

/// `items` are written as they are stored, without copying them into one tree first.
fn list_body(target: &Target, version: u64, items: &[Arc<Value>]) -> String {
    let items: Vec<String> = items.iter().map(|item| item.to_string()).collect();
    format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":\"{}\"}},\
         \"items\":[{}]}}",
        target.kind.kind,
        target.kind.api_version(),
        version,
        items.join(",")
    )
}

fn delete(
    objects: &Objects,
    target: &Target,
    query: &Query,
    body: &Value,
) -> Result<Response<Body>, Failure> {
    let options = collect::Options::read(query, body)?;
    if target.name.is_none() {
        let selector = Selector::parse(target.kind, &query.label_selector, &query.field_selector)?;
        let gone = collect::delete_collection(objects, target, &selector, &options)?;
        let (version, _) = objects.list(target.kind, &target.namespace);
        return Ok(json_response(StatusCode::OK, list_body(target, version, &gone)));
    }
    match collect::delete(objects, target, &options)? {
        Deleted::Waiting(object) => Ok(ok(&object)),
        Deleted::Gone(object) => Ok(ok(&json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {
                "name": object["metadata"]["name"], "group": target.kind.group,
                "kind": target.kind.plural, "uid": object["metadata"]["uid"],
            },
        }))),
    }
}

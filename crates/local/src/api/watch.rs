//! Watches: one JSON object and a newline per change, from the window of recent changes.

use crate::{
    api::{
        failure::Failure,
        objects::{Change, Objects},
        path::Target,
        query::Query,
        selector::Selector,
        write::version_of,
    },
    limits::{BOOKMARK_SECONDS, WATCH_SECONDS_MAX},
};
use bytes::Bytes;
use futures::stream::{self, Stream};
use serde_json::{Value, json};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// Everything that one watch needs.
struct Watch {
    objects: Arc<Objects>,
    target: Target,
    selector: Selector,
    bookmarks: bool,
    /// All changes up to here were told.
    version: u64,
    changed: tokio::sync::watch::Receiver<u64>,
    /// Lines that wait to be sent.
    pending: Vec<u8>,
    end: std::pin::Pin<Box<tokio::time::Sleep>>,
    bookmark: tokio::time::Interval,
    told: u64,
    ended: bool,
}

/// Starts a watch.
///
/// Without a `resourceVersion`, with `0` and with `sendInitialEvents` it begins with one ADDED
/// per object. A version outside the window ends it with an ERROR event of code 410.
///
/// # Errors
/// 400 for a malformed version or a `resourceVersionMatch` that is not carried out.
pub fn start(
    objects: Arc<Objects>,
    target: Target,
    query: &Query,
    selector: Selector,
) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + Send + use<>, Failure> {
    let matching = query.resource_version_match.as_str();
    if !matches!(matching, "" | "NotOlderThan") {
        return Err(Failure::bad_request(format!("a watch takes no `{matching}`")));
    }
    let from =
        match query.resource_version.as_str() {
            "" | "0" => None,
            text => Some(text.parse::<u64>().map_err(|_| {
                Failure::bad_request(format!("resourceVersion `{text}` is no number"))
            })?),
        };
    // Subscribed before the snapshot is read: no change in between is lost.
    let changed = objects.subscribe();
    let seconds = query.timeout_seconds.unwrap_or(WATCH_SECONDS_MAX).min(WATCH_SECONDS_MAX);
    let every = Duration::from_secs(BOOKMARK_SECONDS);
    let mut watch = Watch {
        version: from.unwrap_or(0),
        changed,
        pending: Vec::new(),
        end: Box::pin(tokio::time::sleep(Duration::from_secs(seconds))),
        bookmark: tokio::time::interval(every),
        told: 0,
        ended: false,
        bookmarks: query.bookmarks,
        objects,
        target,
        selector,
    };
    if from.is_none() || query.send_initial_events {
        watch.initial(query.send_initial_events);
    }
    Ok(stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((Ok(chunk), watch))
    }))
}

impl Watch {
    fn initial(&mut self, marked: bool) {
        let (version, found) = self.objects.list(self.target.kind, &self.target.namespace);
        for object in found {
            if self.is_wanted(&object) {
                self.line("ADDED", &object);
            }
        }
        self.version = version;
        if marked {
            let annotations = json!({"k8s.io/initial-events-end": "true"});
            self.bookmark_line(&annotations);
        }
    }

    fn is_wanted(&self, object: &Value) -> bool {
        let name = self.target.name.as_deref();
        let named = name.is_none_or(|name| object["metadata"]["name"].as_str() == Some(name));
        named && self.selector.matches(object)
    }

    fn line(&mut self, kind: &str, object: &Value) {
        let event = json!({"type": kind, "object": object});
        self.pending.extend_from_slice(event.to_string().as_bytes());
        self.pending.push(b'\n');
    }

    fn bookmark_line(&mut self, annotations: &Value) {
        let kind = self.target.kind;
        let mut metadata =
            json!({"resourceVersion": self.version.to_string(), "creationTimestamp": null});
        if !annotations.is_null() {
            metadata["annotations"] = annotations.clone();
        }
        let mut object =
            json!({"kind": kind.kind, "apiVersion": kind.api_version(), "metadata": metadata});
        // Typed readers want the parts that their kind must have.
        if matches!(kind.kind, "Pod" | "ReplicaSet" | "Deployment" | "Rollout" | "Service") {
            object["spec"] = json!({});
        }
        if kind.kind == "Pod" {
            object["spec"]["containers"] = json!([]);
        }
        self.told = self.version;
        self.line("BOOKMARK", &object);
    }

    /// Reads the changes after `self.version` into `pending`.
    fn read(&mut self) {
        let Some((version, changes)) = self.objects.changes_after(self.version) else {
            let message = format!("too old resource version: {}", self.version);
            self.line("ERROR", &Failure::expired(message).body());
            self.ended = true;
            return;
        };
        self.version = version;
        for change in changes {
            self.tell(&change);
        }
    }

    fn tell(&mut self, change: &Change) {
        let target = &self.target;
        let here = change.key.kind == target.kind
            && (target.namespace.is_empty() || change.key.namespace == target.namespace);
        if !here {
            return;
        }
        let before = change.old.as_ref().is_some_and(|old| self.is_wanted(old));
        let now = !change.removed && self.is_wanted(&change.new);
        match (before, now) {
            (false, true) => self.line("ADDED", &change.new),
            (true, true) => self.line("MODIFIED", &change.new),
            // Gone, or no longer selected: the last state under the new version.
            (true, false) => match &change.old {
                Some(old) if !change.removed => {
                    let mut last = Value::clone(old);
                    let version = version_of(&change.new).to_string();
                    last["metadata"]["resourceVersion"] = Value::String(version);
                    self.line("DELETED", &last);
                }
                _ => self.line("DELETED", &change.new),
            },
            (false, false) => {}
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.pending.is_empty() {
                return Some(Bytes::from(std::mem::take(&mut self.pending)));
            }
            if self.ended {
                return None;
            }
            self.changed.mark_unchanged();
            self.read();
            if !self.pending.is_empty() || self.ended {
                continue;
            }
            tokio::select! {
                changed = self.changed.changed() => self.ended = changed.is_err(),
                () = &mut self.end => self.ended = true,
                _ = self.bookmark.tick() => {}
            }
            let due = self.bookmarks && self.version > self.told;
            if due && (self.ended || self.told == 0 || self.version - self.told > 1000) {
                self.bookmark_line(&Value::Null);
            }
        }
    }
}

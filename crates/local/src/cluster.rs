//! One cluster's API: its database and the service that a Kubernetes client talks to.

use crate::{
    api::{
        kind::by_name,
        objects::{Key, Objects},
        serve,
    },
    error::Error,
};
use bowline_host::{clock, random};
use serde_json::json;
use std::{path::Path, sync::Arc};

/// The API objects of one machine, behind a Kubernetes API in process.
///
/// One process may hold a database at a time; [`crate::Local`] takes a lock for that.
#[derive(Clone)]
pub struct Cluster {
    objects: Arc<Objects>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").finish_non_exhaustive()
    }
}

impl Cluster {
    /// Opens (or makes) the database at `path`, with the namespace `default` in it.
    ///
    /// # Errors
    /// A database that cannot be read, or that another version wrote.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::with(Objects::open(Some(path))?)
    }

    /// A cluster without a file, for tests and rehearsals.
    ///
    /// # Errors
    /// When SQLite cannot make a database in memory.
    pub fn in_memory() -> Result<Self, Error> {
        Self::with(Objects::open(None)?)
    }

    pub(crate) fn with(objects: Objects) -> Result<Self, Error> {
        let kind = by_name("Namespace");
        let key = Key { kind, namespace: String::new(), name: "default".to_owned() };
        let made = objects.transaction(false, |transaction| {
            if transaction.get(&key).is_none() {
                let namespace = json!({
                    "apiVersion": "v1", "kind": "Namespace",
                    "metadata": {
                        "name": "default", "generation": 1,
                        "uid": format!("{}-0000-4000-a000-{}", random::hex(4), random::hex(6)),
                        "creationTimestamp": clock::now().to_string(),
                        "labels": {"kubernetes.io/metadata.name": "default"},
                    },
                    "status": {"phase": "Active"},
                });
                transaction.put(key, namespace)?;
            }
            Ok(())
        });
        made.map_err(|failure| Error::Corrupt(failure.message))?;
        Ok(Self { objects: Arc::new(objects) })
    }

    /// The service itself: a whole HTTP API without a socket.
    pub fn service(&self) -> axum::Router {
        serve::router(self.objects.clone())
    }

    /// A client of the service, in process.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn client(&self, namespace: &str) -> kube::Client {
        kube::Client::new(self.service(), namespace)
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }
}

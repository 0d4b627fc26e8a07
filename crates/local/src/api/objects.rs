//! The stored objects: all in memory, every change also in SQLite, one global version counter,
//! and a window of recent changes that watches read from.
//!
//! A change is visible to readers and watchers only after its transaction was committed.

use crate::{
    api::{failure::Failure, kind, kind::Kind},
    error::Error,
    limits::{BUSY_MS_MAX, OBJECT_BYTES_MAX, WINDOW_CHANGES_MAX},
};
use bowline_host::{
    crash::{self, When},
    files,
};
use rusqlite::{Connection, OpenFlags, TransactionBehavior::Immediate, params};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its namespace; empty for kinds without.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// One change in the window.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version that it made.
    pub version: u64,
    /// The object.
    pub key: Key,
    /// What was there before.
    pub old: Option<Arc<Value>>,
    /// What is there now. After a removal the last state, with the removal's version.
    pub new: Arc<Value>,
    /// Whether it is gone.
    pub removed: bool,
}

/// What a manager applied last, to tell which fields it gave up.
type AppliedKey = (Key, String);

struct Inner {
    connection: Connection,
    objects: BTreeMap<Key, Arc<Value>>,
    applied: BTreeMap<AppliedKey, Arc<Value>>,
    version: u64,
    /// Changes after `window_start`, oldest first.
    window: VecDeque<Change>,
    window_start: u64,
    /// The fencing epoch of this process; `None` for one that only looks, or for a test.
    epoch: Option<u64>,
}

/// The stored objects of one cluster.
pub struct Objects {
    inner: Mutex<Inner>,
    version: tokio::sync::watch::Sender<u64>,
}

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, manager TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (kind, namespace, name, manager)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
";
/// The layout of the tables above; another number is refused.
const SCHEMA_NUMBER: i64 = 1;

impl Objects {
    /// Opens the database at `path`, or one in memory.
    ///
    /// # Errors
    /// A database that cannot be read or that a newer version wrote.
    pub fn open(path: Option<&Path>) -> Result<Self, Error> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        let number: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if number != 0 && number != SCHEMA_NUMBER {
            return Err(Error::SchemaNumber { found: number, known: SCHEMA_NUMBER });
        }
        // A reader of another process holds the database only for moments.
        connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", SCHEMA_NUMBER)?;
        Self::load(connection)
    }

    /// The objects as they are now, for looking only; `None` where there is no database.
    ///
    /// # Errors
    /// A database that cannot be read or that a newer version wrote.
    pub fn open_read_only(path: &Path) -> Result<Option<Self>, Error> {
        if !files::exists(path) {
            return Ok(None);
        }
        // Not more than to read: another process may be writing.
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        let number: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if number != SCHEMA_NUMBER {
            return Err(Error::SchemaNumber { found: number, known: SCHEMA_NUMBER });
        }
        Self::load(connection).map(Some)
    }

    fn load(connection: Connection) -> Result<Self, Error> {
        let objects = load_objects(&connection)?;
        let applied = load_applied(&connection)?;
        let version: i64 = connection.query_row(
            "SELECT COALESCE(MAX(value), 1) FROM numbers WHERE name = 'version'",
            [],
            |r| r.get(0),
        )?;
        let version = u64::try_from(version).map_err(|_| Error::Corrupt("version".to_owned()))?;
        let inner = Inner {
            connection,
            objects,
            applied,
            version,
            window: VecDeque::new(),
            window_start: version,
            epoch: None,
        };
        let (sender, _) = tokio::sync::watch::channel(version);
        Ok(Self { inner: Mutex::new(inner), version: sender })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held leaves memory and database in the last committed state
        // or one rolled back; both are whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told of every new version.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// One object and the version at which it was read.
    pub fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.lock().objects.get(key).cloned()
    }

    /// All objects of a kind, in one namespace or (empty) in all, and the version of the whole.
    pub fn list(&self, kind: &'static Kind, namespace: &str) -> (u64, Vec<Arc<Value>>) {
        let inner = self.lock();
        let found = inner.of_kind(kind, namespace).map(|(_, object)| object.clone()).collect();
        (inner.version, found)
    }

    /// The changes after `version`, up to now. `None` when the window no longer reaches back.
    pub fn changes_after(&self, version: u64) -> Option<(u64, Vec<Change>)> {
        let inner = self.lock();
        if version < inner.window_start || version > inner.version {
            return None;
        }
        let from = inner.window.partition_point(|change| change.version <= version);
        Some((inner.version, inner.window.range(from..).cloned().collect()))
    }

    /// Does `work` in one transaction. An error, or `dry_run`, undoes all of it.
    ///
    /// # Errors
    /// What `work` returns, or 500 when the database fails.
    pub fn transaction<T>(
        &self,
        dry_run: bool,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut inner = self.lock();
        let before = inner.version;
        let mut transaction =
            Transaction { inner: &mut inner, changes: Vec::new(), applied: Vec::new() };
        let result = work(&mut transaction);
        let (changes, applied) = (transaction.changes, transaction.applied);
        // A rehearsal in memory leaves nothing behind.
        let lasts = inner.connection.path().is_some_and(|path| !path.is_empty());
        let point = if lasts { point(&changes) } else { None };
        let kept = match (&result, dry_run) {
            (Ok(_), false) => {
                passed(point.as_deref(), When::Before);
                let kept = inner.persist(&changes, &applied).map_err(|error| {
                    Failure::internal(format!("the cluster database was not written: {error}"))
                });
                passed(point.as_deref(), When::After);
                kept
            }
            _ => Err(Failure::internal("undone")),
        };
        if let Err(failure) = kept {
            inner.undo(before, changes, applied);
            return if dry_run { result } else { result.and(Err(failure)) };
        }
        let changed = !changes.is_empty();
        inner.remember(changes);
        let version = inner.version;
        drop(inner);
        if changed {
            self.version.send_replace(version);
        }
        result
    }

    /// Takes the database over for the conductor with this fencing epoch: from now on those of
    /// older epochs change nothing in it.
    ///
    /// # Errors
    /// [`Error::Fenced`] for an epoch that is over already.
    pub fn take_over(&self, epoch: u64) -> Result<(), Error> {
        let mut inner = self.lock();
        inner.epoch = Some(epoch);
        let transaction = inner.connection.transaction_with_behavior(Immediate)?;
        fence(&transaction, Some(epoch))?;
        let value = i64::try_from(epoch).unwrap_or(i64::MAX);
        transaction.execute(SET_NUMBER, params![EPOCH, value])?;
        Ok(transaction.commit()?)
    }

    /// Looks at every page of the database.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with what SQLite says.
    pub fn check(&self) -> Result<(), Error> {
        let inner = self.lock();
        let said: String =
            inner.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if said == "ok" { Ok(()) } else { Err(Error::Corrupt(said)) }
    }

    /// Writes a copy of the database to `path`, which must not be there; durable when this
    /// returns.
    ///
    /// # Errors
    /// The database fails.
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        self.lock().connection.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        Ok(files::open_read(path)?.sync_all().map_err(|source| files::Error {
            path: path.to_owned(),
            action: "make durable",
            source,
        })?)
    }

    /// Whether this process may still act.
    ///
    /// # Errors
    /// [`Error::Fenced`]; a database that cannot be read, for then nobody knows.
    pub fn check_epoch(&self) -> Result<(), Error> {
        let inner = self.lock();
        fence(&inner.connection, inner.epoch)
    }

    /// A note that is no API object: the router's wanted weights.
    ///
    /// # Errors
    /// The database fails.
    pub fn note(&self, name: &str) -> Result<Option<String>, Error> {
        let inner = self.lock();
        let mut statement =
            inner.connection.prepare_cached("SELECT body FROM notes WHERE name = ?1")?;
        let mut rows = statement.query(params![name])?;
        Ok(match rows.next()? {
            Some(row) => Some(row.get(0)?),
            None => None,
        })
    }

    /// Writes a note.
    ///
    /// # Errors
    /// The database fails.
    pub fn set_note(&self, name: &str, body: &str) -> Result<(), Error> {
        crash::around("cluster.note", name, || {
            let mut inner = self.lock();
            let epoch = inner.epoch;
            let transaction = inner.connection.transaction_with_behavior(Immediate)?;
            fence(&transaction, epoch)?;
            transaction.execute(
                "INSERT INTO notes (name, body) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                params![name, body],
            )?;
            Ok(transaction.commit()?)
        })
    }
}

/// The row of the newest conductor's epoch.
const EPOCH: &str = "epoch";

const SET_NUMBER: &str = "INSERT INTO numbers (name, value) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Refuses an epoch that is over.
fn fence(connection: &Connection, epoch: Option<u64>) -> Result<(), Error> {
    let Some(mine) = epoch else { return Ok(()) };
    let newest = "SELECT COALESCE(MAX(value), 0) FROM numbers WHERE name = ?1";
    let newest: i64 =
        connection.prepare_cached(newest)?.query_row(params![EPOCH], |row| row.get(0))?;
    let newest = u64::try_from(newest).unwrap_or(0);
    if newest > mine { Err(Error::Fenced { mine, newest }) } else { Ok(()) }
}

fn load_objects(connection: &Connection) -> Result<BTreeMap<Key, Arc<Value>>, Error> {
    let mut statement = connection.prepare("SELECT kind, namespace, name, body FROM objects")?;
    let mut rows = statement.query([])?;
    let mut objects = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = key_of(row.get(0)?, row.get(1)?, row.get(2)?)?;
        objects.insert(key, body_of(row.get(3)?)?);
    }
    Ok(objects)
}

fn load_applied(connection: &Connection) -> Result<BTreeMap<AppliedKey, Arc<Value>>, Error> {
    let mut statement =
        connection.prepare("SELECT kind, namespace, name, manager, body FROM applied")?;
    let mut rows = statement.query([])?;
    let mut applied = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = key_of(row.get(0)?, row.get(1)?, row.get(2)?)?;
        applied.insert((key, row.get(3)?), body_of(row.get(4)?)?);
    }
    Ok(applied)
}

fn key_of(kind: String, namespace: String, name: String) -> Result<Key, Error> {
    let kind = kind::by_stored(&kind).ok_or(Error::Corrupt(kind))?;
    Ok(Key { kind, namespace, name })
}

fn body_of(text: String) -> Result<Arc<Value>, Error> {
    serde_json::from_str(&text).map(Arc::new).map_err(|error| Error::Corrupt(error.to_string()))
}

impl Inner {
    fn of_kind(
        &self,
        kind: &'static Kind,
        namespace: &str,
    ) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let start = Key { kind, namespace: namespace.to_owned(), name: String::new() };
        let namespace = namespace.to_owned();
        self.objects.range(start..).take_while(move |(key, _)| {
            key.kind == kind && (namespace.is_empty() || key.namespace == namespace)
        })
    }

    fn persist(&mut self, changes: &[Change], applied: &[AppliedChange]) -> Result<(), Error> {
        if changes.is_empty() && applied.is_empty() {
            return Ok(());
        }
        let version = i64::try_from(self.version).expect("a counter of changes stays small");
        let transaction = self.connection.transaction_with_behavior(Immediate)?;
        fence(&transaction, self.epoch)?;
        for change in changes {
            let kind = format!("{}/{}", change.key.kind.group, change.key.kind.plural);
            let (namespace, name) = (&change.key.namespace, &change.key.name);
            if change.removed {
                transaction
                    .prepare_cached(
                        "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
                    )?
                    .execute(params![kind, namespace, name])?;
            } else {
                transaction
                    .prepare_cached(
                        "INSERT INTO objects (kind, namespace, name, body) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (kind, namespace, name) DO UPDATE SET body = excluded.body",
                    )?
                    .execute(params![kind, namespace, name, change.new.to_string()])?;
            }
        }
        for ((key, manager), _, new) in applied {
            let kind = format!("{}/{}", key.kind.group, key.kind.plural);
            let (namespace, name) = (&key.namespace, &key.name);
            transaction.execute(
                "DELETE FROM applied
                 WHERE kind = ?1 AND namespace = ?2 AND name = ?3 AND manager = ?4",
                params![kind, namespace, name, manager],
            )?;
            if let Some(new) = new {
                transaction.execute(
                    "INSERT INTO applied (kind, namespace, name, manager, body)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![kind, namespace, name, manager, new.to_string()],
                )?;
            }
        }
        transaction.prepare_cached(SET_NUMBER)?.execute(params!["version", version])?;
        Ok(transaction.commit()?)
    }

    fn undo(&mut self, version: u64, changes: Vec<Change>, applied: Vec<AppliedChange>) {
        for change in changes.into_iter().rev() {
            match change.old {
                Some(old) => self.objects.insert(change.key, old),
                None => self.objects.remove(&change.key),
            };
        }
        for (key, old, _) in applied.into_iter().rev() {
            match old {
                Some(old) => self.applied.insert(key, old),
                None => self.applied.remove(&key),
            };
        }
        self.version = version;
    }

    fn remember(&mut self, changes: Vec<Change>) {
        self.window.extend(changes);
        while self.window.len() > WINDOW_CHANGES_MAX {
            if let Some(oldest) = self.window.pop_front() {
                self.window_start = oldest.version;
            }
        }
    }
}

/// The crash point of a transaction: its first change that is no mere status and no `Event`.
/// Those are written again by whoever comes next, and how often differs from run to run.
fn point(changes: &[Change]) -> Option<String> {
    if !crash::is_watched() {
        return None;
    }
    let lasting = |change: &&Change| {
        let parts = |object: &Value| (object["spec"].clone(), object["metadata"]["labels"].clone());
        let same = change.old.as_ref().is_some_and(|old| parts(old) == parts(&change.new));
        let leaving = !change.new["metadata"]["deletionTimestamp"].is_null();
        change.key.kind.plural != "events" && (change.removed || leaving || !same)
    };
    let change = changes.iter().find(lasting)?;
    let verb = match (change.removed, &change.old) {
        (true, _) => "remove",
        (false, None) => "make",
        (false, Some(_)) => "change",
    };
    // The names of pods end in chance, those of their sets in a hash.
    let name = match change.key.kind.plural {
        "pods" => "pod",
        "replicasets" => change.key.name.rsplit_once('-').map_or("", |(workload, _)| workload),
        _ => &change.key.name,
    };
    Some(format!("{verb} {}/{}/{name}", change.key.kind.plural, change.key.namespace))
}

fn passed(point: Option<&str>, when: When) {
    if let Some(key) = point {
        crash::point("cluster.object", key, when);
    }
}

type AppliedChange = (AppliedKey, Option<Arc<Value>>, Option<Arc<Value>>);

/// Changes that become visible together.
pub struct Transaction<'a> {
    inner: &'a mut Inner,
    changes: Vec<Change>,
    applied: Vec<AppliedChange>,
}

impl Transaction<'_> {
    /// One object as it stands in this transaction.
    pub fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.inner.objects.get(key).cloned()
    }

    /// All objects of a kind, in one namespace or (empty) in all.
    pub fn list(&self, kind: &'static Kind, namespace: &str) -> Vec<(Key, Arc<Value>)> {
        self.inner
            .of_kind(kind, namespace)
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect()
    }

    /// All objects that `wanted` takes.
    pub fn find(&self, wanted: impl Fn(&Key, &Value) -> bool) -> Vec<(Key, Arc<Value>)> {
        let objects = self.inner.objects.iter();
        objects
            .filter(|(key, object)| wanted(key, object))
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect()
    }

    /// Writes an object under a new version.
    ///
    /// # Errors
    /// 413 for an object over the limit.
    pub fn put(&mut self, key: Key, mut object: Value) -> Result<Arc<Value>, Failure> {
        let version = self.inner.version + 1;
        object["metadata"]["resourceVersion"] = Value::String(version.to_string());
        let bytes = object.to_string().len();
        if bytes > OBJECT_BYTES_MAX {
            let message = format!("the object has {bytes} bytes, more than {OBJECT_BYTES_MAX}");
            return Err(Failure::too_large(message));
        }
        self.inner.version = version;
        let new = Arc::new(object);
        let old = self.inner.objects.insert(key.clone(), new.clone());
        self.changes.push(Change { version, key, old, new: new.clone(), removed: false });
        Ok(new)
    }

    /// Takes an object away; its last state carries the removal's version.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let old = self.inner.objects.remove(key)?;
        self.inner.version += 1;
        let version = self.inner.version;
        let mut last = Value::clone(&old);
        last["metadata"]["resourceVersion"] = Value::String(version.to_string());
        let new = Arc::new(last);
        self.changes.push(Change {
            version,
            key: key.clone(),
            old: Some(old),
            new: new.clone(),
            removed: true,
        });
        let managers: Vec<AppliedKey> =
            self.inner.applied.keys().filter(|(of, _)| of == key).cloned().collect();
        for applied in managers {
            let old = self.inner.applied.remove(&applied);
            self.applied.push((applied, old, None));
        }
        Some(new)
    }

    /// What each manager applied last to `key`.
    pub fn applied(&self, key: &Key) -> Vec<(String, Arc<Value>)> {
        let all = self.inner.applied.iter().filter(|((of, _), _)| of == key);
        all.map(|((_, manager), body)| (manager.clone(), body.clone())).collect()
    }

    /// Notes what `manager` applied to `key`.
    pub fn set_applied(&mut self, key: &Key, manager: &str, body: Value) {
        let applied = (key.clone(), manager.to_owned());
        let new = Arc::new(body);
        let old = self.inner.applied.insert(applied.clone(), new.clone());
        self.applied.push((applied, old, Some(new)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Key, Objects};
    use crate::{api::kind::by_name, limits::WINDOW_CHANGES_MAX};
    use serde_json::json;

    fn key(name: &str) -> Key {
        Key { kind: by_name("ConfigMap"), namespace: "shop".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_failed_transaction_leaves_no_trace() {
        let objects = Objects::open(None).expect("in memory");
        let before = objects.list(by_name("ConfigMap"), "");
        let result: Result<(), Failure> = objects.transaction(false, |transaction| {
            transaction.put(key("a"), json!({"metadata": {"name": "a"}}))?;
            transaction.set_applied(&key("a"), "someone", json!({}));
            Err(Failure::bad_request("on purpose"))
        });
        assert_eq!(result.expect_err("returned").code, 400);
        assert_eq!(objects.list(by_name("ConfigMap"), ""), before);
        objects
            .transaction(false, |transaction| {
                assert!(transaction.applied(&key("a")).is_empty());
                Ok(())
            })
            .expect("reads");
    }

    #[test]
    fn versions_and_objects_survive_a_reopening() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("cluster.db");
        let version = {
            let objects = Objects::open(Some(&path)).expect("opens");
            objects
                .transaction(false, |transaction| {
                    transaction.put(key("a"), json!({"metadata": {"name": "a"}}))?;
                    transaction.put(key("b"), json!({"metadata": {"name": "b"}}))?;
                    transaction.remove(&key("b"));
                    Ok(())
                })
                .expect("writes");
            objects.list(by_name("ConfigMap"), "").0
        };
        let objects = Objects::open(Some(&path)).expect("opens again");
        let (after, found) = objects.list(by_name("ConfigMap"), "");
        assert_eq!((after, found.len()), (version, 1));
        assert!(objects.changes_after(version).is_some(), "the present is in the window");
        assert!(objects.changes_after(version - 1).is_none(), "the past is not");
    }

    #[test]
    fn a_version_past_the_window_is_refused() {
        let objects = Objects::open(None).expect("in memory");
        let start = objects.list(by_name("ConfigMap"), "").0;
        objects
            .transaction(false, |transaction| {
                for _ in 0..=WINDOW_CHANGES_MAX {
                    transaction.put(key("a"), json!({"metadata": {}}))?;
                }
                Ok(())
            })
            .expect("writes");
        assert!(objects.changes_after(start).is_none());
        assert_eq!(objects.changes_after(start + 1).expect("inside").1.len(), WINDOW_CHANGES_MAX);
    }
}

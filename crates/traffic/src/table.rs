//! The route table as it is sent over the control socket and kept on disk.
//!
//! A table is absolute: it says everything, never what changed. It carries a generation, and
//! an edge takes only a newer one (or the same again, word for word).
//!
//! Absent on purpose: matching by host, path or header (one listen address, one route), TLS.

use crate::limits::{
    DEADLINE_MS_MIN, INSTANCES_MAX, NAME_BYTES_MAX, ROUTES_MAX, SOCKET_PATH_BYTES_MAX, VERSIONS_MAX,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, net::SocketAddr, path::PathBuf};

/// The weights of one route add up to this.
pub const WEIGHT_SUM: u32 = 100;

/// Which table is newer: the fencing epoch of who wrote it first, then a counter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The conductor's fencing epoch in the journal.
    pub epoch: u64,
    /// Counts up within an epoch.
    pub counter: u64,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.counter)
    }
}

/// All routes of the edge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Which table this is.
    pub generation: Generation,
    /// The routes; a name and a listen address occur once.
    pub routes: Vec<Route>,
}

/// One listen address and the versions behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// For people, and the key of the counters.
    pub name: String,
    /// Where users' requests arrive, for example `127.0.0.1:8080`. Port 0 is refused.
    pub listen: SocketAddr,
    /// The hash of the version that takes over what no other version can serve.
    pub stable: String,
    /// The versions. Empty: every request is answered by 503. Otherwise `stable` is one of
    /// them and the weights add up to [`WEIGHT_SUM`].
    pub versions: Vec<Version>,
    /// Set while a rollout runs: the dead man's switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

/// One version of an application: a pod template by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The pod template's hash, the key of the counters.
    pub hash: String,
    /// Requests out of 100 that go to it. 0: none.
    pub weight: u32,
    /// Its instances that are ready for requests.
    pub instances: Vec<Instance>,
}

/// One process that answers requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// The pod's uid; once in the whole table.
    pub id: String,
    /// How it is reached.
    pub address: Address,
}

/// How an instance is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Address {
    /// A port inside the pod's own network namespace. The pod's shim makes sockets there and
    /// hands them out on its Unix socket; the edge connects them to `127.0.0.1:port`.
    Pod {
        /// The shim's Unix socket; at most [`SOCKET_PATH_BYTES_MAX`] bytes.
        socket: PathBuf,
        /// The port inside the pod.
        port: u16,
    },
    /// A plain address of this machine.
    Tcp(SocketAddr),
}

/// The dead man's switch of a rollout: when no word comes for so long, all requests go to
/// the stable version until a newer table arrives. Time only; the edge judges nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// The hash of the version under trial; one of the route's versions, not the stable one.
    pub canary: String,
    /// Milliseconds without `PUT /table` and `POST /alive`; at least [`DEADLINE_MS_MIN`].
    pub deadline_ms: u64,
}

/// Why a table is refused: where in the table, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TableError {
    /// A JSON pointer, for example `/routes/0/versions/1/weight`.
    pub place: String,
    /// One sentence.
    pub reason: String,
}

fn refuse<T>(place: impl Into<String>, reason: impl Into<String>) -> Result<T, TableError> {
    Err(TableError { place: place.into(), reason: reason.into() })
}

impl Table {
    /// Whether the table makes sense by itself.
    ///
    /// # Errors
    /// The first place that does not: a name twice, weights that do not add up, a stable
    /// version that is not there, a limit.
    pub fn check(&self) -> Result<(), TableError> {
        if self.routes.len() > ROUTES_MAX {
            return refuse("/routes", format!("more than {ROUTES_MAX} routes"));
        }
        let (mut names, mut listens) = (BTreeSet::new(), BTreeSet::new());
        let mut instances = BTreeSet::new();
        for (index, route) in self.routes.iter().enumerate() {
            let place = format!("/routes/{index}");
            check_name(&format!("{place}/name"), &route.name)?;
            if !names.insert(route.name.as_str()) {
                return refuse(
                    format!("{place}/name"),
                    format!("two routes are named `{}`", route.name),
                );
            }
            if !listens.insert(route.listen) {
                return refuse(
                    format!("{place}/listen"),
                    format!("two routes listen on `{}`", route.listen),
                );
            }
            route.check(&place, &mut instances)?;
        }
        Ok(())
    }

    /// The route with this name.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.name == name)
    }
}

impl Route {
    fn check<'a>(
        &'a self,
        place: &str,
        instances: &mut BTreeSet<&'a str>,
    ) -> Result<(), TableError> {
        if self.listen.port() == 0 {
            return refuse(format!("{place}/listen"), "port 0 is not an address users can know");
        }
        check_name(&format!("{place}/stable"), &self.stable)?;
        if self.versions.len() > VERSIONS_MAX {
            return refuse(
                format!("{place}/versions"),
                format!("more than {VERSIONS_MAX} versions"),
            );
        }
        let mut hashes = BTreeSet::new();
        for (index, version) in self.versions.iter().enumerate() {
            let place = format!("{place}/versions/{index}");
            if !hashes.insert(version.hash.as_str()) {
                return refuse(
                    format!("{place}/hash"),
                    format!("version `{}` stands there twice", version.hash),
                );
            }
            version.check(&place, instances)?;
        }
        self.check_weights(place, &hashes)?;
        self.check_rollout(place, &hashes)
    }

    fn check_weights(&self, place: &str, hashes: &BTreeSet<&str>) -> Result<(), TableError> {
        if self.versions.is_empty() {
            return Ok(());
        }
        if !hashes.contains(self.stable.as_str()) {
            return refuse(
                format!("{place}/stable"),
                format!("`{}` is none of the route's versions", self.stable),
            );
        }
        let sum: u64 = self.versions.iter().map(|version| u64::from(version.weight)).sum();
        if sum != u64::from(WEIGHT_SUM) {
            return refuse(
                format!("{place}/versions"),
                format!("the weights add up to {sum}, not to {WEIGHT_SUM}"),
            );
        }
        Ok(())
    }

    fn check_rollout(&self, place: &str, hashes: &BTreeSet<&str>) -> Result<(), TableError> {
        let Some(rollout) = &self.rollout else { return Ok(()) };
        let place = format!("{place}/rollout");
        if rollout.canary == self.stable {
            return refuse(format!("{place}/canary"), "canary and stable are the same version");
        }
        if !self.versions.is_empty() && !hashes.contains(rollout.canary.as_str()) {
            return refuse(
                format!("{place}/canary"),
                format!("`{}` is none of the route's versions", rollout.canary),
            );
        }
        if rollout.deadline_ms < DEADLINE_MS_MIN {
            return refuse(
                format!("{place}/deadline_ms"),
                format!("{} ms is less than {DEADLINE_MS_MIN} ms", rollout.deadline_ms),
            );
        }
        Ok(())
    }
}

impl Version {
    fn check<'a>(
        &'a self,
        place: &str,
        instances: &mut BTreeSet<&'a str>,
    ) -> Result<(), TableError> {
        check_name(&format!("{place}/hash"), &self.hash)?;
        if self.instances.len() > INSTANCES_MAX {
            return refuse(
                format!("{place}/instances"),
                format!("more than {INSTANCES_MAX} instances"),
            );
        }
        for (index, instance) in self.instances.iter().enumerate() {
            let place = format!("{place}/instances/{index}");
            check_name(&format!("{place}/id"), &instance.id)?;
            if !instances.insert(instance.id.as_str()) {
                return refuse(
                    format!("{place}/id"),
                    format!("instance `{}` stands there twice", instance.id),
                );
            }
            instance.address.check(&place)?;
        }
        Ok(())
    }
}

impl Address {
    fn check(&self, place: &str) -> Result<(), TableError> {
        let place = format!("{place}/address");
        match self {
            Self::Pod { socket, port } => {
                let length = socket.as_os_str().len();
                if length > SOCKET_PATH_BYTES_MAX {
                    return refuse(
                        format!("{place}/pod/socket"),
                        format!("a socket path of {length} bytes > {SOCKET_PATH_BYTES_MAX}"),
                    );
                }
                if !socket.is_absolute() {
                    return refuse(format!("{place}/pod/socket"), "the path is not absolute");
                }
                if *port == 0 {
                    return refuse(format!("{place}/pod/port"), "port 0 cannot be connected to");
                }
            }
            Self::Tcp(address) if address.port() == 0 => {
                return refuse(format!("{place}/tcp"), "port 0 cannot be connected to");
            }
            Self::Tcp(_) => {}
        }
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { socket, port } => write!(f, "{}:{port}", socket.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}

fn check_name(place: &str, name: &str) -> Result<(), TableError> {
    if name.is_empty() {
        return refuse(place, "an empty name");
    }
    if name.len() > NAME_BYTES_MAX {
        return refuse(place, format!("a name of {} bytes > {NAME_BYTES_MAX}", name.len()));
    }
    if name.chars().any(char::is_control) {
        return refuse(place, "a name with a control character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Address, Generation, Instance, Rollout, Route, Table, Version};
    use crate::limits::{INSTANCES_MAX, ROUTES_MAX, VERSIONS_MAX};

    fn instance(number: usize) -> Instance {
        let address = Address::Tcp("127.0.0.1:9000".parse().expect("an address"));
        Instance { id: format!("pod-{number}"), address }
    }

    fn version(hash: &str, weight: u32) -> Version {
        Version { hash: hash.to_owned(), weight, instances: Vec::new() }
    }

    fn table() -> Table {
        let route = Route {
            name: "shop".to_owned(),
            listen: "127.0.0.1:8080".parse().expect("an address"),
            stable: "aaa".to_owned(),
            versions: vec![version("aaa", 90), version("bbb", 10)],
            rollout: Some(Rollout { canary: "bbb".to_owned(), deadline_ms: 10_000 }),
        };
        Table { generation: Generation { epoch: 1, counter: 1 }, routes: vec![route] }
    }

    #[test]
    fn a_table_is_the_json_of_the_contract() {
        let text = r#"{"generation":{"epoch":3,"counter":7},"routes":[{"name":"shop",
            "listen":"127.0.0.1:8080","stable":"aaa","versions":[{"hash":"aaa","weight":100,
            "instances":[{"id":"u1","address":{"pod":{"socket":"/run/u1.sock","port":8080}}},
            {"id":"u2","address":{"tcp":"127.0.0.1:9000"}}]}]}]}"#;
        let table: Table = serde_json::from_str(text).expect("the contract's JSON");
        table.check().expect("it makes sense");
        assert_eq!(table.generation.to_string(), "3.7");
        let again = serde_json::to_string(&table).expect("JSON");
        assert_eq!(serde_json::from_str::<Table>(&again).expect("its own JSON"), table);
        for unknown in [
            text.replace("\"name\"", "\"host\":\"x\",\"name\""),
            text.replace("\"port\":8080", "\"port\":8080,\"tls\":true"),
            text.replace("\"epoch\":3", "\"epoch\":3,\"minor\":1"),
            text.replace("\"tcp\"", "\"udp\""),
        ] {
            assert!(serde_json::from_str::<Table>(&unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn every_limit_of_a_table_names_its_place() {
        type Change = fn(&mut Table);
        let cases: [(Change, &str); 10] = [
            (|t| t.routes = vec![t.routes[0].clone(); ROUTES_MAX + 1], "/routes"),
            (|t| t.routes.push(t.routes[0].clone()), "/routes/1/name"),
            (|t| t.routes[0].name = String::new(), "/routes/0/name"),
            (|t| t.routes[0].name = "a\nb".to_owned(), "/routes/0/name"),
            (|t| t.routes[0].stable = "x".repeat(254), "/routes/0/stable"),
            (
                |t| t.routes[0].versions = vec![version("aaa", 0); VERSIONS_MAX + 1],
                "/routes/0/versions",
            ),
            (
                |t| {
                    t.routes[0].versions[0].instances = (0..=INSTANCES_MAX).map(instance).collect();
                },
                "/routes/0/versions/0/instances",
            ),
            (
                |t| t.routes[0].rollout.as_mut().expect("one").canary = "aaa".to_owned(),
                "/routes/0/rollout/canary",
            ),
            (
                |t| t.routes[0].rollout.as_mut().expect("one").canary = "ccc".to_owned(),
                "/routes/0/rollout/canary",
            ),
            (
                |t| t.routes[0].rollout.as_mut().expect("one").deadline_ms = 99,
                "/routes/0/rollout/deadline_ms",
            ),
        ];
        table().check().expect("it makes sense");
        for (change, place) in cases {
            let mut table = table();
            change(&mut table);
            assert_eq!(table.check().expect_err(place).place, place);
        }
    }

    #[test]
    fn an_address_that_cannot_be_reached_is_refused() {
        for (address, place) in [
            (Address::Pod { socket: "relative.sock".into(), port: 80 }, "pod/socket"),
            (
                Address::Pod { socket: format!("/{}", "x".repeat(107)).into(), port: 80 },
                "pod/socket",
            ),
            (Address::Pod { socket: "/run/a.sock".into(), port: 0 }, "pod/port"),
            (Address::Tcp("127.0.0.1:0".parse().expect("an address")), "tcp"),
        ] {
            let mut table = table();
            table.routes[0].versions[0].instances.push(Instance { id: "a".to_owned(), address });
            let place = format!("/routes/0/versions/0/instances/0/address/{place}");
            assert_eq!(table.check().expect_err(&place).place, place);
        }
    }
}

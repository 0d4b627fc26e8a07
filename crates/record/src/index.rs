//! The index: a fold over the events of this stage, in their order.

use crate::{BUILT, DEPLOYED, Error};
use bowline_model::{BuildRecord, DeploymentRecord, Event};
use std::collections::BTreeMap;

/// All build and deployment records, with the look-ups that `trace` needs.
///
/// It is a cache of the journal: fold all events again and it gives the same answers.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// In the order of their events.
    pub(crate) builds: Vec<BuildRecord>,
    /// In the order of their events.
    pub(crate) deployments: Vec<DeploymentRecord>,
    /// Positions in `builds` by full commit id.
    pub(crate) by_commit: BTreeMap<String, Vec<usize>>,
    /// Positions in `builds` by the digest's hexadecimal digits.
    pub(crate) by_digest: BTreeMap<String, Vec<usize>>,
    /// Positions in `builds` by version.
    pub(crate) by_version: BTreeMap<String, Vec<usize>>,
    /// Positions in `deployments` by environment.
    pub(crate) by_environment: BTreeMap<String, Vec<usize>>,
    /// Positions in `deployments` by normal address.
    pub(crate) by_address: BTreeMap<String, Vec<usize>>,
    /// Positions in `deployments` by the digest's hexadecimal digits.
    pub(crate) deployed: BTreeMap<String, Vec<usize>>,
}

impl Index {
    /// The index of `events`, which stand in the journal's order.
    ///
    /// # Errors
    /// [`Error::Event`] when the body of an event of this stage is not its record.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, Error> {
        let mut index = Self::default();
        for event in events {
            index.apply(event)?;
        }
        Ok(index)
    }

    /// Takes one more event; those of other stages are left alone.
    ///
    /// # Errors
    /// [`Error::Event`] when the body of an event of this stage is not its record.
    pub fn apply(&mut self, event: &Event) -> Result<(), Error> {
        match event.kind.as_str() {
            BUILT => self.add_build(read(event)?),
            DEPLOYED => self.add_deployment(read(event)?),
            _ => {}
        }
        Ok(())
    }

    /// All builds, oldest first.
    #[must_use]
    pub fn builds(&self) -> &[BuildRecord] {
        &self.builds
    }

    /// All deployments, oldest first.
    #[must_use]
    pub fn deployments(&self) -> &[DeploymentRecord] {
        &self.deployments
    }

    /// What serves now: the last deployment of each environment and address.
    #[must_use]
    pub fn serving(&self) -> Vec<&DeploymentRecord> {
        let mut last: BTreeMap<(&str, &str), &DeploymentRecord> = BTreeMap::new();
        for record in &self.deployments {
            last.insert((&record.environment, &record.address), record);
        }
        last.into_values().collect()
    }

    fn add_build(&mut self, record: BuildRecord) {
        let position = self.builds.len();
        let note = |map: &mut BTreeMap<String, Vec<usize>>, key: &str| {
            map.entry(key.to_owned()).or_default().push(position);
        };
        note(&mut self.by_commit, &record.git_sha);
        note(&mut self.by_digest, record.digest.hex());
        note(&mut self.by_version, &record.version);
        self.builds.push(record);
    }

    fn add_deployment(&mut self, record: DeploymentRecord) {
        let position = self.deployments.len();
        let note = |map: &mut BTreeMap<String, Vec<usize>>, key: &str| {
            map.entry(key.to_owned()).or_default().push(position);
        };
        note(&mut self.by_environment, &record.environment);
        note(&mut self.deployed, record.digest.hex());
        note(&mut self.by_address, &crate::query::recorded_address(&record.address));
        self.deployments.push(record);
    }
}

fn read<T: serde::de::DeserializeOwned>(event: &Event) -> Result<T, Error> {
    T::deserialize(&event.body).map_err(|error| Error::Event {
        n: event.n,
        kind: event.kind.clone(),
        message: error.to_string(),
    })
}

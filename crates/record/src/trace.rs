//! `trace`: from anything that a person has at hand to the commit, the versions, the digest and
//! the places where it runs.

use crate::{
    Candidate, Error, Index,
    limits::{CANDIDATES_MAX, QUERY_BYTES_MAX},
    query::{Reading, readings},
};
use bowline_model::{BuildRecord, DeploymentRecord};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// As what a query was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// A commit.
    Commit,
    /// A version.
    Version,
    /// An image digest.
    Digest,
    /// An address at which users are served.
    Address,
    /// An environment.
    Environment,
}

/// What is known about a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// As it was asked.
    pub query: String,
    /// As what it was understood.
    pub matched: Matched,
    /// The build records, newest first. Empty for a digest that was deployed but not built here.
    pub builds: Vec<BuildRecord>,
    /// Where and when those digests were deployed, newest first.
    pub deployments: Vec<DeploymentRecord>,
    /// Those of the deployments that serve now.
    pub serving: Vec<DeploymentRecord>,
}

impl Index {
    /// What is known about `query`: a commit (at least seven digits), a version, a digest or its
    /// first digits, an image reference, a URL or listen address, the name of an environment.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] when it fits several, [`Error::Unknown`] when nothing fits,
    /// [`Error::QueryLength`] when it is empty or too long.
    pub fn trace(&self, query: &str) -> Result<Answer, Error> {
        if query.trim().is_empty() || query.len() > QUERY_BYTES_MAX {
            return Err(Error::QueryLength { bytes: query.len() });
        }
        let readings = readings(query);
        let mut found: Vec<(Matched, String)> = Vec::new();
        for reading in &readings {
            found.extend(self.matches(reading));
        }
        match found.as_slice() {
            [] => Err(self.unknown(query, &readings)),
            [(matched, key)] => Ok(self.answer(query, *matched, key)),
            several => Err(Error::Ambiguous {
                query: query.to_owned(),
                candidates: several.iter().map(|(kind, key)| self.candidate(*kind, key)).collect(),
            }),
        }
    }

    fn matches(&self, reading: &Reading) -> Vec<(Matched, String)> {
        let exact = |map: &BTreeMap<String, Vec<usize>>, key: &str, matched| {
            map.get_key_value(key).map(|(key, _)| (matched, key.clone())).into_iter().collect()
        };
        match reading {
            Reading::Version(version) => exact(&self.by_version, version, Matched::Version),
            Reading::Environment(name) => exact(&self.by_environment, name, Matched::Environment),
            Reading::Address(address) => exact(&self.by_address, address, Matched::Address),
            Reading::CommitPrefix(prefix) => starting_with(&self.by_commit, prefix)
                .map(|key| (Matched::Commit, key.clone()))
                .collect(),
            Reading::DigestPrefix(prefix) => {
                let built = starting_with(&self.by_digest, prefix);
                let keys: BTreeSet<_> =
                    built.chain(starting_with(&self.deployed, prefix)).cloned().collect();
                keys.into_iter().map(|key| (Matched::Digest, key)).collect()
            }
        }
    }

    fn answer(&self, query: &str, matched: Matched, key: &str) -> Answer {
        let digests: BTreeSet<String> = match matched {
            Matched::Digest => BTreeSet::from([key.to_owned()]),
            Matched::Commit => self.digests_of_builds(&self.by_commit, key),
            Matched::Version => self.digests_of_builds(&self.by_version, key),
            Matched::Address => self.digest_served(&self.by_address, key),
            Matched::Environment => self.digest_served(&self.by_environment, key),
        };
        let wanted = |build: &&BuildRecord| match matched {
            Matched::Commit => build.git_sha == key,
            Matched::Version => build.version == key,
            Matched::Digest | Matched::Address | Matched::Environment => {
                digests.contains(build.digest.hex())
            }
        };
        let of = |record: &&DeploymentRecord| digests.contains(record.digest.hex());
        let serving = self.serving().into_iter().filter(of).cloned().collect();
        Answer {
            query: query.to_owned(),
            matched,
            builds: self.builds.iter().rev().filter(wanted).cloned().collect(),
            deployments: self.deployments.iter().rev().filter(of).cloned().collect(),
            serving,
        }
    }

    fn digests_of_builds(&self, map: &BTreeMap<String, Vec<usize>>, key: &str) -> BTreeSet<String> {
        let positions = map.get(key).into_iter().flatten();
        positions.map(|position| self.builds[*position].digest.hex().to_owned()).collect()
    }

    fn digest_served(&self, map: &BTreeMap<String, Vec<usize>>, key: &str) -> BTreeSet<String> {
        let last = map.get(key).and_then(|positions| positions.last());
        last.map(|position| self.deployments[*position].digest.hex().to_owned())
            .into_iter()
            .collect()
    }

    fn candidate(&self, matched: Matched, key: &str) -> Candidate {
        let builds = match matched {
            Matched::Commit => &self.by_commit,
            Matched::Digest => &self.by_digest,
            Matched::Version | Matched::Address | Matched::Environment => &self.by_version,
        };
        let last = builds.get(key).and_then(|positions| positions.last());
        let about = last.map_or(String::new(), |position| self.builds[*position].version.clone());
        let query = if matched == Matched::Digest { format!("sha256:{key}") } else { key.into() };
        Candidate { query, about }
    }

    fn unknown(&self, query: &str, readings: &[Reading]) -> Error {
        let names = self.by_version.keys().rev().take(CANDIDATES_MAX * 10);
        let names = names.chain(self.by_environment.keys()).map(String::as_str);
        Error::Unknown {
            query: query.to_owned(),
            tried: readings.iter().map(Reading::words).collect(),
            nearest: bowline_diag::nearest(query, names).map(str::to_owned),
        }
    }
}

/// The keys of `map` that start with `prefix`, by a range look-up.
fn starting_with<'a>(
    map: &'a BTreeMap<String, Vec<usize>>,
    prefix: &'a str,
) -> impl Iterator<Item = &'a String> {
    map.range(prefix.to_owned()..).map(|(key, _)| key).take_while(move |k| k.starts_with(prefix))
}

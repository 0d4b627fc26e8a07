//! The manifest and rollout stages: objects with the image's digest, then traffic.

use super::{Done, Lane};
use crate::failure::Failure;
use crate::kubernetes;
use crate::repository_file;
use crate::rollout::{self, Applied, Carried, End, Job, sentence};
use bowline_diag::Diagnostic;
use bowline_host::clock::{self, Stopwatch};
use bowline_host::files;
use bowline_journal::When;
use bowline_manifest::{File, Resource};
use bowline_model::{DeploymentRecord, Digest, Outcome, Verdict};
use bowline_rollout::{Plan, Policy, RolloutSpec, Version, spec, template};
use std::collections::BTreeSet;

/// Files in a manifest folder, at most.
const MANIFEST_FILES_MAX: usize = 1000;

/// Argo's default delay before a left version's pods stop, in seconds. The edge drains by
/// itself, so on `local` only a delay that somebody chose is waited for.
const DELAY_SECONDS_DEFAULT: u32 = 30;

type EndOfRelease = (Outcome, String, Option<Failure>);

impl Lane<'_> {
    /// The key of the rollout's events.
    pub(crate) fn rollout_key(&self) -> String {
        format!("{}/{}", self.environment.name, self.config.app)
    }

    /// Manifest, then rollout; the last stages of every release that gets so far.
    pub(crate) async fn stage_rollout(&mut self) -> Result<EndOfRelease, Failure> {
        self.begin("manifest");
        let clock = Stopwatch::start();
        let applied = self.apply_manifests().await;
        let (job, done) = match applied {
            Ok((job, count)) => (Some(job), Ok(Done::passed(format!("{count} objects applied")))),
            Err(failure) => (None, Err(failure)),
        };
        if let Some(end) = self.end("manifest", false, clock.seconds(), done)? {
            return Ok(end);
        }
        let Some(job) = job else { return Err(Failure::bug("a manifest without a job")) };

        self.begin("rollout");
        let clock = Stopwatch::start();
        let carried =
            rollout::carry_out_until(self.conductor, self.target, &job, self.cancel).await;
        let done = match &carried {
            Ok(carried) => Ok(self.judged(carried)),
            Err(failure) => Err(failure.clone()),
        };
        let end = self.end("rollout", false, clock.seconds(), done)?;
        let carried = carried?;
        let (sentence, how) = (sentence(&carried.end), carried.end.clone());
        self.carried = Some(carried);
        if let Some(end) = end {
            return Ok(end);
        }
        match how {
            End::Promoted(_) => Ok((Outcome::Promoted, sentence, None)),
            End::AlreadyRunning => {
                self.record_deployment(&job)?;
                Ok((Outcome::Promoted, sentence, None))
            }
            End::Aborted(_) => Ok((Outcome::RolledBack, sentence, None)),
            End::Nothing if self.cancel.is_cancelled() => Ok(super::interrupted()),
            End::Refused(_) | End::Unchanged(_) | End::Nothing => {
                Err(Failure::bug(format!("the rollout has no end: {sentence}")))
            }
        }
    }

    /// First canary request to the decision, in milliseconds.
    pub(crate) fn decision_ms(&self) -> Option<u64> {
        match &self.carried.as_ref()?.end {
            End::Aborted(aborted) => aborted.evidence.decision_ms(),
            End::Promoted(promoted) => promoted.evidence.decision_ms(),
            End::AlreadyRunning | End::Refused(_) | End::Unchanged(_) | End::Nothing => None,
        }
    }

    fn judged(&self, carried: &Carried) -> Done {
        let note = sentence(&carried.end);
        match &carried.end {
            End::Promoted(promoted) => Done { verdict: promoted.verdict, note, stop: None },
            End::AlreadyRunning => Done { verdict: Verdict::Info, note, stop: None },
            End::Aborted(_) | End::Unchanged(_) | End::Nothing => {
                Done { verdict: Verdict::Block, note, stop: None }
            }
            End::Refused(refused) => {
                let failure = Failure {
                    diagnostics: vec![
                        Diagnostic::error("BOW1008", refused.reason.clone())
                            .help("release a commit with another image, or give `--override WHY`"),
                    ],
                    exit_code: Outcome::Blocked.exit_code(),
                };
                Done { verdict: Verdict::Block, note, stop: Some((Outcome::Blocked, failure)) }
            }
        }
    }

    /// Another release of what runs already: its promotion is this record. Others get theirs in
    /// the transaction of the promotion itself.
    fn record_deployment(&self, job: &Job) -> Result<(), Failure> {
        let record = DeploymentRecord {
            environment: self.environment.name.clone(),
            version: self.started.version.clone(),
            digest: self.image_digest()?,
            address: format!("http://{}", job.listen),
            at: clock::now(),
        };
        self.conductor.append(&[bowline_record::deployed_event(&record)], &[])?;
        Ok(())
    }

    pub(crate) fn image_digest(&self) -> Result<Digest, Failure> {
        self.earlier.digest.clone().ok_or_else(|| Failure::bug("a rollout without an image"))
    }

    async fn apply_manifests(&mut self) -> Result<(Job, usize), Failure> {
        let digest = self.image_digest()?;
        let mut resources = self.resources()?;
        bowline_manifest::set_image(&mut resources, &self.config.image, &digest)?;
        let mut job = self.job(&resources)?;
        if let Some(version) = &job.version {
            let state = rollout::state(self.conductor, &job.key)?;
            job.overriding |=
                rollout::was_only_interrupted(self.conductor, &job.key, &state, version)?;
        }
        let client = &self.target.client;
        kubernetes::ensure_namespace(client, &job.namespace).await?;
        for resource in &resources {
            let name = format!("{}/{}", job.namespace, resource.title());
            self.conductor.crash_point("manifest.apply", &name, When::Before);
            kubernetes::apply_for(client, &job.namespace, &resource.value, &self.config.app)
                .await?;
            self.conductor.crash_point("manifest.apply", &name, When::After);
        }
        let applied = Applied {
            namespace: job.namespace.clone(),
            service: job.service.clone(),
            listen: job.listen,
            api_version: workload_version(&resources),
            kind: format!("{:?}", job.spec.kind),
            name: job.spec.name.clone(),
        };
        self.conductor.append(&[applied.event(&job.key)], &[])?;
        Ok((job, resources.len()))
    }

    /// The manifests of the commit, in the order in which they are applied.
    fn resources(&self) -> Result<Vec<Resource>, Failure> {
        let (tree, folder) = (&self.checkout.tree, &self.config.deploy_path);
        if !repository_file::is_folder(tree, folder)? {
            let message = format!("`deploy.path` names `{}`", self.config.deploy_path);
            let message = format!("{message}, which is not a folder of the commit");
            return Err(Failure::usage(Diagnostic::error("BOW1009", message)));
        }
        let entries = files::walk(tree.join(folder), MANIFEST_FILES_MAX)?;
        let mut read = Vec::new();
        for entry in entries {
            if !bowline_manifest::is_manifest_file(&entry.relative) {
                continue;
            }
            let path = format!("{folder}/{}", entry.relative);
            if let Some(text) = repository_file::text(tree, &path)? {
                read.push(File { path, text });
            }
        }
        bowline_manifest::read(&read).map_err(Failure::mistakes)
    }

    /// The one Rollout or Deployment, and the Service that its users reach.
    fn job(&self, resources: &[Resource]) -> Result<Job, Failure> {
        let namespace = self.environment.name.clone();
        if let Some(foreign) = resources.iter().find(|r| {
            r.namespace.as_ref().is_some_and(|n| *n != namespace) && r.kind != "Namespace"
        }) {
            let message = format!("{} names another namespace", foreign.title());
            let help = format!("leave `metadata.namespace` out, or write `{namespace}`");
            let place = foreign.error("BOW1011", "/metadata/namespace", message, "");
            return Err(Failure::mistakes(vec![place.help(help)]));
        }
        let workloads: Vec<&Resource> = resources
            .iter()
            .filter(|r| matches!(r.kind.as_str(), "Rollout" | "Deployment"))
            .collect();
        let [workload] = workloads.as_slice() else {
            let message = format!(
                "`{}` holds {} Rollouts and Deployments, exactly one is carried out",
                self.config.deploy_path,
                workloads.len()
            );
            return Err(Failure::usage(Diagnostic::error("BOW1012", message)));
        };
        let mut spec = spec::read(&workload.value).map_err(|errors| {
            let placed = |error: &bowline_rollout::FieldError| {
                workload
                    .error(error.code, &error.pointer, error.message.clone(), "")
                    .help(error.help.clone())
            };
            Failure::mistakes(errors.iter().map(placed).collect())
        })?;
        spec.namespace.clone_from(&namespace);
        let service = self.service(&spec, resources)?;
        let plan = self.plan(&spec)?;
        let digest = self.image_digest()?;
        let version = Version {
            hash: template::hash(&spec.template),
            release: self.started.version.clone(),
            images: BTreeSet::from([digest.to_string()]),
            template_digest: template::digest(&spec.template).to_string(),
        };
        Ok(Job {
            key: self.rollout_key(),
            namespace,
            service,
            listen: self.environment.listen,
            spec,
            version: Some(version),
            plan,
            overriding: self.started.override_reason.is_some(),
            once: true,
        })
    }

    fn plan(&self, spec: &RolloutSpec) -> Result<Plan, Failure> {
        let policy = match self.config.max_error_rate {
            Some(rate) => Policy::with_max_error_rate(rate)?,
            None => Policy::default(),
        };
        let mut plan = Plan::new(spec, &policy);
        if spec.strategy.scale_down_delay_seconds == DELAY_SECONDS_DEFAULT {
            plan.scale_down_delay_ms = 0;
        }
        if spec.strategy.abort_scale_down_delay_seconds == DELAY_SECONDS_DEFAULT {
            plan.abort_scale_down_delay_ms = Some(0);
        }
        Ok(plan)
    }

    /// The Service named by the strategy, else the one that selects the pods.
    fn service(&self, spec: &RolloutSpec, resources: &[Resource]) -> Result<String, Failure> {
        let services: Vec<&Resource> = resources.iter().filter(|r| r.kind == "Service").collect();
        let named = spec.strategy.stable_service.as_ref();
        let labels = spec.template.pointer("/metadata/labels");
        let selects = |service: &Resource| {
            let selector = service.value.pointer("/spec/selector");
            selector.and_then(|s| s.as_object()).is_some_and(|selector| {
                !selector.is_empty()
                    && selector.iter().all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
            })
        };
        let found = match named {
            Some(name) => services.iter().find(|service| service.name == *name),
            None => services.iter().find(|service| selects(service)),
        };
        found.map(|service| service.name.clone()).ok_or_else(|| {
            let message = format!("no Service selects the pods of `{}`", spec.name);
            Failure::usage(
                Diagnostic::error("BOW1013", message)
                    .help("add a Service whose selector matches the pod template's labels"),
            )
        })
    }

    /// The Service of the commit's manifests, for counting before the rollout is there.
    pub(crate) fn service_name(&self) -> Result<String, Failure> {
        let resources = self.resources()?;
        let service = resources.iter().find(|resource| resource.kind == "Service");
        service.map(|service| service.name.clone()).ok_or_else(|| Failure::bug("no Service"))
    }
}

fn workload_version(resources: &[Resource]) -> String {
    let workload = resources.iter().find(|r| matches!(r.kind.as_str(), "Rollout" | "Deployment"));
    workload.map(|workload| workload.api_version.clone()).unwrap_or_default()
}

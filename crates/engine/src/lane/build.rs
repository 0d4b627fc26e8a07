//! The image and record stages.

use super::{Done, Lane};
use crate::failure::Failure;
use crate::notice::{Notice, Watcher};
use crate::release::kind;
use crate::repository_file;
use bowline_diag::{Diagnostic, exit};
use bowline_host::clock::{self, Stopwatch};
use bowline_host::files;
use bowline_image::{BuildEvent, BuildRequest, Built, Caches};
use bowline_model::{NewEvent, Outcome, Version};
use bowline_record::{BuildFacts, build_record};
use bowline_sandbox::toolchain;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Files of a commit that are looked at, at most.
const FILES_MAX: usize = 200_000;

/// The largest lock file that is recorded, in bytes.
const LOCK_BYTES_MAX: u64 = 64 * 1024 * 1024;

type EndOfRelease = (Outcome, String, Option<Failure>);

impl Lane<'_> {
    /// Builds the image, unless it is there already for this release.
    pub(crate) async fn stage_image(&mut self) -> Result<Option<EndOfRelease>, Failure> {
        self.begin("image");
        let clock = Stopwatch::start();
        if let (true, Some(digest)) = (self.earlier.passed("image"), &self.earlier.digest) {
            let note = digest.short().to_owned();
            return self.end("image", true, clock.seconds(), Ok(Done::passed(note)));
        }
        let done = match self.build().await {
            Ok(built) => self.image_done(built),
            // The user's own build failed: that ends the release.
            Err(failure) if failure.exit_code == exit::YOUR_CODE => Ok(Done {
                verdict: bowline_model::Verdict::Block,
                note: failure.sentence(),
                stop: Some((Outcome::Failed, failure)),
            }),
            Err(failure) => Err(failure),
        };
        self.end("image", false, clock.seconds(), done)
    }

    async fn build(&self) -> Result<Built, Failure> {
        let path = &self.config.dockerfile;
        let bytes = match repository_file::bytes(&self.checkout.tree, path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let message = format!("there is no `{path}` in the commit");
                let help = "add one, or name it: `dockerfile: PATH` in `bowline.yaml`";
                return Err(Failure::usage(Diagnostic::error("BOW1015", message).help(help)));
            }
            Err(failure) => return Err(failure),
        };
        let directories = &self.house.directories;
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let _watch = self.cancel.watch(move || seen.store(true, Ordering::SeqCst));
        let request = BuildRequest {
            context: self.checkout.tree.join(&self.config.context),
            dockerfile: path.clone(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            build_args: BTreeMap::new(),
            target: None,
            launcher: self.house.launcher.clone(),
            go: toolchain::find_go(&self.house.search_path)?,
            caches: Caches {
                go_build: directories.cache().join("go-build"),
                go_mod: directories.cache().join("go-mod"),
            },
            store: self.store.clone(),
            scratch: directories.runs().join(self.id.replace('/', "-")).join("image"),
            environment: self.house.network_environment.clone(),
            cancel: stop,
        };
        let watcher = self.conductor.watcher();
        let verbose = self.request.verbose;
        let work = bowline_host::task::blocking("image build", move || {
            bowline_image::build(&request, &mut |event| tell(&*watcher, verbose, event))
                .map_err(Failure::from)
        });
        work.await?
    }

    fn image_done(&mut self, built: Built) -> Result<Done, Failure> {
        let body = json!({
            "digest": built.digest,
            "config_digest": built.config_digest,
            "fast_path": built.fast_path,
            "toolchain": built.toolchain,
            "base_digests": built.base_digests,
        });
        self.conductor.append(&[NewEvent::new(kind::IMAGE, &self.id, body)], &[])?;
        for note in &built.notes {
            self.conductor.tell(&Notice::Happened {
                stage: "image".into(),
                word: "noted".into(),
                text: note.clone(),
            });
        }
        let note = format!("{} {:.1} MB", built.digest.short(), built.size as f64 / 1e6);
        self.earlier.digest = Some(built.digest);
        Ok(Done::passed(note))
    }

    /// Writes the build record: what leads from the digest back to the commit.
    pub(crate) fn record(&mut self) -> Result<Done, Failure> {
        if self.earlier.passed("record") {
            return Ok(Done::passed(self.started.version.clone()));
        }
        let digest = self.image_digest()?;
        let image = self.conductor.journal.last(kind::IMAGE, &self.id)?;
        let body = image.map(|event| event.body).unwrap_or_default();
        let table = |name: &str| serde_json::from_value(body[name].clone()).unwrap_or_default();
        let version: Version = self
            .started
            .version
            .parse()
            .map_err(|error| Failure::bug(format!("the release's own version: {error}")))?;
        let facts = BuildFacts {
            artifact: &self.config.image,
            version: &version,
            revision: &self.revision,
            bowline_version: &self.house.bowline_version,
            run_id: &self.id,
            built_at: clock::now(),
            digest: &digest,
            lock_digests: self.lock_digests()?,
            toolchain: table("toolchain"),
            base_digests: serde_json::from_value(body["base_digests"].clone()).unwrap_or_default(),
            seconds: self.stages.iter().map(|stage| (stage.stage.clone(), stage.seconds)).collect(),
        };
        let record = build_record(facts);
        self.conductor.append(&[bowline_record::built_event(&record)], &[])?;
        Ok(Done::passed(format!("{version} of {}", self.revision.short())))
    }

    /// Every lock file of the commit with the digest of its content.
    fn lock_digests(&self) -> Result<BTreeMap<String, bowline_model::Digest>, Failure> {
        let tree = &self.checkout.tree;
        let mut digests = BTreeMap::new();
        for entry in files::walk(tree, FILES_MAX)? {
            if bowline_record::is_lock_file(&entry.relative) {
                let bytes = files::read_beneath(tree, &entry.relative, LOCK_BYTES_MAX)?;
                digests.insert(entry.relative, bowline_store::digest_of(&bytes));
            }
        }
        Ok(digests)
    }
}

fn tell(watcher: &dyn Watcher, verbose: bool, event: BuildEvent) {
    match event {
        BuildEvent::StepStarted { text, .. } => {
            watcher.notice(&Notice::StageWorking { stage: "image".into(), text });
        }
        BuildEvent::Output { line, text } if verbose => watcher.notice(&Notice::Output {
            stage: "image".into(),
            origin: format!("Dockerfile:{line}"),
            line: text,
        }),
        BuildEvent::Output { .. } | BuildEvent::StepFinished(_) => {}
    }
}

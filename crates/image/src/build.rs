//! The build from the request to the image: read, plan, carry out, pack.

use crate::{
    BuildEvent, BuildRequest, Built, BuiltLayer, Error, Step, codes,
    context::Context,
    copy::{self, CopyError, Write},
    dockerfile::Dockerfile,
    elf,
    go_stage::{GoStage, add_host_files},
    plan::{self, Action, Base, Copy, Facts, Plan, StagePlan, StepPlan},
    run,
    tree::{Kind, Tree},
};
use bowline_diag::Diagnostic;
use bowline_host::{clock::Stopwatch, files, random};
use bowline_oci::{
    History, ImageConfig, Layer, image,
    layer::{Content, LayerBuilder, Owner},
    native_architecture,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

/// Builds the image. Blocks for as long as it takes: use a blocking task in async code.
///
/// # Errors
/// [`Error::Refused`] with every problem of the Dockerfile (nothing was run then),
/// [`Error::Run`] when a RUN step fails, [`Error::Cancelled`], and what the machine refuses.
pub fn build(request: &BuildRequest, observe: &mut dyn FnMut(BuildEvent)) -> Result<Built, Error> {
    let plan = plan_of(request)?;
    for folder in [&request.caches.go_build, &request.caches.go_mod] {
        files::create_dirs(folder)?;
    }
    let scratch = Scratch::new(&request.scratch)?;
    let mut build = Build {
        request,
        plan: &plan,
        scratch: &scratch.0,
        context: None,
        done: BTreeMap::new(),
        steps: Vec::new(),
        notes: plan.notes.clone(),
        observe,
    };
    for stage in &plan.stages {
        build.stage(stage)?;
    }
    let target = plan.stages.last().map(|stage| stage.index);
    let target = target.and_then(|index| build.done.remove(&index));
    let Some(Done::Files(target)) = target else {
        // The plan refuses a target on anything else than scratch.
        return Err(Error::Refused(Vec::new()));
    };
    build.pack(*target)
}

/// What is wrong with a Dockerfile, without building it: every problem, or else the notes.
///
/// `go_version` is the installed Go (`go1.26.8`). The files that COPY names are not looked for.
///
/// # Errors
/// At least one problem, in the order of the file.
pub fn check(
    file: &str,
    text: &str,
    go_version: Option<&str>,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let facts = Facts {
        go_version: go_version.map(str::to_owned),
        architecture: native_architecture().to_owned(),
        ..Facts::default()
    };
    plan_of_text(file, text, &facts).map(|plan| plan.notes)
}

fn plan_of(request: &BuildRequest) -> Result<Plan, Error> {
    let facts = Facts {
        build_args: request.build_args.clone(),
        target: request.target.clone(),
        go_version: request.go.as_ref().map(|go| go.version.clone()),
        architecture: native_architecture().to_owned(),
    };
    plan_of_text(&request.dockerfile, &request.text, &facts).map_err(Error::Refused)
}

fn plan_of_text(file: &str, text: &str, facts: &Facts) -> Result<Plan, Vec<Diagnostic>> {
    let dockerfile = Dockerfile::parse(text).map_err(|error| {
        let place = error.place;
        let diagnostic = Diagnostic::error(codes::SYNTAX.id, error.message)
            .at(file, place.line, place.column, 1, "")
            .source(file, text);
        vec![diagnostic]
    })?;
    plan::plan(file, text, &dockerfile, facts)
}

/// A folder of this build alone, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(below: &Path) -> Result<Self, Error> {
        let folder = below.join(format!("build-{}", random::hex(8)));
        files::create_private_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing is lost when it stays: the next build has a folder of its own.
        let _ = files::remove_tree(&self.0);
    }
}

/// A stage on scratch.
#[derive(Clone, Default)]
struct Files {
    tree: Tree,
    layers: Vec<Layer>,
    history: Vec<History>,
    plan: Option<StagePlan>,
}

/// A stage that was carried out.
enum Done {
    Files(Box<Files>),
    Go { stage: GoStage, tree: Tree },
}

struct Build<'a> {
    request: &'a BuildRequest,
    plan: &'a Plan,
    scratch: &'a Path,
    context: Option<Context>,
    done: BTreeMap<usize, Done>,
    steps: Vec<Step>,
    notes: Vec<String>,
    observe: &'a mut dyn FnMut(BuildEvent),
}

impl Build<'_> {
    fn stage(&mut self, plan: &StagePlan) -> Result<(), Error> {
        let parent = match plan.base {
            Base::Stage(index) => self.done.get(&index),
            Base::Scratch | Base::Golang => None,
        };
        let mut done = match (&plan.base, parent) {
            (_, Some(Done::Files(files))) => Done::Files(files.clone()),
            (Base::Golang, _) => self.go_stage(plan.index, None)?,
            (_, Some(Done::Go { stage, .. })) => self.go_stage(plan.index, Some(stage))?,
            (_, None) => Done::Files(Box::default()),
        };
        for step in &plan.steps {
            if self.request.cancel.load(Ordering::SeqCst) {
                return Err(Error::Cancelled);
            }
            let watch = Stopwatch::start();
            let (line, text) = (step.place.line, step.text.clone());
            (self.observe)(BuildEvent::StepStarted { line, text: text.clone() });
            self.step(&mut done, step)?;
            let step = Step { line, text, seconds: watch.seconds(), cached: false };
            (self.observe)(BuildEvent::StepFinished(step.clone()));
            self.steps.push(step);
        }
        if let Done::Files(files) = &mut done {
            files.plan = Some(plan.clone());
        }
        self.done.insert(plan.index, done);
        Ok(())
    }

    fn go_stage(&self, index: usize, parent: Option<&GoStage>) -> Result<Done, Error> {
        let folder = self.scratch.join(format!("stage-{index}"));
        files::create_dirs(&folder)?;
        let stage = GoStage::new(&folder, parent)?;
        let tree = stage.tree()?;
        Ok(Done::Go { stage, tree })
    }

    fn step(&mut self, done: &mut Done, step: &StepPlan) -> Result<(), Error> {
        let writes = match &step.action {
            Action::Config => Vec::new(),
            Action::Run(run) => {
                if let Done::Go { stage, tree } = done {
                    run::run(self.request, stage, step, run, self.observe)?;
                    *tree = stage.tree()?;
                }
                return Ok(());
            }
            Action::Workdir(path) => {
                let made = copy::make_dir(done.tree(), path);
                made.map_err(|error| self.refuse(step, &error))?
            }
            Action::Copy(copy) => self.copy(done.tree(), step, copy)?,
        };
        match done {
            Done::Go { stage, tree } => {
                stage.write(&writes)?;
                if !writes.is_empty() {
                    *tree = stage.tree()?;
                }
            }
            Done::Files(files) => self.layer(files, step, writes)?,
        }
        Ok(())
    }

    fn copy(&mut self, to: &Tree, step: &StepPlan, copy: &Copy) -> Result<Vec<Write>, Error> {
        let result = match copy.from {
            None => {
                let context = self.context()?;
                copy::writes(copy, &context.tree, to, "the build context")
            }
            Some(index) => {
                let mut notes = Vec::new();
                let result = match self.done.get(&index) {
                    Some(Done::Files(files)) => copy::writes(copy, &files.tree, to, "that stage"),
                    Some(Done::Go { tree, .. }) => {
                        let mut tree = tree.clone();
                        let go_root = self.request.go.as_ref().map(|go| go.root.as_path());
                        for (source, place) in &copy.sources {
                            if add_host_files(&mut tree, source, go_root)? {
                                let file = &self.request.dockerfile;
                                let line = place.line;
                                notes.push(format!(
                                    "{file}:{line}: `{source}` is this machine's own"
                                ));
                            }
                        }
                        copy::writes(copy, &tree, to, "that stage")
                    }
                    // The plan holds every stage that is copied from, and earlier ones first.
                    None => Ok(Vec::new()),
                };
                self.notes.extend(notes);
                result
            }
        };
        result.map_err(|error| self.refuse_copy(step, copy, &error))
    }

    fn context(&mut self) -> Result<&Context, Error> {
        let context = match self.context.take() {
            Some(context) => context,
            None => Context::read(&self.request.context, &self.request.dockerfile)?,
        };
        Ok(self.context.insert(context))
    }

    /// Packs what a step wrote and puts it on top.
    fn layer(
        &mut self,
        files: &mut Files,
        step: &StepPlan,
        writes: Vec<Write>,
    ) -> Result<(), Error> {
        let mut builder = LayerBuilder::new();
        for (path, node) in &writes {
            let owner = Owner { uid: node.owner.0, gid: node.owner.1 };
            match &node.kind {
                Kind::Dir => builder.dir(path, node.mode, owner)?,
                Kind::File(content) => builder.file(path, content.clone(), node.mode, owner)?,
                Kind::Symlink(target) => builder.symlink(path, target, owner)?,
            }
        }
        let empty = builder.is_empty();
        if !empty {
            files.layers.push(builder.write(&self.request.store)?);
        }
        for (path, node) in writes {
            files.tree.insert(path, node);
        }
        files.history.push(History {
            created: Some(image::CREATED.to_owned()),
            created_by: Some(step.text.clone()),
            comment: None,
            empty_layer: empty,
        });
        Ok(())
    }

    fn pack(mut self, target: Files) -> Result<Built, Error> {
        let plan = target.plan.as_ref();
        let mut config = ImageConfig::new(native_architecture());
        config.config = plan.map(|plan| plan.config.clone()).unwrap_or_default();
        config.author = plan.and_then(|plan| plan.author.clone());
        config.history = target.history;
        self.notes.extend(cannot_start(&config, &target.tree)?);
        let store = &self.request.store;
        let digest = image::write(store, &config, &target.layers)?;
        let written = image::read(store, &digest)?;
        let layers: Vec<BuiltLayer> = target
            .layers
            .into_iter()
            .map(|Layer { digest, diff_id, size, .. }| BuiltLayer { digest, diff_id, size })
            .collect();
        let size = store.size(&digest)?
            + written.manifest.config.size
            + layers.iter().map(|layer| layer.size).sum::<u64>();
        let go = self.plan.stages.iter().any(|stage| stage.base == Base::Golang);
        let go = self.request.go.as_ref().filter(|_| go);
        Ok(Built {
            digest,
            config_digest: written.manifest.config.digest,
            layers,
            size,
            base_digests: BTreeMap::new(),
            toolchain: go.map(|go| ("go".to_owned(), go.version.clone())).into_iter().collect(),
            steps: self.steps,
            notes: self.notes,
            fast_path: true,
        })
    }

    fn refuse(&self, step: &StepPlan, error: &CopyError) -> Error {
        let file = &*self.request.dockerfile;
        let length = step.text.split(' ').next().map_or(1, str::len);
        let diagnostic = Diagnostic::error(codes::REFERENCE.id, error.to_string())
            .at(file, step.place.line, step.place.column, length, "")
            .source(file, &*self.request.text);
        Error::Refused(vec![diagnostic])
    }

    fn refuse_copy(&self, step: &StepPlan, copy: &Copy, error: &CopyError) -> Error {
        let CopyError::Missing { index, source_path, nearest, .. } = error else {
            return self.refuse(step, error);
        };
        let file = &*self.request.dockerfile;
        let place = copy.sources[*index].1;
        let excluded = self.context.as_ref().filter(|_| copy.from.is_none());
        let excluded = excluded.and_then(|context| context.excluded_by(source_path));
        let help = match (excluded, nearest) {
            (Some(ignore), _) => format!("it is there, but `{ignore}` excludes it"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "paths are relative to the folder of the build context".to_owned(),
        };
        let diagnostic = Diagnostic::error(codes::REFERENCE.id, error.to_string())
            .at(file, place.line, place.column, source_path.chars().count(), "")
            .source(file, &*self.request.text)
            .help(help);
        Error::Refused(vec![diagnostic])
    }
}

impl Done {
    fn tree(&self) -> &Tree {
        match self {
            Self::Files(files) => &files.tree,
            Self::Go { tree, .. } => tree,
        }
    }
}

/// A note when the program of the image is not there or wants a linker that is not there: the
/// commonest reason why an image on scratch does not start.
fn cannot_start(config: &ImageConfig, tree: &Tree) -> Result<Option<String>, Error> {
    let config = &config.config;
    let Some(program) = config.entrypoint.first().or(config.cmd.first()) else {
        return Ok(Some("the image has neither ENTRYPOINT nor CMD".to_owned()));
    };
    if !program.contains('/') {
        // Looked for in the PATH of the image when it starts.
        return Ok(None);
    }
    let whole = if program.starts_with('/') {
        program.clone()
    } else {
        format!("{}/{program}", config.working_dir)
    };
    let real = tree.resolve(&whole, true).unwrap_or_default();
    let Some(node) = tree.get(&real) else {
        return Ok(Some(format!("the image's program `{program}` is not in the image")));
    };
    let Kind::File(Content::File(path)) = &node.kind else { return Ok(None) };
    let mut file = files::open_read(path)?;
    let linker = elf::interpreter(&mut file)
        .map_err(|source| Error::Write { path: program.clone(), source })?;
    let missing = linker.filter(|linker| {
        let real = tree.resolve(linker, true).unwrap_or_default();
        tree.get(&real).is_none()
    });
    Ok(missing.map(|linker| {
        format!("`{program}` needs `{linker}`, which is not in the image: set `CGO_ENABLED=0`")
    }))
}

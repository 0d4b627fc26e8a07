//! `bowline render`: the bytes of `helm template` or `kubectl kustomize` on stdout, talk on stderr.

use crate::context::Context;
use crate::flags::RenderArguments;
use crate::{chart, overlay, printer};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_host::{clock, files};
use bowline_manifest::helm::{
    LookupSnapshot, PROFILES, Profile, Release, Rendered, Selection, Setting, Values, ValuesFile,
    render, show_only,
};
use bowline_manifest::kustomize;
use bowline_manifest::limits::TREE_FILE_BYTES_MAX;
use bowline_manifest::sprig::{Moment, Seed};
use bowline_manifest::tmpl::Str;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Renders a chart or a kustomization; exit 1 where Helm or Kustomize fails.
pub fn run(context: &Context, arguments: &RenderArguments) -> Result<u8, Failure> {
    let (name, path) = match arguments.name_and_path.as_slice() {
        [name, path] => (name.as_str(), path),
        [path] => ("release-name", path),
        _ => return Err(usage("name a chart".to_owned(), "`bowline render [NAME] PATH`")),
    };
    let place = located(context, path);
    if overlay::is_kustomization(&place) && !files::exists(place.join("Chart.yaml")) {
        return build(arguments, &place);
    }
    let setting = setting(arguments)?;
    let chart = Arc::new(chart::read(&place)?);
    let release = Release {
        name: name.to_owned(),
        namespace: arguments.namespace.clone(),
        is_upgrade: arguments.is_upgrade,
    };
    let values = values(context, arguments)?;
    let rendered = render(&chart, &values, &release, &setting).map_err(chart::failure)?;
    tell(context, &rendered);
    let text = rendered.to_text(Selection {
        crds: arguments.include_crds,
        hooks: !arguments.no_hooks,
        tests: !arguments.skip_tests,
    });
    if arguments.show_only.is_empty() {
        printer::bytes(&text);
        return Ok(exit::OK);
    }
    let shown = show_only(&text, &arguments.show_only).map_err(|pattern| {
        let message = format!("no resource comes from a template `{pattern}`");
        let diagnostic = Diagnostic::error("BOW0620", message)
            .help("name it as in the chart: `templates/service.yaml`");
        Failure { exit_code: exit::YOUR_CODE, ..Failure::usage(diagnostic) }
    })?;
    printer::bytes(&shown);
    Ok(exit::OK)
}

/// The bytes of `kubectl kustomize`.
fn build(arguments: &RenderArguments, folder: &Path) -> Result<u8, Failure> {
    if let Some(flag) = arguments.of_charts() {
        let message = format!("`{flag}` is for charts, and `{}` is none", folder.display());
        return Err(usage(message, "leave it out: a kustomization takes no values"));
    }
    let (tree, directory) = overlay::read(folder)?;
    let text = kustomize::build(&tree, &directory).map_err(|mistakes| Failure {
        exit_code: exit::YOUR_CODE,
        ..Failure::mistakes(mistakes)
    })?;
    printer::bytes(text.as_bytes());
    Ok(exit::OK)
}

fn usage(message: String, help: &str) -> Failure {
    Failure::usage(Diagnostic::error("BOW0621", message).help(help))
}

fn located(context: &Context, path: &str) -> PathBuf {
    context.common.directory.as_ref().map_or_else(|| PathBuf::from(path), |base| base.join(path))
}

fn setting(arguments: &RenderArguments) -> Result<Setting, Failure> {
    let Some(profile) = Profile::named(&arguments.helm_profile) else {
        let known: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        let message = format!("there is no profile `{}`", arguments.helm_profile);
        return Err(usage(message, &format!("use one of: {}", known.join(", "))));
    };
    let mut capabilities = profile.capabilities();
    if let Some(version) = &arguments.kube_version
        && !capabilities.set_kube_version(version)
    {
        let message = format!("`{version}` is no version of Kubernetes");
        return Err(usage(message, "write it as `v1.35.0`"));
    }
    capabilities.api_versions.extend(arguments.api_versions.iter().cloned());
    let now = clock::now().0;
    Ok(Setting {
        profile,
        capabilities,
        lookup: LookupSnapshot::default(),
        seed: Seed([0; 32]),
        now: Moment { seconds: now.div_euclid(1_000), nanoseconds: 0 },
        skip_schema_validation: arguments.skip_schema_validation,
    })
}

fn values(context: &Context, arguments: &RenderArguments) -> Result<Values, Failure> {
    let file = |path: &str| -> Result<ValuesFile, Failure> {
        if path.contains("://") {
            let message = format!("`{path}` is an address: values are files");
            return Err(usage(message, "download it and name the file"));
        }
        let text = files::read(located(context, path), TREE_FILE_BYTES_MAX as u64)
            .map_err(|error| usage(error.what(), "name a values file that is there"))?;
        Ok(ValuesFile { path: path.to_owned(), text: Str::from(text) })
    };
    let mut set_files = Vec::new();
    for argument in &arguments.set_file {
        let paths = argument.split(',').filter_map(|part| part.split_once('='));
        let files = paths.map(|(_, path)| file(path)).collect::<Result<_, _>>()?;
        set_files.push((argument.clone(), files));
    }
    Ok(Values {
        files: arguments.values.iter().map(|path| file(path)).collect::<Result<_, _>>()?,
        json: arguments.set_json.clone(),
        typed: arguments.set.clone(),
        text: arguments.set_string.clone(),
        set_files,
        literal: arguments.set_literal.clone(),
    })
}

/// What Helm does in silence.
fn tell(context: &Context, rendered: &Rendered) {
    if context.common.verbose {
        for diagnostic in &rendered.diagnostics {
            printer::talk(&format!("warning: {}", diagnostic.message));
        }
    }
}

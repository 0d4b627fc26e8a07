//! The charts of other people against what Helm 4.1.4 prints for them.
//!
//! Skipped, and said so, where the yardsticks are missing.
#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use bowline_manifest::FileTree;
use bowline_manifest::helm::{
    Chart, Error, Ignore, LookupSnapshot, Profile, Release, Selection, Setting, Values, ValuesFile,
    render,
};
use bowline_manifest::sprig::{Moment, Seed};
use bowline_manifest::tmpl::Str;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// What the score must not fall below, of 558 and of 22.
const EQUAL_MIN: usize = 557;
const FAILING_MIN: usize = 22;

/// Unpacks the archives beneath the target folder, once.
fn yardsticks() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("BOWLINE_YARDSTICKS").map(PathBuf::from);
    let from = given.unwrap_or_else(|| root.join("../shared/yardsticks")).join("helm");
    let into = root.join("target/yardsticks/helm");
    if into.join("combos.json").exists() && into.join("corpus").exists() {
        return Some(into);
    }
    for archive in ["charts.tar.zst", "expected.tar.zst"] {
        if !from.join(archive).exists() {
            return None;
        }
        std::fs::create_dir_all(&into).ok()?;
        let unpacked = Command::new("tar")
            .args(["-I", "zstd -d --long=27", "-xf"])
            .arg(from.join(archive))
            .arg("-C")
            .arg(&into)
            .status();
        unpacked.ok().filter(std::process::ExitStatus::success)?;
    }
    Some(into)
}

fn walk(folder: &Path, path: &str, ignore: &Ignore, tree: &mut FileTree) {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of the corpus")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    for name in names {
        let at = folder.join(&name);
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        if ignore.skips(&path, at.is_dir()) {
            continue;
        }
        if at.is_dir() {
            walk(&at, &path, ignore, tree);
        } else {
            let content = std::fs::read(&at).expect("a file of the corpus");
            tree.add(path, &content).expect("it is within the limits");
        }
    }
}

fn load(folder: &Path) -> Result<Arc<Chart>, Error> {
    let ignore = Ignore::read(std::fs::read(folder.join(".helmignore")).ok().as_deref())?;
    let mut tree = FileTree::default();
    walk(folder, "", &ignore, &mut tree);
    let unpack = |_: &[u8]| -> Result<FileTree, Error> { panic!("the corpus has no archives") };
    Chart::read(&tree, "", &unpack).map(Arc::new)
}

fn rendered(chart: &Arc<Chart>, folder: &Path, values: &str) -> Result<Vec<u8>, Error> {
    let profile = Profile::named("helm-4.1").expect("the default profile");
    let mut given = Values::default();
    if !values.is_empty() {
        let text = Str::from(std::fs::read(folder.join(values)).expect("a values file"));
        given.files.push(ValuesFile { path: values.to_owned(), text });
    }
    let release = Release { name: "rel".into(), namespace: "ns1".into(), is_upgrade: false };
    let setting = Setting {
        profile,
        capabilities: profile.capabilities(),
        lookup: LookupSnapshot::default(),
        seed: Seed([7; 32]),
        now: Moment { seconds: 1_790_000_000, nanoseconds: 0 },
        skip_schema_validation: false,
    };
    let rendered = render(chart, &given, &release, &setting)?;
    Ok(rendered.to_text(Selection { crds: false, hooks: true, tests: true }))
}

/// Equal lines, where those that differ between Helm's own runs are not looked at.
fn equal(ours: &[u8], one: &[u8], other: &[u8]) -> Result<(), String> {
    let lines = |text: &[u8]| -> Vec<String> {
        text.split(|b| *b == b'\n').map(|l| String::from_utf8_lossy(l).into_owned()).collect()
    };
    let (ours, one, other) = (lines(ours), lines(one), lines(other));
    for (at, expected) in one.iter().enumerate() {
        if other.get(at) != Some(expected) {
            continue;
        }
        if ours.get(at) != Some(expected) {
            let got = ours.get(at).map_or("(nothing)", String::as_str);
            return Err(format!("line {}: `{got}` instead of `{expected}`", at + 1));
        }
    }
    match ours.len() == one.len() {
        true => Ok(()),
        false => Err(format!("{} lines instead of {}", ours.len(), one.len())),
    }
}

#[test]
fn charts_of_other_people_render_as_helm_renders_them() {
    let Some(root) = yardsticks() else {
        println!("helm skipped: no yardsticks");
        return;
    };
    let combos = std::fs::read(root.join("combos.json")).expect("combos.json");
    let combos: Vec<serde_json::Value> = serde_json::from_slice(&combos).expect("JSON");
    let mut charts: BTreeMap<String, Result<Arc<Chart>, Error>> = BTreeMap::new();
    let (mut same, mut renders, mut failed, mut must_fail) = (0, 0, 0, 0);
    let only = std::env::var("BOWLINE_HELM_ONLY").ok();
    for combo in &combos {
        let text = |name: &str| combo[name].as_str().unwrap_or_default().to_owned();
        let (key, name, values) = (text("key"), text("chart"), text("values"));
        if only.as_ref().is_some_and(|only| !key.contains(only.as_str())) {
            continue;
        }
        let folder = root.join("corpus").join(&name);
        let chart = charts.entry(name).or_insert_with(|| load(&folder));
        let started = std::time::Instant::now();
        let output = match chart {
            Ok(chart) => rendered(chart, &folder, &values),
            Err(error) => Err(error.clone()),
        };
        if std::env::var_os("BOWLINE_HELM_TIMES").is_some() {
            println!("time {key}: {:?}", started.elapsed());
        }
        if combo["rc"] != 0 {
            must_fail += 1;
            match output {
                Ok(_) => println!("must fail {key}: {}", text("stderr").trim()),
                Err(_) => failed += 1,
            }
            continue;
        }
        renders += 1;
        let run = |run: &str| std::fs::read(root.join(run).join(format!("{key}.yaml")));
        let (one, other) = (run("run_a").expect("a run"), run("run_b").expect("another run"));
        let verdict = output.map_err(|error| {
            let labels = &error.diagnostic().labels;
            let place = labels.first().map(|l| format!(" at {}:{}", l.file, l.line));
            format!("error: {error}{}", place.unwrap_or_default())
        });
        match verdict.and_then(|ours| {
            if let Some(to) = std::env::var_os("BOWLINE_HELM_OUT") {
                std::fs::write(Path::new(&to).join(format!("{key}.yaml")), &ours).expect("a file");
            }
            equal(&ours, &one, &other)
        }) {
            Ok(()) => same += 1,
            Err(why) => println!("differs {key}: {why}"),
        }
    }
    println!("helm {same}/{renders}");
    println!("helm-failing {failed}/{must_fail}");
    if only.is_none() {
        assert!(same >= EQUAL_MIN, "{same} of {renders} are equal");
        assert!(failed >= FAILING_MIN, "{failed} of {must_fail} fail");
    }
}

//! `bowline explain`: what an error code means.

use crate::world;
use bowline_host::files::{self, Kind};
use bowline_testkit::bow_snapshot;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn a_code_is_explained_in_either_case() {
    let world = world();
    let upper = world.bowline(world.root(), &["explain", "BOW1005"]);
    let lower = world.bowline(world.root(), &["explain", "bow1005"]);
    assert_eq!(upper.stdout, lower.stdout);
    bow_snapshot!(world, "explain-one", upper);
}

#[test]
fn every_code_is_listed_once_in_order_and_explained() {
    let world = world();
    let listed = world.bowline(world.root(), &["explain"]);
    bow_snapshot!(world, "explain-all", listed);
    let codes: Vec<&str> = listed.stdout.lines().filter_map(|l| l.split("  ").next()).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted, "each code once, in order");
    let unlike = |code: &&&str| code.len() != 7 || !code.starts_with("BOW");
    assert_eq!(codes.iter().find(unlike), None, "a code is BOW and four digits");
}

#[test]
fn an_unknown_code_names_the_near_one() {
    let world = world();
    bow_snapshot!(world, "explain-unknown", world.bowline(world.root(), &["explain", "BOW105"]));
    let far = world.bowline(world.root(), &["explain", "sandwich"]);
    bow_snapshot!(world, "explain-far", far);
}

#[test]
fn an_unknown_verb_or_flag_names_the_near_one() {
    let world = world();
    bow_snapshot!(world, "usage-verb", world.bowline(world.root(), &["relaese"]));
    let flag = world.bowline(world.root(), &["release", "--overide", "x"]);
    bow_snapshot!(world, "usage-flag", flag);
    bow_snapshot!(world, "usage-none", world.bowline(world.root(), &[]));
    assert!(world.processes().is_empty());
}

#[test]
fn help_and_version_are_data() {
    let world = world();
    bow_snapshot!(world, "usage-help", world.bowline(world.root(), &["--help"]));
    let version = world.bowline(world.root(), &["--version"]).expect_exit(0);
    assert_eq!(version.stdout, format!("bowline {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_near_name() {
    let mut world = world();
    world.set("BOWLINE_STAET", "/tmp/elsewhere");
    let said = world.bowline(world.root(), &["explain", "BOW1005"]).expect_exit(0);
    bow_snapshot!(world, "usage-variable", said);
}

#[test]
fn a_state_folder_that_is_not_absolute_is_refused() {
    let mut world = world();
    world.set("BOWLINE_STATE", "here");
    bow_snapshot!(world, "usage-relative-state", world.bowline(world.root(), &["ls"]));
    world.unset("BOWLINE_STATE");
    world.unset("HOME");
    bow_snapshot!(world, "usage-no-home", world.bowline(world.root(), &["ls"]));
}

#[test]
fn every_code_that_the_sources_name_is_explained() {
    let world = world();
    let listed = world.bowline(world.root(), &["explain"]).stdout;
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut unknown = BTreeSet::new();
    for entry in files::walk(&crates, 10_000).expect("the sources are there") {
        let source = entry.relative.contains("/src/") && entry.relative.ends_with(".rs");
        if entry.kind != Kind::File || !source || entry.relative.starts_with("diag/") {
            continue;
        }
        let text = files::read_text(crates.join(&entry.relative), 1 << 20).expect("readable");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, _) in code.match_indices("\"BOW") {
            let id = code.get(at + 1..at + 8).unwrap_or_default();
            if id[3..].bytes().all(|b| b.is_ascii_digit()) && !listed.contains(id) {
                unknown.insert(format!("{id} in {}", entry.relative));
            }
        }
    }
    assert!(unknown.is_empty(), "not in a table of codes: {unknown:?}");
}

#[test]
fn every_verb_that_the_sources_tell_people_to_type_is_there() {
    let world = world();
    let verbs: BTreeSet<String> = ["", "rollout"]
        .into_iter()
        .flat_map(|group| {
            let words = group.split(' ').filter(|word| !word.is_empty());
            let typed: Vec<&str> = words.chain(["--help"]).collect();
            let help = world.bowline(world.root(), &typed).expect_exit(0).stdout;
            let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
            let listed = listed.map_while(|line| line.split_whitespace().next().map(str::to_owned));
            listed.map(|verb| format!("{group} {verb}").trim().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert!(verbs.contains("release") && verbs.contains("rollout abort"), "{verbs:?}");
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut unknown = BTreeSet::new();
    for entry in files::walk(&crates, 10_000).expect("the sources are there") {
        let source = entry.relative.contains("/src/") && entry.relative.ends_with(".rs");
        if entry.kind != Kind::File || !source {
            continue;
        }
        let text = files::read_text(crates.join(&entry.relative), 1 << 20).expect("readable");
        let told = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for rest in told.flat_map(|line| line.split("`bowline ").skip(1)) {
            let typed = rest.split(['`', '"']).next().unwrap_or_default();
            let mut words = typed.split(' ').filter(|word| !word.starts_with('-'));
            let verb = words.next().unwrap_or_default();
            let known = match words.next().filter(|_| verb == "rollout") {
                Some(word) => verbs.contains(&format!("{verb} {word}")),
                None => verbs.contains(verb),
            };
            if !known && verb.chars().all(|letter| letter.is_ascii_lowercase()) {
                unknown.insert(format!("`bowline {typed}` in {}", entry.relative));
            }
        }
    }
    assert!(unknown.is_empty(), "no such verb: {unknown:?}");
}

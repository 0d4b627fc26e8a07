//! `bowline doctor`: what this machine permits. Its answer differs from machine to machine, so
//! its shape is tested, and what it says about what a test took away.

use crate::world;

#[test]
fn every_finding_has_a_name_and_what_is_missing_has_a_remedy() {
    let world = world();
    let answer = world.bowline(world.root(), &["doctor", "-o", "json"]).json();
    let items = answer["items"].as_array().expect("items");
    assert!(items.len() > 5, "{answer}");
    for item in items {
        let text = |name: &str| item[name].as_str().unwrap_or_default().len();
        assert!(text("name") > 0 && text("detail") > 0, "{item}");
        assert!(item["ok"] == true || text("remedy") > 0, "{item}");
    }
    world.expect_no_process();
    let left = bowline_host::files::list(world.state()).expect("a state folder");
    let left: Vec<String> = left.into_iter().map(|entry| entry.name).collect();
    assert_eq!(left, ["cache"], "only what the world itself laid there");
}

#[test]
fn a_machine_without_go_is_told_so_with_exit_2() {
    let mut world = world();
    world.bare_path();
    let outcome = world.bowline(world.root(), &["doctor"]).expect_exit(2);
    let line = outcome.stdout.lines().find(|line| line.contains("no Go toolchain"));
    let line = line.unwrap_or_else(|| panic!("{outcome}"));
    assert!(line.starts_with("× go "), "{line}");
    let help = outcome.stdout.lines().skip_while(|next| *next != line).nth(1);
    assert_eq!(help, Some("  help: install it, for example `apt-get install golang-go`"));
}

#[test]
fn a_machine_with_all_tools_passes_in_both_forms() {
    let world = world();
    let people = world.bowline(world.root(), &["doctor"]);
    let machine = world.bowline(world.root(), &["doctor", "-o", "json"]);
    assert_eq!(people.code, machine.code, "{people}");
    let good = people.stdout.lines().filter(|line| line.starts_with('✓')).count();
    let answer = machine.json();
    let ok = answer["items"].as_array().expect("items").iter().filter(|i| i["ok"] == true).count();
    assert_eq!(good, ok, "{people}");
}

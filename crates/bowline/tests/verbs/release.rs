//! The path of a commit, end to end: promoted, rolled back, blocked, resumed, interrupted.

use crate::world;
use bowline_sandbox::Signal;
use bowline_testkit::{Outcome, Repository, Users, World, bow_snapshot, until};
use std::time::Duration;

/// Requests a second in tests with users.
const RATE: u32 = 200;

/// What users ask for.
const PATH: &str = "/checkout?items=2";

/// A version whose every fifth order fails.
fn spoil(repository: &Repository) -> String {
    repository.edit("price.go", "import \"fmt\"", "import (\n\t\"errors\"\n\t\"fmt\"\n)");
    let failing = "\tif id%5 == 0 {\n\t\treturn \"\", errors.New(\"coupons: refused\")\n\t}\n";
    let line = "\tcents := items * centsPerItem\n";
    repository.edit("price.go", line, &format!("{failing}{line}"));
    repository.commit("look up coupons")
}

/// A version that is as good as the one before, in another image.
fn raise_price(repository: &Repository, from: u32, to: u32) -> String {
    repository.edit("price.go", &format!("= {from}"), &format!("= {to}"));
    repository.commit(&format!("{to} cents an item"))
}

/// A world in which the example was released once, in a moment.
pub fn released() -> (World, Repository) {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    release(&world, &repository).expect_exit(0);
    (world, repository)
}

pub fn release(world: &World, repository: &Repository) -> Outcome {
    world.bowline(repository.folder(), &["release"])
}

/// The version that serves, from the journal.
fn serving(world: &World) -> String {
    let listed = world.bowline(world.root(), &["ls", "environments", "-o", "json"]).expect_exit(0);
    let item = listed.json()["items"][0].clone();
    item["version"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
}

/// Waits until as many pods are there: those of a version that was left end in their own time.
#[track_caller]
fn expect_pods(world: &World, count: usize) {
    until(&format!("{count} pods"), Duration::from_secs(20), || {
        let pods = world.bowline(world.root(), &["ls", "pods", "-o", "json"]).expect_exit(0);
        let there = pods.json()["items"].as_array().map_or(0, Vec::len);
        (there == count).then_some(())
    });
}

/// The total that a user is told.
fn total(repository: &Repository) -> String {
    let (status, body) = bowline_testkit::get(repository.address(), PATH);
    assert_eq!(status, 200, "{body}");
    let answer: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    answer["total"].as_str().expect("a total").to_owned()
}

#[test]
fn the_example_is_promoted_and_everything_about_it_can_be_asked() {
    let world = world();
    let repository = world.repository();
    let commit = repository.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let folder = repository.folder();
    let first = world.bowline(folder, &["release", "--progress", "none", "-o", "json"]);
    let summary = first.expect_exit(0).json();
    assert_eq!(summary["outcome"], "promoted", "{summary}");
    let version = summary["version"].as_str().expect("a version").to_owned();
    assert_eq!(total(&repository), "€25.00");

    bow_snapshot!(world, "release-ls", world.bowline(folder, &["ls"]));
    bow_snapshot!(world, "release-environments", world.bowline(folder, &["ls", "environments"]));
    bow_snapshot!(world, "release-pods", world.bowline(folder, &["ls", "pods"]));
    bow_snapshot!(world, "release-get", world.bowline(folder, &["rollout", "get"]));
    bow_snapshot!(world, "release-why", world.bowline(folder, &["why"]));
    bow_snapshot!(world, "release-logs", world.bowline(folder, &["logs", "vet"]));
    let pods = world.bowline(folder, &["logs"]).expect_exit(0);
    pods.expect_data("checkout: serving on");
    traced_both_ways(&world, &repository, &commit, &version);

    let unchanged = world.bowline(folder, &["release", "--progress", "none"]);
    bow_snapshot!(world, "release-unchanged", unchanged);
    assert_eq!(total(&repository), "€25.00");
    stopped_and_started(&world, &repository);
}

/// Commit, version, digest and address lead to each other.
fn traced_both_ways(world: &World, repository: &Repository, commit: &str, version: &str) {
    let folder = repository.folder();
    let traced = world.bowline(folder, &["trace", version]);
    bow_snapshot!(world, "release-trace", traced);
    let json = world.bowline(folder, &["trace", version, "-o", "json"]).expect_exit(0).json();
    let digest = json["builds"][0]["digest"].as_str().expect("a digest").to_owned();
    let address = format!("http://{}", repository.address());
    for query in [commit, &commit[..7], &digest, &address] {
        let answer = world.bowline(folder, &["trace", query, "-o", "json"]).expect_exit(0).json();
        let build = &answer["builds"][0];
        assert_eq!(build["git_sha"], commit, "{query}: {answer}");
        assert_eq!(build["version"], version, "{query}: {answer}");
        assert_eq!(build["digest"], *digest, "{query}: {answer}");
        assert_eq!(answer["serving"][0]["address"], *address, "{query}: {answer}");
    }
}

/// `down` ends every process and `up` brings the same version back.
fn stopped_and_started(world: &World, repository: &Repository) {
    world.bowline(repository.folder(), &["down"]).expect_exit(0);
    world.expect_no_process();
    let pods = world.bowline(world.root(), &["ls", "pods"]).expect_exit(0);
    assert!(!pods.stdout.contains("Running"), "{pods}");
    bow_snapshot!(world, "release-up", world.bowline(repository.folder(), &["up"]));
    assert_eq!(total(repository), "€25.00");
}

#[test]
fn a_good_version_is_promoted_under_users_who_notice_nothing() {
    let (world, repository) = released();
    raise_price(&repository, 1250, 1300);
    let users = Users::arrive(repository.address(), RATE, PATH);
    let second = release(&world, &repository);
    let seen = users.leave();
    let second = second.expect_exit(0).expect_talk("PROMOTED");
    assert_eq!(seen.failed, 0, "of {} requests\n{second}", seen.requests);
    assert_eq!(total(&repository), "€26.00");
    expect_pods(&world, 2);
    let why = world.bowline(world.root(), &["why"]).expect_exit(0);
    why.expect_data("promoted: 0 of").expect_data("traffic 0 %").expect_data("traffic 10 %");
}

#[test]
fn a_bad_version_is_taken_back_and_quarantined() {
    let (world, repository) = released();
    spoil(&repository);
    let users = Users::arrive(repository.address(), RATE, PATH);
    let bad = release(&world, &repository).expect_exit(4).expect_talk("ROLLED BACK");
    let before = users.seen();
    // Those who come after the switch see the old version only.
    until("further requests", Duration::from_secs(10), || {
        (users.seen().requests > before.requests + 200).then_some(())
    });
    let seen = users.leave();
    assert!(seen.failed <= before.failed + 2, "{before:?} then {seen:?}\n{bad}");
    assert!(seen.failed * 20 < seen.requests, "a canary reaches few: {seen:?}\n{bad}");
    let why = world.bowline(world.root(), &["why"]).expect_exit(0);
    let why = why.expect_data("requests failed").expect_data("quarantined sha256:");
    assert!(why.stdout.contains("rolled back"), "{why}");
    assert_eq!(serving(&world), "v0.0.1-build.1");

    let again = release(&world, &repository).expect_exit(3);
    bow_snapshot!(world, "release-quarantined", again);
    let overridden = ["release", "--override", "the coupon service is back"];
    let overridden = world.bowline(repository.folder(), &overridden).expect_exit(0);
    overridden.expect_talk("PROMOTED");
}

#[test]
fn a_version_that_crashes_at_its_start_meets_no_user() {
    let (world, repository) = released();
    let start = "\tif err := run(\":8080\"); err != nil {\n";
    let crash = "\tlog.Print(\"reading tax rates\")\n\tlog.Fatal(\"no tax rates\")\n";
    repository.edit("main.go", start, &format!("{crash}{start}"));
    repository.commit("read the tax rates at start");
    let users = Users::arrive(repository.address(), RATE, PATH);
    let crashed = release(&world, &repository).expect_exit(4);
    let seen = users.leave();
    assert_eq!(seen.failed, 0, "of {} requests\n{crashed}", seen.requests);
    let crashed = crashed.expect_talk("no tax rates");
    assert!(!crashed.stderr.contains("shifted     10 %"), "no user met it\n{crashed}");
    let why = world.bowline(world.root(), &["why"]).expect_exit(0);
    why.expect_data("log  ").expect_data("no tax rates");
    assert_eq!(total(&repository), "€25.00");
}

#[test]
fn the_first_version_of_all_that_crashes_leaves_no_pod() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    repository.edit("main.go", "log.SetFlags(0)", "log.Fatal(\"no tax rates\")");
    repository.commit("crash at once");
    release(&world, &repository).expect_exit(4).expect_talk("no tax rates");
    expect_pods(&world, 0);
    repository.edit("main.go", "log.Fatal(\"no tax rates\")", "log.SetFlags(0)");
    repository.commit("do not");
    release(&world, &repository).expect_exit(0).expect_talk("PROMOTED");
}

#[test]
fn coverage_below_its_gate_blocks_and_a_missing_report_too() {
    let (world, repository) = released();
    repository.edit("reports/cover.txt", "9 1\n", "9 0\n");
    repository.commit("no test at all");
    let blocked = release(&world, &repository).expect_exit(3);
    bow_snapshot!(world, "release-gate", blocked);
    bow_snapshot!(world, "release-gate-why", world.bowline(world.root(), &["why"]));

    repository.edit(".github/workflows/ci.yml", "cp reports/cover.txt coverage.out", "true");
    repository.commit("no report");
    let blocked = release(&world, &repository).expect_exit(3);
    bow_snapshot!(world, "release-gate-missing", blocked);
    assert_eq!(serving(&world), "v0.0.1-build.1");
}

#[test]
fn a_failing_test_is_shown_and_ends_with_exit_1() {
    let world = world();
    let repository = world.repository();
    repository.edit("shop_test.go", "25.00\") {", "24.00\") {");
    repository.commit("expect another price");
    let failed = release(&world, &repository).expect_exit(1).expect_talk("FAILED");
    let failed = failed.expect_talk("job `test` failed");
    assert!(failed.stderr.contains("bowline logs test"), "{failed}");
    let listed = world.bowline(world.root(), &["ls", "pods", "-o", "name"]).expect_exit(0);
    assert_eq!(listed.stdout.trim(), "", "nothing was deployed: {listed}");
    bow_snapshot!(world, "release-test-why", world.bowline(world.root(), &["why"]));
}

#[test]
fn a_program_that_does_not_compile_is_shown_at_its_line() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    repository.edit("price.go", "return fmt", "return fmtt");
    repository.commit("a slip");
    let failed = release(&world, &repository).expect_exit(1);
    bow_snapshot!(world, "release-compile", failed);
}

#[test]
fn rollback_brings_the_version_before_in_seconds_and_quarantines_what_it_leaves() {
    let (world, repository) = released();
    let none = world.bowline(world.root(), &["rollback"]);
    bow_snapshot!(world, "rollback-first", none);
    raise_price(&repository, 1250, 1300);
    release(&world, &repository).expect_exit(0);
    assert_eq!(total(&repository), "€26.00");
    let users = Users::arrive(repository.address(), RATE, PATH);
    let back = world.bowline(world.root(), &["rollback", "prod", "--reason", "wrong price"]);
    let seen = users.leave();
    bow_snapshot!(world, "rollback-back", back);
    assert_eq!(seen.failed, 0, "of {} requests\n{back}", seen.requests);
    assert_eq!(total(&repository), "€25.00");
    assert_eq!(serving(&world), "v0.0.1-build.1");
    let address = format!("http://{}", repository.address());
    let traced = world.bowline(world.root(), &["trace", &address, "-o", "json"]).json();
    assert_eq!(traced["serving"][0]["version"], "v0.0.1-build.1", "{traced}");
    release(&world, &repository).expect_exit(3).expect_talk("BOW1008");
    // Another image passes without any switch.
    raise_price(&repository, 1300, 1350);
    release(&world, &repository).expect_exit(0);
    assert_eq!(total(&repository), "€27.00");
}

#[test]
fn a_release_that_was_killed_goes_on_from_where_it_was() {
    let (world, repository) = released();
    let mut price = 1250;
    // The line after which the process is killed, and the stages that are not run again.
    for (line, cached) in [
        ("release   started", &[][..]),
        ("gate      passed", &["workflow"]),
        ("image     passed", &["workflow", "image"]),
        ("manifest  passed", &["workflow", "image"]),
        (" 0 % -> 10 %", &["workflow", "image"]),
        (" 10 % -> 50 %", &["workflow", "image"]),
    ] {
        raise_price(&repository, price, price + 50);
        price += 50;
        let users = Users::arrive(repository.address(), RATE, PATH);
        let mut running = world.start(repository.folder(), &["release"]);
        running.wait_for_talk(line);
        let killed = running.kill();
        assert_eq!(killed.code, 128 + 9, "{killed}");
        let resumed = release(&world, &repository).expect_exit(0).expect_talk("PROMOTED");
        let seen = users.leave();
        assert_eq!(seen.failed, 0, "{line}: of {} requests\n{killed}{resumed}", seen.requests);
        for stage in cached {
            let wanted = format!("{stage:<9} cached");
            assert!(resumed.stderr.contains(&wanted), "{line}: `{wanted}`\n{killed}{resumed}");
        }
        assert_eq!(total(&repository), format!("€{}.00", price * 2 / 100), "{line}\n{resumed}");
    }
    let releases = world.bowline(world.root(), &["ls", "-o", "name"]).expect_exit(0);
    assert_eq!(releases.stdout.lines().count(), 7, "no second number for one: {releases}");
}

#[test]
fn a_killed_release_is_settled_when_another_commit_comes() {
    let (world, repository) = released();
    spoil(&repository);
    let mut running = world.start(repository.folder(), &["release"]);
    running.wait_for_talk("-> 10 %");
    running.kill();
    repository.git(&["revert", "--no-edit", "HEAD"]);
    raise_price(&repository, 1250, 1300);
    let next = release(&world, &repository).expect_exit(0);
    next.expect_talk("settled").expect_talk("PROMOTED");
    assert_eq!(total(&repository), "€26.00");
    bow_snapshot!(world, "release-settled", world.bowline(world.root(), &["ls"]));
}

#[test]
fn an_interrupt_in_a_canary_brings_the_traffic_back() {
    let (world, repository) = released();
    raise_price(&repository, 1250, 1300);
    let users = Users::arrive(repository.address(), RATE, PATH);
    let mut running = world.start(repository.folder(), &["release"]);
    running.wait_for_talk("-> 10 %");
    running.signal(Signal::INTERRUPT);
    let ended = running.wait().expect_exit(130).expect_talk("taking the traffic back");
    let seen = users.leave();
    assert_eq!(seen.failed, 0, "of {} requests\n{ended}", seen.requests);
    for _ in 0..20 {
        assert_eq!(total(&repository), "€25.00");
    }
    assert_eq!(serving(&world), "v0.0.1-build.1");
    bow_snapshot!(world, "release-interrupted-ls", world.bowline(world.root(), &["ls"]));
}

#[test]
fn an_interrupt_before_the_canary_says_what_it_ends_and_the_code_of_its_end() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    repository.edit(".github/workflows/ci.yml", "cp reports/cover", "sleep 300; cp reports/cover");
    repository.commit("a slow workflow");
    let mut running = world.start(repository.folder(), &["release"]);
    running.wait_for_talk("started");
    running.signal(Signal::INTERRUPT);
    let ended = running.wait().expect_exit(130).expect_talk("interrupted: ending what is under");
    assert!(!ended.stderr.contains("traffic"), "no traffic was moved: {ended}");
    let block = ended.stderr.lines().find(|line| line.starts_with("FAILED"));
    assert!(block.is_some_and(|line| line.ends_with("exit 130")), "{ended}");
    world.expect_no_process();
}

#[test]
fn without_a_rollout_under_way_promote_is_refused_and_abort_changes_nothing() {
    let (world, repository) = released();
    for arguments in [&["rollout", "promote"][..], &["rollout", "promote", "--full"]] {
        let refused = world.bowline(repository.folder(), arguments).expect_exit(2);
        refused.expect_talk("nothing is under way in `prod/checkout` to promote");
    }
    world.bowline(repository.folder(), &["rollout", "abort"]).expect_exit(0);
    assert_eq!(total(&repository), "€25.00");
}

#[test]
fn a_second_terminal_steers_the_rollout() {
    let (world, repository) = released();
    repository.edit(
        "deploy/rollout.yaml",
        "- setWeight: 10\n        - pause: { duration: 2 }",
        "- setWeight: 10\n        - pause: {}",
    );
    raise_price(&repository, 1250, 1300);
    let mut running = world.start(repository.folder(), &["release"]);
    running.wait_for_talk("-> 10 %");
    let seen = world.bowline(world.root(), &["rollout", "get"]).expect_exit(0);
    bow_snapshot!(world, "steer-get", seen);
    world.bowline(world.root(), &["rollout", "promote", "--full"]).expect_exit(0);
    running.wait().expect_exit(0).expect_talk("PROMOTED");
    assert_eq!(total(&repository), "€26.00");

    raise_price(&repository, 1300, 1350);
    let mut running = world.start(repository.folder(), &["release"]);
    running.wait_for_talk("-> 10 %");
    world.bowline(world.root(), &["rollout", "abort", "--reason", "no"]).expect_exit(0);
    running.wait().expect_exit(4).expect_talk("ROLLED BACK");
    assert_eq!(total(&repository), "€26.00");
}

//! What a person is told when something is wrong with the repository or the machine: exit
//! code, sentence, place, help. And that nothing half-done is left: no pod, no process, and a
//! journal in which the next good release works.

use crate::world;
use bowline_host::files;
use bowline_sandbox::Signal;
use bowline_testkit::{Repository, World, bow_snapshot};
use std::net::TcpListener;

/// Name of the snapshot, file, what stands there, what stands there instead.
type Spoiled = (&'static str, &'static str, &'static str, &'static str);

/// Mistakes of a commit. Each is made alone in the example, committed and released.
const SPOILED: &[Spoiled] = &[
    ("yaml-of-workflow", ".github/workflows/ci.yml", "    steps:\n", "    steps: [\n"),
    ("yaml-of-configuration", "bowline.yaml", "deploy: { path: deploy }", "deploy: { path: deploy"),
    ("yaml-of-manifest", "deploy/service.yaml", "  selector:\n", "  selector: {\n"),
    ("key-of-configuration", "bowline.yaml", "gates:", "gate:"),
    ("key-of-workflow", ".github/workflows/ci.yml", "runs-on:", "run-on:"),
    (
        "key-of-step",
        ".github/workflows/ci.yml",
        "uses: actions/checkout@v4",
        "use: actions/checkout@v4",
    ),
    ("key-of-rollout", "deploy/rollout.yaml", "setWeight: 10", "setWieght: 10"),
    ("key-of-container", "deploy/rollout.yaml", "readinessProbe:", "readynessProbe:"),
    ("kind-of-manifest", "deploy/service.yaml", "kind: Service", "kind: Ingress"),
    ("unknown-action", ".github/workflows/ci.yml", "actions/checkout@v4", "actions/chekout@v4"),
    ("foreign-action", ".github/workflows/ci.yml", "actions/checkout@v4", "acme/deploy@v1"),
    ("unknown-needs", ".github/workflows/ci.yml", "    steps:\n", "    needs: biuld\n    steps:\n"),
    ("unknown-runner", ".github/workflows/ci.yml", "ubuntu-latest", "windows-latest"),
    ("unknown-gate", "bowline.yaml", "coverage >= 80", "covrage >= 80"),
    ("missing-workflow", "bowline.yaml", "workflows/ci.yml", "workflows/release.yml"),
    ("missing-manifests", "bowline.yaml", "path: deploy", "path: k8s"),
    ("missing-dockerfile", "bowline.yaml", "dockerfile: Dockerfile", "dockerfile: Containerfile"),
    ("base-image", "Dockerfile", "FROM scratch", "FROM alpine:3.20"),
    ("late-instruction", "Dockerfile", "USER 65534", "ONBUILD RUN true\nUSER 65534"),
    ("download", "Dockerfile", "COPY . .", "ADD https://example.com/x.tar /app/"),
    ("unknown-instruction", "Dockerfile", "EXPOSE 8080", "EXPOES 8080"),
    ("go-of-dockerfile", "Dockerfile", "golang:1.19", "golang:9.99"),
    ("image-name", "deploy/rollout.yaml", "image: checkout", "image: chekout"),
    ("service-selector", "deploy/service.yaml", "app: checkout", "app: chekout"),
];

#[test]
fn every_mistake_of_a_commit_is_told_with_its_place_and_leaves_nothing_half_done() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    let mut unlike = Vec::new();
    for (name, file, from, to) in SPOILED {
        let text = repository.read(file);
        assert!(text.contains(from), "`{from}` in {file}");
        repository.write(file, &text.replacen(from, to, 1));
        repository.commit(name);
        let checked = world.bowline(repository.folder(), &["check"]);
        let released = world.bowline(repository.folder(), &["release"]);
        bow_snapshot!(world, format!("bad-{name}"), released);
        if checked.code != 2 {
            unlike.push(format!("`check` finds nothing: {name}"));
        }
        if released.code != 2 {
            unlike.push(format!("`release` exits {}: {name}", released.code));
        }
        // What is missing has no place, and what breaks YAML is not known.
        if !released.stderr.contains(&format!("at {file}:")) && !name.starts_with("missing") {
            unlike.push(format!("no place: {name}"));
        }
        if !released.stderr.contains("  help: ") && !name.starts_with("yaml") {
            unlike.push(format!("no help: {name}"));
        }
        unlike.extend(leavings(&world).into_iter().map(|what| format!("{what}: {name}")));
        repository.forget_commit();
    }
    good_release(&world, &repository);
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

/// What a failed release left behind, in words; nothing when all is well.
fn leavings(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let pods = world.bowline(world.root(), &["ls", "pods", "-o", "name"]);
    if !pods.stdout.trim().is_empty() {
        found.push(format!("pods {}", pods.stdout.trim()));
    }
    let running: Vec<String> = world.processes().into_iter().map(|left| left.command).collect();
    for command in running {
        let word = command.split(' ').nth(1).unwrap_or_default();
        found.push(format!("a process `{word}`"));
    }
    found
}

/// The journal is usable: the next good release works.
fn good_release(world: &World, repository: &Repository) {
    repository.commit("a good one");
    let released = world.bowline(repository.folder(), &["release"]).expect_exit(0);
    assert!(released.stderr.contains("PROMOTED"), "{released}");
}

#[test]
fn a_work_tree_that_differs_is_not_released() {
    let world = world();
    let repository = world.repository();
    repository.edit("price.go", "1250", "1251");
    bow_snapshot!(world, "bad-dirty", world.bowline(repository.folder(), &["release"]));
    let list = world.bowline(repository.folder(), &["ls", "-o", "name"]).expect_exit(0);
    assert_eq!(list.stdout.trim(), "", "no release began: {list}");
    assert_eq!(leavings(&world), [""; 0]);
}

#[test]
fn without_a_commit_there_is_nothing_to_release() {
    let world = world();
    let repository = world.empty_repository("young");
    bow_snapshot!(world, "bad-no-head", world.bowline(repository.folder(), &["release"]));
    bow_snapshot!(world, "bad-no-head-run", world.bowline(repository.folder(), &["run"]));
    assert_eq!(leavings(&world), [""; 0]);
}

#[test]
fn a_folder_that_is_no_repository_is_named() {
    let world = world();
    let folder = world.root().join("plain");
    files::create_dirs(&folder).expect("a folder");
    bow_snapshot!(world, "bad-no-repository", world.bowline(&folder, &["release"]));
    bow_snapshot!(world, "bad-no-repository-run", world.bowline(&folder, &["run"]));
    assert_eq!(leavings(&world), [""; 0]);
}

#[test]
fn a_commit_without_configuration_is_sent_to_init() {
    let world = world();
    let repository = world.repository();
    repository.remove("bowline.yaml");
    repository.commit("without bowline.yaml");
    bow_snapshot!(world, "bad-no-configuration", world.bowline(repository.folder(), &["release"]));
    assert_eq!(leavings(&world), [""; 0]);
}

#[test]
fn a_revision_or_environment_that_is_not_there_is_named() {
    let world = world();
    let repository = world.repository();
    for (arguments, name) in [
        (&["release", "v9.9.9"][..], "bad-revision"),
        (&["release", "--env", "prdo"], "bad-environment"),
        (&["release", "--", "--upload-pack=x"], "bad-revision-option"),
    ] {
        bow_snapshot!(world, name, world.bowline(repository.folder(), arguments));
    }
    assert_eq!(leavings(&world), [""; 0]);
}

/// The example without its job `vet`: two jobs end in either order.
fn with_one_job(world: &World) -> Repository {
    let repository = world.repository();
    let text = repository.read(".github/workflows/ci.yml");
    let (before, rest) = text.split_once("  vet:\n").expect("a job `vet`");
    let (_, after) = rest.split_once("  test:\n").expect("a job `test`");
    repository.write(".github/workflows/ci.yml", &format!("{before}  test:\n{after}"));
    repository.commit("one job");
    repository
}

#[test]
fn without_a_go_toolchain_the_package_to_install_is_named() {
    let mut world = world();
    world.bare_path();
    let repository = with_one_job(&world);
    let released = world.bowline(repository.folder(), &["release"]);
    bow_snapshot!(world, "bad-no-go", released);
    released.expect_exit(2);
    assert_eq!(leavings(&world), [""; 0]);
    world.whole_path();
    good_release(&world, &repository);
}

#[test]
fn a_go_that_is_too_old_is_told_with_both_versions() {
    let mut world = world();
    let folder = world.bare_path();
    let root = folder.parent().expect("a parent");
    files::write(root.join("VERSION"), b"go1.10.8\n").expect("written");
    let script = "#!/bin/sh\ncase \"$2\" in GOROOT) echo /nonexistent;; *) echo go1.10.8;; esac\n";
    files::write(folder.join("go"), script.as_bytes()).expect("written");
    files::set_mode(folder.join("go"), 0o755).expect("set");
    let repository = with_one_job(&world);
    let released = world.bowline(repository.folder(), &["release"]);
    bow_snapshot!(world, "bad-old-go", released);
    released.expect_exit(2).expect_talk("go1.10.8");
    assert_eq!(leavings(&world), [""; 0]);
}

#[test]
fn a_port_in_use_is_named_with_its_holder() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    let held = TcpListener::bind(repository.address()).expect("the port is free");
    let released = world.bowline(repository.folder(), &["release"]);
    bow_snapshot!(world, "bad-port", released);
    released.expect_exit(2).expect_talk(&repository.address().port().to_string());
    drop(held);
    let resumed = world.bowline(repository.folder(), &["release"]).expect_exit(0);
    assert!(resumed.stderr.contains("PROMOTED"), "{resumed}");
}

#[test]
fn a_state_folder_on_another_disk_than_the_repository_works() {
    let program = env!("CARGO_BIN_EXE_bowline");
    let Some(world) = World::on_small_disk(program, 64 << 20) else {
        return bowline_testkit::skip("another disk", "this user may not mount a tmpfs");
    };
    let repository = world.repository().with_quick_workflow();
    good_release(&world, &repository);
}

#[test]
fn a_full_disk_is_told_as_such_and_the_same_command_goes_on_when_there_is_room() {
    let program = env!("CARGO_BIN_EXE_bowline");
    let Some(world) = World::on_small_disk(program, 64 << 20) else {
        return bowline_testkit::skip("full disk", "this user may not mount a tmpfs");
    };
    let repository = world.repository().with_quick_workflow();
    let mut unlike = Vec::new();
    // Less and less is missing, so each meets the end of the disk in another stage.
    for kilobytes in [0, 100, 400, 1500, 3000, 5000] {
        world.leave_room(kilobytes * 1024);
        let released = world.bowline(repository.folder(), &["release"]);
        let full = ["no room left", "disk is full", "No space left", "out of room"];
        if released.code != 2 || !full.iter().any(|text| released.stderr.contains(text)) {
            unlike.push(format!("with {kilobytes} KB free:\n{released}"));
        }
    }
    world.leave_room(48 << 20);
    let released = world.bowline(repository.folder(), &["release"]).expect_exit(0);
    assert!(released.stderr.contains("PROMOTED"), "{released}");
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

#[test]
fn a_second_release_names_the_first_and_changes_nothing() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    repository.edit(".github/workflows/ci.yml", "cp reports/cover", "sleep 300; cp reports/cover");
    repository.commit("a slow workflow");
    let mut first = world.start(repository.folder(), &["release"]);
    first.wait_for_talk("started");
    let second = world.bowline(repository.folder(), &["release"]).expect_exit(2);
    let second = second.expect_talk(&format!("process {}", first.pid()));
    bow_snapshot!(world, "bad-second-release", second);
    for verb in ["up", "down"] {
        world.bowline(repository.folder(), &[verb]).expect_exit(2).expect_talk("at work");
    }
    // Looking is always possible.
    world.bowline(repository.folder(), &["ls"]).expect_exit(0).expect_data("under way");
    first.signal(Signal::INTERRUPT);
    first.wait().expect_exit(130);
    assert_eq!(leavings(&world), [""; 0]);
}

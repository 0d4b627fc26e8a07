//! What an ordinary user needs of the machine, and what is said where it is not there. Each case
//! holds for root too, so all run as both.

use crate::release::{release, released};
use crate::world;
use bowline_testkit::{Outcome, World, get, ordinary, skip};
use std::path::Path;

/// A user namespace that permits no further one, and a user without rights in it.
const FORBIDDEN: &str = "unshare --user --map-root-user sh -c '\
    echo 0 > /proc/sys/user/max_user_namespaces && \
    exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- \"$@\"' sh";

/// A mount namespace in which the state folder can lie elsewhere.
const ELSEWHERE: &str = "unshare --user --map-root-user --mount sh -ec";

/// Serves one request at a fixed port of the machine.
const SERVES_ONCE: &str = "package main

import (
	\"log\"
	\"net\"
	\"os\"
)

func main() {
	listener, err := net.Listen(\"tcp\", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go net.Dial(\"tcp\", os.Args[1])
	if _, err := listener.Accept(); err != nil {
		log.Fatal(err)
	}
}
";

/// Whether this machine lets a test make such namespaces; loud where it does not.
fn can(world: &World, test: &str, prefix: &str) -> bool {
    let tried = world.shell(world.root(), &format!("{prefix} true"));
    if tried.code != 0 {
        skip(test, &format!("`{prefix}` does not work here: {}", tried.stderr.trim()));
    }
    tried.code == 0
}

fn forbidden(world: &World, folder: &Path, arguments: &str) -> Outcome {
    world.shell(folder, &format!("{FORBIDDEN} bowline {arguments}"))
}

#[test]
fn the_verbs_work_as_an_ordinary_user() {
    let filters = [
        "ordinary::",
        "demo::",
        "run::",
        "bad_input::a_port",
        "release::a_bad_version",
        "release::rollback",
    ];
    ordinary::again("verbs", Path::new(env!("CARGO_BIN_EXE_bowline")), &filters);
}

#[test]
fn where_namespaces_are_forbidden_each_verb_says_so_and_nothing_runs_with_less() {
    let (world, repository) = released();
    if !can(&world, "forbidden namespaces", FORBIDDEN) {
        return;
    }
    repository.edit("price.go", "= 1250", "= 1300");
    repository.commit("1300 cents an item");
    let folder = repository.folder();
    for verb in
        ["run", "release", "demo", "up", "rollback", "rollout retry", "rollout abort", "doctor"]
    {
        let refused = forbidden(&world, folder, verb).expect_exit(2);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        for wanted in ["`user.max_user_namespaces` is 0", "sysctl user.max_user_namespaces=15000"] {
            assert!(said.contains(wanted), "`{wanted}`\n{refused}");
        }
        assert_eq!(get(repository.address(), "/healthz").0, 200, "{refused}");
    }
    let releases = world.bowline(folder, &["ls", "-o", "name"]).expect_exit(0);
    assert_eq!(releases.stdout.lines().count(), 1, "nothing was begun: {releases}");
    for verb in ["ls", "why", "check", "rollout get"] {
        forbidden(&world, folder, verb).expect_exit(0);
    }
    release(&world, &repository).expect_exit(0).expect_talk("PROMOTED");
}

#[test]
fn a_state_folder_that_bears_no_sandbox_is_told_with_its_reason() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    if !can(&world, "other file systems", &format!("{ELSEWHERE} true")) {
        return;
    }
    let overlay = "mkdir ../l ../u ../w && mount -t overlay -o \
        lowerdir=$PWD/../l,upperdir=$PWD/../u,workdir=$PWD/../w x $BOWLINE_STATE && \
        chmod 700 $BOWLINE_STATE";
    for (mount, wanted) in [
        ("mount -t tmpfs -o noexec,mode=700 x $BOWLINE_STATE", "is mounted `noexec`"),
        (overlay, "lies on overlay, which bears no overlay"),
    ] {
        for verb in ["release", "run"] {
            let line = format!("{ELSEWHERE} '{mount} && exec bowline {verb}'");
            let refused = world.shell(repository.folder(), &line).expect_exit(2);
            refused.expect_talk("BOW1214").expect_talk(wanted).expect_talk("help: set `BOWLINE_");
            for folder in ["l", "u", "w"] {
                let _ = bowline_host::files::remove_tree(world.root().join(folder));
            }
        }
    }
}

#[test]
fn doctor_names_small_limits_and_a_state_folder_of_everybody() {
    let world = world();
    let small = "prlimit --nofile=64:64 --nproc=500:500 -- bowline doctor --strict";
    let small = world.shell(world.root(), small).expect_exit(2);
    let small = small.expect_data("64 open files are allowed, 1024 are needed");
    small.expect_data("500 processes are allowed, 512 are needed").expect_data("limits.conf");
    let open = "chmod 755 $BOWLINE_STATE; bowline doctor; code=$?; chmod 700 $BOWLINE_STATE; \
        exit $code";
    let open = world.shell(world.root(), open).expect_exit(2);
    open.expect_data("× state folder").expect_data("help: `chmod 700 ");
}

#[test]
fn a_user_without_a_process_left_is_told_so() {
    if ordinary::is_root() {
        return skip("no process left", "root has no such limit; its repetition as a user is told");
    }
    let world = world();
    for verb in ["doctor", "release", "ls"] {
        // The shell itself is the one that is allowed.
        let line = format!("exec prlimit --nproc=1:1 -- bowline {verb}");
        let refused = world.shell(world.root(), &line).expect_exit(2);
        refused.expect_talk("BOW1206").expect_talk("`ulimit -u`");
    }
}

#[test]
fn two_pods_and_a_job_have_their_fixed_ports() {
    let world = world();
    let repository = world.repository().with_quick_workflow();
    let port = bowline_testkit::free_port();
    repository.write("serve/main.go", SERVES_ONCE);
    let serves = format!("          go run ./serve {port}\n");
    let workflow = repository.read(".github/workflows/ci.yml");
    repository.write(".github/workflows/ci.yml", &format!("{workflow}{serves}"));
    repository.commit("a job that serves");
    release(&world, &repository).expect_exit(0);
    let pods = world.bowline(world.root(), &["ls", "pods", "-o", "json"]).expect_exit(0).json();
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    assert_eq!(pods.len(), 2, "both listen on port 8080: {pods:?}");
    assert!(pods.iter().all(|pod| pod["ready"] == true), "{pods:?}");
    assert_eq!(get(repository.address(), "/healthz").0, 200);
}

#[test]
fn a_port_that_is_kept_for_root_is_told_with_its_setting() {
    let world = world();
    let setting = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    let first = bowline_host::files::read_text(setting, 64).expect("the setting is there");
    if ordinary::is_root() {
        return skip("kept port", "root may listen everywhere; its repetition as a user is told");
    }
    if first.trim().parse::<u16>().is_ok_and(|first| first <= 81) {
        return skip("kept port", "this machine keeps no port for root");
    }
    let repository = world.repository().with_quick_workflow();
    repository.edit("bowline.yaml", &repository.address().to_string(), "127.0.0.1:81");
    repository.commit("port 81");
    let refused = release(&world, &repository).expect_exit(2);
    let refused = refused.expect_talk("BOW0812").expect_talk("port 81 is kept for root");
    refused.expect_talk("help: set a higher `listen` in `bowline.yaml`");
}

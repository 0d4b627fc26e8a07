//! Sandboxes as a whole, as root and as an ordinary user: what is visible, what ends, what is
//! refused. Every case runs for each kind of user that this machine can play.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests look at the host by themselves"
)]

mod support;

use bowline_sandbox::{
    Error, Exit, Identity, Limits, Mount, Network, Output, Root, Sandbox, Signal, Sink, Spec,
    network::Namespace, process, start, toolchain::GoToolchain,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use support::{Scratch, launcher, out, program, run, shell};

const SOON: Duration = Duration::from_secs(20);

fn tools() -> Spec {
    Spec { network: Network::Private, ..Spec::new(Root::HostTools) }
}

#[test]
fn a_program_runs_and_says_hello() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let said = run(&sandbox, "echo hello; echo $0 >&2; hostname; id -u; pwd");
    assert_eq!(said.stdout, "hello\nbowline\n0\n/tmp\n");
    assert_eq!((said.stderr.as_str(), said.exit), ("sh\n", Exit::Code(0)));
    sandbox.close().unwrap();
}

#[test]
fn exit_codes_and_signals_come_back() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    assert_eq!(run(&sandbox, "exit 42").exit, Exit::Code(42));
    assert_eq!(run(&sandbox, "kill -TERM $$").exit, Exit::Signal(15));
    let process = sandbox.exec(&shell("exec sleep 999"), Output::null()).unwrap();
    assert_eq!(process.wait_timeout(Duration::ZERO).unwrap(), None);
    process.signal(Signal::INTERRUPT).unwrap();
    assert_eq!(process.wait().unwrap(), Exit::Signal(2));
    assert_eq!(process.wait().unwrap(), Exit::Signal(2), "may be asked again");
    assert!(matches!(process.signal(Signal(4_711)), Err(Error::Value { .. })));
}

#[test]
fn a_signal_reaches_the_whole_step() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let (output, mut reader) = Output::one_pipe().unwrap();
    let script = "(trap 'echo child; exit' TERM; echo ready; while :; do sleep 0.01; done) & wait";
    let process = sandbox.exec(&shell(script), output).unwrap();
    let mut ready = [0; 6];
    reader.read_exact(&mut ready).unwrap();
    process.signal(Signal::TERMINATE).unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    // The shell may also say that its `sleep` was terminated.
    assert!(rest.ends_with("child\n"), "{rest}");
    assert_eq!(process.wait().unwrap(), Exit::Signal(15));
}

#[test]
fn what_cannot_be_started_is_named() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let exec = |name: &str, directory: &str| {
        let mut one = program(&[name]);
        one.directory = directory.into();
        sandbox.exec(&one, Output::null()).map(drop).unwrap_err()
    };
    let missing = exec("no-such-program", "/tmp");
    assert!(missing.is_not_found() && matches!(missing, Error::Program { .. }), "{missing}");
    assert!(matches!(exec("/etc/hosts", "/tmp"), Error::Program { .. }));
    assert!(matches!(exec("true", "/no/such/folder"), Error::Directory { .. }));
    let error = start(&launcher(), &tools(), &program(&["/nope"]), Output::null()).unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[test]
fn the_hosts_secrets_are_hidden() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("planted"), "secret").unwrap();
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let planted = scratch.path("planted");
    let script = format!(
        "cat {} 2>/dev/null; ls -A /root /home /tmp /run/secrets 2>/dev/null | grep -v :$; \
         for f in shadow gshadow; do test -e /etc/$f && head -c 20 /etc/$f; done 2>/dev/null; \
         test -r /etc/passwd && test -r /etc/hosts && echo readable",
        planted.display()
    );
    assert_eq!(run(&sandbox, &script).stdout.trim(), "readable");
    let denied = run(&sandbox, "touch /usr/x /etc/x; mkdir /opt/mine && echo /opt; ls /sys");
    assert_eq!(denied.stdout, "/opt\n", "{}", denied.stderr);
    assert!(denied.stderr.contains("Read-only"), "{}", denied.stderr);
}

#[test]
fn the_machine_cannot_be_changed_from_inside() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    for attack in [
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "mount -t tmpfs none /mnt",
        "mknod /tmp/disk b 254 0 && head -c1 /tmp/disk",
        "chroot /proc/1/root /bin/true && ls /proc/1/root/lost+found",
        "umount /etc/hosts",
        "mount -o remount,rw /usr",
        "nsenter -t 1 -m true && false",
        "head -c 1 /proc/kcore | grep .",
        "date -s 2001-01-01",
        "hostname other",
    ] {
        let said = run(&sandbox, attack);
        assert!(!said.exit.is_success(), "{attack}: {}{}", said.stdout, said.stderr);
    }
    let one = run(&sandbox, "tr '\\0' ' ' < /proc/1/environ; ls /proc | grep -c '^[0-9]'");
    assert!(!one.stdout.contains("HOME"), "{}", one.stdout);
    let caps = run(&sandbox, "grep CapBnd /proc/self/status").stdout;
    let caps = u64::from_str_radix(caps.split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_eq!(caps & (1 << 21 | 1 << 27 | 1 << 19), 0, "no SYS_ADMIN, MKNOD, SYS_PTRACE");
}

#[test]
fn an_overlay_keeps_the_lower_folder_and_the_upper_one_gets_the_changes() {
    let scratch = Scratch::new();
    for folder in ["lower", "upper", "work"] {
        std::fs::create_dir(scratch.path(folder)).unwrap();
    }
    std::fs::write(scratch.path("lower/a"), "old").unwrap();
    std::fs::write(scratch.path("lower/gone"), "x").unwrap();
    let target = Path::new("/home/runner/work/app/app");
    let mut spec = tools();
    spec.mounts.push(Mount::Overlay {
        lower: vec![scratch.path("lower")],
        upper: scratch.path("upper"),
        work: scratch.path("work"),
        target: target.into(),
    });
    let sandbox = Sandbox::open(&launcher(), &spec).unwrap();
    let mut one = shell("cat a; echo new > a; mkdir d; echo b > d/b; rm gone; ls");
    one.directory = target.into();
    let said = out(sandbox.exec(&one, Output::pipes()).unwrap());
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("olda\nd\n", ""));
    sandbox.close().unwrap();
    let read = |name: &str| std::fs::read_to_string(scratch.path(name)).unwrap();
    assert_eq!((read("lower/a"), read("upper/a")), ("old".into(), "new\n".into()));
    assert_eq!(read("upper/d/b"), "b\n");
    assert!(scratch.path("lower/gone").exists() && !scratch.path("lower/d").exists());
}

#[test]
fn binds_files_and_memory_appear_where_they_should() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path("cache/old")).unwrap();
    std::fs::write(scratch.path("config"), "k=v\n").unwrap();
    let bind = |source: &str, target: &str, read_only| Mount::Bind {
        source: scratch.path(source),
        target: target.into(),
        read_only,
    };
    let mut spec = tools();
    spec.mounts = vec![
        bind("cache", "/cache/go", false),
        bind("cache", "/opt/fixed/place", true),
        bind("config", "/run/app/config", true),
        Mount::Tmpfs { target: "/scratch".into(), bytes_max: 100 * 1024 },
        Mount::File { target: "/run/secrets/t".into(), content: b"tok".into(), mode: 0o400 },
    ];
    let sandbox = Sandbox::open(&launcher(), &spec).unwrap();
    let said = run(
        &sandbox,
        "echo x > /cache/go/new; ls /opt/fixed/place; touch /opt/fixed/place/y || echo ro; \
         cat /run/app/config /run/secrets/t; echo; echo z > /run/secrets/t || echo ro; \
         head -c 200000 /dev/zero > /scratch/big || echo full; ls -A /dev/.bowline || echo none; \
         stat -c %a /run/secrets/t",
    );
    assert_eq!(said.stdout, "new\nold\nro\nk=v\ntok\nro\nfull\nnone\n400\n", "{}", said.stderr);
    assert_eq!(std::fs::read_to_string(scratch.path("cache/new")).unwrap(), "x\n");
    spec.mounts = vec![bind("absent", "/x", true)];
    let error = Sandbox::open(&launcher(), &spec).unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
    spec.mounts = vec![bind("cache", "/usr/no-such-folder", true)];
    let error = Sandbox::open(&launcher(), &spec).unwrap_err();
    assert!(error.to_string().contains("/usr/no-such-folder"), "{error}");
}

/// An image's root with the host's `/usr`.
/// As Debian installs it: `src` is a link to a folder beside the root.
#[test]
fn a_toolchain_whose_parts_lie_elsewhere_is_whole_at_its_fixed_place() {
    let scratch = Scratch::new();
    for folder in ["lib/go/pkg", "share/src", "share/include"] {
        std::fs::create_dir_all(scratch.path(folder)).unwrap();
    }
    for (file, text) in [("lib/go/VERSION", "v "), ("share/src/a", "a "), ("share/include/b", "b")]
    {
        std::fs::write(scratch.path(file), text).unwrap();
    }
    for (link, to) in [("src", "../../share/src"), ("pkg/include", "../../../share/include")] {
        std::os::unix::fs::symlink(to, scratch.path("lib/go").join(link)).unwrap();
    }
    let root = std::fs::canonicalize(scratch.path("lib/go")).unwrap();
    let go = GoToolchain { root, version: "go1.19.8".into() };
    for root in [tools(), image(&scratch)] {
        let mounts = [root.mounts.clone(), go.mounts(Path::new("/opt/bowline/go"))].concat();
        let sandbox = Sandbox::open(&launcher(), &Spec { mounts, ..root }).unwrap();
        let script = "cd /opt/bowline/go && cat VERSION src/a pkg/include/b; echo x > src/new";
        let said = run(&sandbox, script);
        assert_eq!(said.stdout, "v a b", "{}", said.stderr);
        assert!(said.stderr.contains("Read-only"), "{}", said.stderr);
        sandbox.close().unwrap();
    }
}

fn image(scratch: &Scratch) -> Spec {
    support::image_root(&scratch.path("root"));
    for folder in ["upper", "work"] {
        std::fs::create_dir(scratch.path(folder)).unwrap();
    }
    let mut spec = Spec::new(Root::Layers {
        lower: vec![scratch.path("root")],
        upper: scratch.path("upper"),
        work: scratch.path("work"),
    });
    spec.network = Network::Private;
    let (source, target) = ("/usr".into(), "/usr".into());
    spec.mounts.push(Mount::Bind { source, target, read_only: true });
    spec
}

#[test]
fn an_image_root_takes_writes_in_its_upper_folder() {
    let scratch = Scratch::new();
    let spec = image(&scratch);
    let script = "echo x > /made; cat /etc/hostname; ls -A /dev | tr '\n' ' '; test ! -e /home";
    let said = out(start(&launcher(), &spec, &shell(script), Output::pipes()).unwrap());
    let devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero ";
    assert_eq!(said.stdout, format!("bowline\n{devices}"), "{}", said.stderr);
    assert_eq!(said.exit, Exit::Code(0));
    assert_eq!(std::fs::read_to_string(scratch.path("upper/made")).unwrap(), "x\n");
    assert!(!scratch.path("root/made").exists());
}

#[test]
fn an_image_root_with_hostile_links_changes_nothing_outside() {
    let scratch = Scratch::new();
    let mut spec = image(&scratch);
    let escape = scratch.path("escaped");
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, scratch.path("root").join(name)).unwrap();
    };
    link(Path::new("/../../../.."), "up");
    link(&escape, "abs");
    link(Path::new("../../../../nowhere/hosts"), "etc/hosts");
    std::fs::create_dir(scratch.path("data")).unwrap();
    let inside = format!("/up{}", escape.display());
    for target in [inside.as_str(), "/abs/x", "/plain"] {
        spec.mounts.push(Mount::Bind {
            source: scratch.path("data"),
            target: target.into(),
            read_only: false,
        });
    }
    let said =
        out(start(&launcher(), &spec, &shell("echo x > /plain/y"), Output::pipes()).unwrap());
    assert_eq!(said.exit, Exit::Code(0), "{}", said.stderr);
    assert!(scratch.path("data/y").exists());
    assert!(!escape.exists() && !Path::new("/nowhere").exists());
    // A link in the place of `/proc` is not followed, it is refused.
    let scratch = Scratch::new();
    let spec = image(&scratch);
    std::os::unix::fs::symlink("/tmp", scratch.path("root/proc")).unwrap();
    let refused = start(&launcher(), &spec, &shell("true"), Output::null()).map(drop);
    assert!(matches!(refused, Err(Error::Setup { .. })), "{refused:?}");
}

#[test]
fn two_boxes_bind_the_same_port_and_are_reached_from_outside() {
    let server = "exec python3 -c \"import socket,sys;s=socket.create_server(('127.0.0.1',8080));\
        print('up',flush=True);c,_=s.accept();c.sendall(sys.argv[1].encode());c.close()\"";
    let first = Namespace::create(&launcher()).unwrap();
    let second = Namespace::create(&launcher()).unwrap();
    let mut running = Vec::new();
    for (namespace, word) in [(&first, "one"), (&second, "two")] {
        let one = shell(&format!("{server} {word}"));
        let (output, mut reader) = Output::one_pipe().unwrap();
        let process = namespace.start(&launcher(), &tools(), &one, output).unwrap();
        let mut up = [0; 3];
        if reader.read_exact(&mut up).is_err() {
            eprintln!("skipped: no python3 to listen with");
            return;
        }
        running.push((namespace, word, process));
    }
    for (namespace, word, process) in running {
        let socket = namespace.socket().unwrap();
        let address: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        rustix::net::connect(&socket, &address).unwrap();
        let mut text = String::new();
        TcpStream::from(socket).read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), process.wait().unwrap()), (word, Exit::Code(0)));
    }
    assert_eq!(first.sockets(64).unwrap().len(), 64);
    assert!(matches!(first.sockets(65), Err(Error::DescriptorCount { count: 65 })));
    let sandbox = second.open(&launcher(), &tools()).unwrap();
    assert_eq!(run(&sandbox, "exit 5").exit, Exit::Code(5));
    second.close().unwrap();
}

#[test]
fn closing_ends_daemons_and_nothing_of_them_is_left() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let (output, reader) = Output::one_pipe().unwrap();
    // The daemon leaves session, group and parent, and keeps the pipe.
    let script = "setsid sh -c 'trap \"\" TERM HUP INT; sleep 999 & wait' & sleep 0";
    let process = sandbox.exec(&shell(script), output).unwrap();
    assert_eq!(process.wait().unwrap(), Exit::Code(0));
    let init = sandbox.id();
    let started = process::start_time(init).unwrap();
    let children = support::descendants(init);
    assert!(!children.is_empty(), "the daemon lives after its step");
    sandbox.close().unwrap();
    assert!(process::wait_gone(init, started, SOON).unwrap());
    for (child, start) in children {
        assert!(!process::is_alive(child, start), "{child} outlived its sandbox");
    }
    // All writers are gone, so this ends.
    let mut rest = String::new();
    std::io::BufReader::new(reader).read_to_string(&mut rest).unwrap();
}

#[test]
fn orphans_are_reaped() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let script = "for i in 1 2 3 4 5; do (true &) ; done; \
        while ps -e -o stat= 2>/dev/null | grep -q Z; do sleep 0.01; done; echo none";
    assert_eq!(run(&sandbox, script).stdout, "none\n");
}

#[test]
fn dropping_a_process_ends_its_group_and_the_box_goes_on() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let process = sandbox.exec(&shell("sleep 999 & wait"), Output::null()).unwrap();
    let (id, started) = (process.id(), process::start_time(process.id()).unwrap());
    drop(process);
    assert!(process::wait_gone(id, started, SOON).unwrap());
    assert_eq!(run(&sandbox, "echo on").stdout, "on\n");
}

#[test]
fn a_pod_ends_when_its_owner_is_killed() {
    // This test's own binary, as an owner that starts a pod and a box, and waits to be killed.
    let (mut owner, numbers) = support::owner_of_two();
    let alive: Vec<_> = numbers.iter().map(|n| (*n, process::start_time(*n).unwrap())).collect();
    owner.kill().unwrap();
    owner.wait().unwrap();
    for (number, started) in alive {
        assert!(process::wait_gone(number, started, SOON).unwrap(), "{number} outlived its owner");
    }
}

#[test]
fn a_pod_ends_when_its_monitor_is_killed() {
    let process =
        start(&launcher(), &tools(), &program(&["sleep", "999"]), Output::null()).unwrap();
    let (id, started) = (process.id(), process::start_time(process.id()).unwrap());
    let monitor = support::parent(id);
    process::kill(monitor, Signal::KILL).unwrap();
    assert!(process::wait_gone(id, started, SOON).unwrap());
    assert!(matches!(process.wait(), Err(Error::LauncherEnded { .. })));
}

#[test]
fn a_pod_is_process_one_and_its_exit_comes_back() {
    let said =
        out(start(&launcher(), &tools(), &shell("echo $$; exit 7"), Output::pipes()).unwrap());
    assert_eq!((said.stdout.as_str(), said.exit), ("1\n", Exit::Code(7)));
    let process =
        start(&launcher(), &tools(), &program(&["sleep", "999"]), Output::null()).unwrap();
    process.kill_tree().unwrap();
    assert_eq!(process.wait().unwrap(), Exit::Signal(9));
}

#[test]
fn limits_bind_and_what_cannot_be_set_is_said() {
    let mut spec = tools();
    spec.limits = Limits {
        open_files_max: Some(64),
        processes_max: Some(400),
        memory_bytes_max: Some(1 << 30),
        file_bytes_max: Some(1_000_000),
        scratch_bytes_max: Some(8 << 20),
    };
    let sandbox = Sandbox::open(&launcher(), &spec).unwrap();
    assert!(sandbox.limits_unset().iter().any(|unset| unset.limit == "memory_bytes_max"));
    let said = run(&sandbox, "ulimit -n; ulimit -Hn");
    assert_eq!(said.stdout, "64\n64\n");
    let said = run(
        &sandbox,
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do \
        head -c 900000 /dev/zero > /tmp/$i || { echo full; break; }; done",
    );
    assert!(said.stdout.contains("full"), "{}", said.stderr);
    if sandbox.limits_unset().iter().any(|unset| unset.limit == "processes_max") {
        eprintln!("skipped: this kernel has no process limit by pid namespace");
        return;
    }
    let bomb =
        "i=0; while [ $i -lt 600 ]; do sleep 999 > /dev/null 2>&1 & i=$((i+1)); done; echo all";
    let said = run(&sandbox, bomb);
    assert!(said.stderr.contains("fork") && !said.stdout.contains("all"), "{}", said.stderr);
    sandbox.close().unwrap();
}

#[test]
fn another_identity_is_seen_inside() {
    let mut spec = tools();
    spec.identity = Identity::Ids { uid: 1_001, gid: 1_002 };
    spec.mounts.push(Mount::Tmpfs { target: "/home/runner".into(), bytes_max: 1 << 20 });
    let sandbox = Sandbox::open(&launcher(), &spec).unwrap();
    let said = run(
        &sandbox,
        "id -u; id -g; touch /home/runner/x && echo writes; \
        grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status; cat /etc/shadow",
    );
    assert!(said.stdout.starts_with("1001\n1002\nwrites\n"), "{}{}", said.stdout, said.stderr);
    let zero = "\t0000000000000000";
    assert_eq!(said.stdout.matches(zero).count(), 3, "{}", said.stdout);
    let pod = start(&launcher(), &spec, &shell("id -u; echo $$"), Output::pipes()).unwrap();
    assert_eq!(out(pod).stdout, "1001\n1\n");
}

#[test]
fn output_can_go_to_a_file_and_both_streams_into_one_pipe() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let file = std::fs::File::create(scratch.path("log")).unwrap();
    let output = Output { stdout: Sink::Descriptor(file.into()), stderr: Sink::Null };
    let process = sandbox.exec(&shell("echo kept; echo lost >&2"), output).unwrap();
    assert!(process.wait().unwrap().is_success());
    assert_eq!(std::fs::read_to_string(scratch.path("log")).unwrap(), "kept\n");
    let (output, mut reader) = Output::one_pipe().unwrap();
    let process = sandbox.exec(&shell("echo 1; echo 2 >&2; echo 3; cat"), output).unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), process.wait().unwrap()), ("1\n2\n3\n", Exit::Code(0)));
}

#[test]
fn many_programs_run_at_once_and_no_descriptor_leaks_into_them() {
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let many: Vec<_> = (0..20)
        .map(|number| {
            let script = format!("ls /proc/self/fd | wc -l; exit {number}");
            sandbox.exec(&shell(&script), Output::pipes()).unwrap()
        })
        .collect();
    for (number, process) in many.into_iter().enumerate() {
        let said = out(process);
        // Three, and the folder that `ls` reads.
        assert_eq!((said.stdout.trim(), said.exit), ("4", Exit::Code(number as i32)));
    }
}

#[test]
fn a_detached_helper_has_its_session_its_log_and_its_descriptors() {
    use bowline_sandbox::detached::{Detached, spawn};
    let scratch = Scratch::new();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let script = "read word <&7; echo got $word >&7; ps -o sid= -p $$ >&7; echo logged; \
        test -e /proc/self/fd/8 && echo leaked";
    let number = spawn(Detached {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        directory: "/".into(),
        log_file: Some(scratch.path("log")),
        inherited: vec![(theirs.into(), 7)],
    })
    .unwrap();
    ours.write_all(b"hello\n").unwrap();
    let mut text = String::new();
    ours.read_to_string(&mut text).unwrap();
    let started = process::start_time(number);
    if let Some(started) = started {
        assert!(process::wait_gone(number, started, SOON).unwrap());
    }
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["got", "hello", &number.to_string()]);
    assert_eq!(std::fs::read_to_string(scratch.path("log")).unwrap(), "logged\n");
}

#[test]
fn the_ladder_says_what_works_here() {
    let scratch = Scratch::new();
    let ladder = bowline_sandbox::ladder::probe(&launcher(), scratch.root());
    assert!(ladder.is_isolated(), "{ladder:#?}");
    for row in &ladder.rows {
        assert!(row.ok || row.remedy.is_some(), "{row:?} has no remedy");
    }
}

#[test]
#[ignore = "started by `a_pod_ends_when_its_owner_is_killed`, which kills it"]
fn owner_for_another_test() {
    let pod = start(&launcher(), &tools(), &program(&["sleep", "999"]), Output::null()).unwrap();
    let sandbox = Sandbox::open(&launcher(), &tools()).unwrap();
    let step = sandbox.exec(&program(&["sleep", "999"]), Output::null()).unwrap();
    println!("\nnumbers:{} {} {}", pod.id(), sandbox.id(), step.id());
    let _ = step.wait();
    panic!("nobody killed this owner");
}

#[test]
fn everything_works_as_an_ordinary_user() {
    let scratch = Scratch::new();
    let Some(output) = support::as_nobody(&scratch) else {
        eprintln!("skipped: this is not root, so the other tests were that already");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.contains("closing_ends_daemons_and_nothing_of_them_is_left ... ok"), "{said}");
}

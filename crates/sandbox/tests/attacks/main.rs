//! The attack table's row 25 (design, trust 3.5): what a program in a sandbox tries against the
//! host and its neighbours. Each has a benign twin that must work. Every case runs for a box (a
//! job, a `RUN`) and for a pod, as root and as an ordinary user.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests look at the host by themselves"
)]
#![expect(dead_code, reason = "the support is shared with the other tests of this crate")]

#[path = "../support/mod.rs"]
mod support;

use bowline_sandbox::limits::PROCESSES_MIN;
use bowline_sandbox::{Limits, Mode, Mount, Network, Output, Root, Sandbox, Spec, process, start};
use std::time::{Duration, Instant};
use support::{Said, Scratch, launcher, out, run, shell};

const SOON: Duration = Duration::from_secs(60);

fn job() -> Spec {
    let limits = Limits { processes_max: Some(400), ..Limits::usual() };
    Spec { network: Network::Private, limits, ..Spec::new(Root::HostTools) }
}

fn pod(scratch: &Scratch) -> Spec {
    support::image_root(&scratch.path("root"));
    for folder in ["upper", "work"] {
        std::fs::create_dir(scratch.path(folder)).unwrap();
    }
    let (lower, upper, work) =
        (vec![scratch.path("root")], scratch.path("upper"), scratch.path("work"));
    let usr = Mount::Bind { source: "/usr".into(), target: "/usr".into(), read_only: true };
    Spec {
        root: Root::Layers { lower, upper, work },
        mounts: vec![usr],
        mode: Mode::Sealed,
        ..job()
    }
}

/// The same script in a job's box and as a pod.
fn everywhere(script: &str) -> [Said; 2] {
    let scratch = Scratch::new();
    let sandbox = Sandbox::open(&launcher(), &job()).unwrap();
    let in_job = run(&sandbox, script);
    sandbox.close().unwrap();
    let in_pod = start(&launcher(), &pod(&scratch), &shell(script), Output::pipes()).unwrap();
    [in_job, out(in_pod)]
}

fn has(program: &str) -> bool {
    let found = ["/usr/bin", "/usr/local/bin", "/bin"]
        .iter()
        .any(|folder| std::path::Path::new(folder).join(program).exists());
    if !found {
        eprintln!("skipped in part: there is no {program}");
    }
    found
}

#[test]
fn attack_25_reading_the_hosts_files_finds_nothing() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    for file in ["journal.db", "runs/2/jobs/a/log", "secrets/token"] {
        std::fs::create_dir_all(state.join(file).parent().unwrap()).unwrap();
        std::fs::write(state.join(file), "planted-word").unwrap();
    }
    let script = format!(
        "for way in '' /proc/1/root /proc/self/root /proc/self/cwd/../.. /..; do \
           for f in {0}/journal.db {0}/runs/2/jobs/a/log {0}/secrets/token; do cat $way$f; done; \
           head -c 99 $way/etc/shadow; done 2>/dev/null; \
         ls -A /root /home /run/user 2>/dev/null | grep -v '^/\\|^$'; \
         cat /proc/{1}/environ /proc/{1}/mem 2>/dev/null | head -c 1; \
         find / -xdev -name journal.db 2>/dev/null; \
         ls /usr/bin/env && test -r /proc/self/status && echo fine",
        state.display(),
        std::process::id(),
    );
    for said in everywhere(&script) {
        assert_eq!(said.stdout, "/usr/bin/env\nfine\n", "{}", said.stderr);
    }
}

#[test]
fn attack_25_tracing_and_killing_a_neighbour_reaches_nobody() {
    let victim = Sandbox::open(&launcher(), &job()).unwrap();
    let sleeper = victim.exec(&shell("exec sleep 999"), Output::null()).unwrap();
    let started = process::start_time(sleeper.id()).unwrap();
    let targets = format!("{} {} {}", sleeper.id(), victim.id(), std::process::id());
    let script = format!(
        "for n in {targets}; do kill -9 $n && echo killed; \
         test -e /proc/$n/mem && head -c1 /proc/$n/mem && echo read; done 2>/dev/null; \
         sleep 9 & kill -9 $! && wait $!; echo $?"
    );
    for said in everywhere(&script) {
        assert_eq!(said.stdout, "137\n", "{}", said.stderr);
    }
    if has("python3") {
        // PTRACE_ATTACH is 16, PTRACE_DETACH 17; the twin traces its own child.
        let trace = format!(
            "python3 -c \"
import ctypes,os,time,signal
c=ctypes.CDLL(None,use_errno=True)
def attach(n): return c.ptrace(16,n,None,None)
print(any(attach(int(n))==0 for n in '{targets}'.split()))
child=os.fork()
if child==0: time.sleep(99)
print(attach(child)==0 and os.waitpid(child,0)[0]==child)
os.kill(child,9)\""
        );
        for said in everywhere(&trace) {
            assert_eq!(said.stdout, "False\nTrue\n", "{}", said.stderr);
        }
    }
    assert!(process::is_alive(sleeper.id(), started), "the neighbour goes on");
    sleeper.kill_tree().unwrap();
}

#[test]
fn attack_25_the_machine_is_not_changed_and_not_read_raw() {
    let attacks = [
        "mount -t tmpfs none /mnt",
        "mount --bind /usr /tmp",
        "umount /proc",
        "mknod /tmp/disk b 254 0 && head -c1 /tmp/disk",
        "unshare -U true",
        "unshare -m true",
        "unshare -n true",
        "nsenter -t 1 -m true",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo 99999 > /proc/sys/kernel/pid_max",
        "echo 1 > /proc/sys/vm/overcommit_memory",
        "echo b > /proc/sysrq-trigger",
        "head -c 1 /proc/kcore | grep -q .",
        "ls -A /sys | grep -q .",
        "dmesg | grep -q .",
        "date -s 2001-01-01",
        "chroot /proc/1/root/.. ls /lost+found",
    ];
    for attack in attacks {
        for said in everywhere(&format!("({attack}) >/dev/null 2>&1 && echo done || echo refused"))
        {
            assert_eq!(said.stdout, "refused\n", "{attack}: {}", said.stderr);
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn attack_25_dangerous_system_calls_are_refused_by_number() {
    if !has("python3") {
        return;
    }
    // Number and two arguments; CLONE_NEWUSER is 0x10000000, AF_VSOCK 40.
    let calls = "(165,0,0),(272,0x10000000,0),(56,0x10000011,0),(308,0,0),(175,0,0),(313,0,0),\
        (321,0,0),(250,0,0),(248,0,0),(298,0,0),(41,40,1),(425,1,0),(435,0,0),(246,0,0),\
        (428,0,0),(430,0,0),(155,0,0),(169,0,0),(304,0,0),(323,0,0),(0x400000a5,0,0)";
    let script = format!(
        "python3 -c \"
import ctypes,threading,os,subprocess,socket
c=ctypes.CDLL(None,use_errno=True)
for call in [{calls}]:
    ctypes.set_errno(0)
    if c.syscall(*call,0,0,0,0)!=-1 or ctypes.get_errno() not in (1,38): print('not refused',call)
t=threading.Thread(target=lambda:print('a thread')); t.start(); t.join()
print(subprocess.run(['true']).returncode, socket.socket().fileno()>2, os.getpid()>0)\"; \
         grep -E '^Seccomp:' /proc/self/status"
    );
    for said in everywhere(&script) {
        assert_eq!(said.stdout, "a thread\n0 True True\nSeccomp:\t2\n", "{}", said.stderr);
    }
}

#[test]
fn attack_25_twin_the_usual_tools_work() {
    let git = "cd /tmp && git init -q r && cd r && echo a > a && git add a && \
        git -c user.name=a -c user.email=a@b commit -qm one && git log --format=%s";
    let c = "cd /tmp && printf 'int main(){return 7;}' > m.c && gcc m.c -o m && ./m; echo $?";
    let node = "node -e 'new (require(\"worker_threads\").Worker)(\
        \"console.log(6*7)\",{eval:true})'";
    let java = "printf 'public class M{public static void main(String[] a){\
        System.out.println(42);}}' > /tmp/M.java && java /tmp/M.java";
    for (program, script, expected) in
        [("git", git, "one\n"), ("gcc", c, "7\n"), ("node", node, "42\n"), ("java", java, "42\n")]
    {
        if has(program) {
            let sandbox = Sandbox::open(&launcher(), &job()).unwrap();
            let said = run(&sandbox, script);
            assert_eq!(said.stdout, expected, "{program}: {}", said.stderr);
        }
    }
}

#[test]
fn attack_25_a_fork_bomb_stays_in_its_box() {
    let bombed = Sandbox::open(&launcher(), &job()).unwrap();
    if bombed.limits_unset().iter().any(|unset| unset.limit == "processes_max") {
        eprintln!("skipped: this kernel has no process limit by pid namespace");
        return;
    }
    let neighbour = Sandbox::open(&launcher(), &job()).unwrap();
    // Each copy leaves session and group, ignores every polite signal, and forks on.
    let bomb = "trap '' INT TERM HUP; bomb() { while :; do setsid sleep 999 & done; }; \
        bomb & bomb & bomb";
    let process = bombed.exec(&shell(bomb), Output::null()).unwrap();
    let full = || bombed.processes() + 20 >= PROCESSES_MIN;
    let end = Instant::now() + SOON;
    while !full() {
        assert!(Instant::now() < end, "{} processes", bombed.processes());
        std::thread::yield_now();
    }
    let work = "i=0; while [ $i -lt 50 ]; do (true) || exit 1; i=$((i+1)); done; echo worked";
    assert_eq!(run(&neighbour, work).stdout, "worked\n", "the neighbour starts what it wants");
    assert!(bombed.processes() <= 400, "{}", bombed.processes());
    bombed.kill_all().unwrap();
    process.wait().unwrap();
    // The box itself is whole again.
    assert_eq!(run(&bombed, "echo again").stdout, "again\n");
    bombed.close().unwrap();
}

#[test]
fn attack_25_what_outlives_its_step_ends_with_the_box() {
    let sandbox = Sandbox::open(&launcher(), &job()).unwrap();
    let script = "setsid sh -c '(trap \"\" TERM INT HUP QUIT; while :; do sleep 999; done) &' & \
        (setsid setsid sh -c 'trap \"\" TERM; sleep 999 & wait' &) ; echo left";
    assert!(sandbox.exec(&shell(script), Output::null()).unwrap().wait().unwrap().is_success());
    let left = support::descendants(sandbox.id());
    assert!(left.len() >= 2, "the daemons live after their step: {left:?}");
    let (init, started) = (sandbox.id(), process::start_time(sandbox.id()).unwrap());
    sandbox.close().unwrap();
    // When the close returns, nothing is left: an order, not a wait.
    assert!(!process::is_alive(init, started));
    for (number, started) in left {
        assert!(!process::is_alive(number, started), "{number} outlived its box");
    }
}

#[test]
fn attack_25_all_of_it_as_an_ordinary_user() {
    let scratch = Scratch::new();
    let Some(output) = support::as_nobody(&scratch) else {
        eprintln!("skipped: this is not root, so the other tests were that already");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.contains("attack_25_a_fork_bomb_stays_in_its_box ... ok"), "{said}");
}

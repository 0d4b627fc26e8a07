//! How long boxes take here: `cargo run -p bowline-sandbox --example timing`. Best, median and
//! worst of 30.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "prints a table for people")]

use bowline_host::clock::Stopwatch;
use bowline_sandbox::network::Namespace;
use bowline_sandbox::{Launcher, Network, Output, Program, Root, Sandbox, Spec, start};

fn median(name: &str, mut once: impl FnMut()) {
    let mut times: Vec<f64> = (0..30)
        .map(|_| {
            let watch = Stopwatch::start();
            once();
            watch.seconds() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let [best, middle, worst] = [times[0], times[15], times[29]];
    println!("{name:<24} {best:6.2} {middle:6.2} {worst:7.2} ms");
}

fn main() {
    let folder = std::env::current_exe().unwrap();
    let program = folder.ancestors().nth(2).unwrap().join("sandbox-init");
    let launcher = Launcher { program, arguments: Vec::new() };
    let spec = Spec { network: Network::Private, ..Spec::new(Root::HostTools) };
    let program = Program {
        arguments: vec!["/bin/true".into()],
        environment: Vec::new(),
        directory: "/".into(),
    };
    median("box open", || std::mem::forget(Sandbox::open(&launcher, &spec).unwrap()));
    median("box open and close", || Sandbox::open(&launcher, &spec).unwrap().close().unwrap());
    let sandbox = Sandbox::open(&launcher, &spec).unwrap();
    median("exec and wait `true`", || {
        sandbox.exec(&program, Output::null()).unwrap().wait().unwrap();
    });
    median("start and wait `true`", || {
        start(&launcher, &spec, &program, Output::null()).unwrap().wait().unwrap();
    });
    median("network namespace", || Namespace::create(&launcher).unwrap().close().unwrap());
    let namespace = Namespace::create(&launcher).unwrap();
    median("start in it", || {
        namespace.start(&launcher, &spec, &program, Output::null()).unwrap().wait().unwrap();
    });
    median("64 sockets", || drop(namespace.sockets(64).unwrap()));
    median("launcher alone (hold)", || drop(Namespace::create(&launcher).unwrap()));
}

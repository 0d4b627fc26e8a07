//! Services that listen late, and that stop answering after a while.

use crate::site::{DOCKERFILE, SERVER, Site, WORKFLOW, rollout};
use bowline_testkit::until;
use std::time::Duration;

/// A pod that its liveness probe has given up is there again within this time.
const RESTART_MAX: Duration = Duration::from_secs(60);

fn site(main: &str, pod: &str) -> Site {
    let site = Site::with(
        &[
            ("go.mod", "module example.org/site\n\ngo 1.22\n"),
            ("main.go", main),
            ("Dockerfile", DOCKERFILE),
            (".github/workflows/ci.yml", WORKFLOW),
            ("deploy/site.yaml", &rollout("site", pod, "steps: []")),
        ],
        "",
    );
    site.repository.commit("probes");
    site
}

fn restarts(site: &Site) -> u64 {
    let pods = site.list("pods");
    pods.iter().filter_map(|pod| pod["restarts"].as_u64()).sum()
}

/// Five seconds to warm up, a liveness probe that would end it after two: the startup probe
/// keeps it away.
#[test]
fn a_service_that_listens_late_is_waited_for() {
    let late = SERVER
        .replace("\tfmt.Println(server.L", "\ttime.Sleep(5 * time.Second)\n\tfmt.Println(server.L")
        .replace("\t\"syscall\"\n", "\t\"syscall\"\n\t\"time\"\n");
    let site = site(
        &late,
        "          startupProbe:
            httpGet: { path: /, port: 8080 }
            periodSeconds: 1
            failureThreshold: 30
          livenessProbe:
            httpGet: { path: /, port: 8080 }
            initialDelaySeconds: 1
            periodSeconds: 1
            failureThreshold: 1",
    );
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "one");
    assert_eq!(restarts(&site), 0);
}

/// After five answers of its liveness probe it hangs: the probe ends it, and it comes back.
#[test]
fn a_service_that_stops_answering_its_liveness_probe_is_started_again() {
    let mortal = SERVER
        .replace(
            "\tstop, cancel",
            "\tasked := 0\n\thttp.HandleFunc(\"/live\", func(w http.ResponseWriter, _ *http.Request) {\n\
             \t\tif asked++; asked > 5 {\n\t\t\thttp.Error(w, \"stuck\", 500)\n\t\t}\n\t})\n\tstop, cancel",
        );
    let site = site(
        &mortal,
        "          livenessProbe:
            httpGet: { path: /live, port: 8080 }
            initialDelaySeconds: 2
            periodSeconds: 1
            failureThreshold: 2",
    );
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "one");
    // Nobody conducts any more: its shim alone looks after it.
    until("a restart", RESTART_MAX, || (restarts(&site) > 0).then_some(()));
    until("an answer", RESTART_MAX, || {
        let (status, _) = bowline_testkit::get(site.repository.address(), "/");
        (status == 200).then_some(())
    });
}

/// The same fault from its first probe on is a version that never serves.
#[test]
fn a_version_that_fails_its_liveness_probe_is_taken_back() {
    let pod = "          livenessProbe:
            httpGet: { path: /live, port: 8080 }
            periodSeconds: 1
            failureThreshold: 1";
    let good = SERVER.replace(
        "\tstop, cancel",
        "\thttp.HandleFunc(\"/live\", func(w http.ResponseWriter, _ *http.Request) {})\n\tstop, cancel",
    );
    let site = site(&good, pod);
    site.release().expect_exit(0);
    site.repository.edit("main.go", "*http.Request) {})", "*http.Request) { w.WriteHeader(500) })");
    site.say("one", "two");
    let back = site.release().expect_exit(4);
    assert!(back.stderr.contains("liveness"), "the cause is named: {back}");
    assert_eq!(site.answer(), "one");
}

//! Attacks of the design's table (trust 3.5) by what a workflow runs, each with its twin that
//! must work. The sandbox's own attacks are tests of `sandbox`.
#![expect(clippy::disallowed_methods, reason = "a test looks at files as a user does")]

#[path = "../support/bench.rs"]
#[expect(dead_code, reason = "shared with the probes")]
mod bench;

use bench::Bench;
use bowline_runner::{Conclusion, JobLimits, RunEvent, RunReport, RunRequest};
use std::collections::BTreeMap;

/// A workflow of jobs, each with the lines of its steps.
fn workflow(jobs: &[(&str, &str)]) -> String {
    let mut text = "on: push\njobs:\n".to_owned();
    for (id, steps) in jobs {
        text += &format!("  {id}:\n    runs-on: ubuntu-latest\n    steps:\n");
        for line in steps.lines() {
            text += &format!("      {line}\n");
        }
    }
    text
}

async fn run(
    bench: &Bench,
    jobs: &[(&str, &str)],
    change: impl FnOnce(&mut RunRequest),
) -> RunReport {
    let mut request = bench.request("ci.yml", &workflow(jobs));
    change(&mut request);
    bench.run(request, |_| {}).await.expect("it runs")
}

fn conclusion(report: &RunReport, job: &str) -> Conclusion {
    report.jobs.iter().find(|one| one.id == job).expect("it ran").conclusion
}

/// The first diagnostic of a job's steps: code and message.
fn problem(report: &RunReport, job: &str) -> String {
    let job = report.jobs.iter().find(|one| one.id == job).expect("it ran");
    let mut diagnostics = job.steps.iter().flat_map(|step| &step.diagnostics);
    diagnostics.next().map_or_else(String::new, |one| bowline_diag::plain(&[one.clone()]))
}

/// Whether there is a line with this text.
fn says(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_04_variables_that_load_code_are_refused_and_named() {
    let names =
        ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "NODE_OPTIONS", "PLUGIN_X", "BASH_FUNC_ls%%"];
    let writes: String =
        names.iter().map(|name| format!("    echo '{name}=/tmp/evil' >> $GITHUB_ENV\n")).collect();
    let steps = format!(
        "- run: |\n{writes}    echo GOOD=kept >> $GITHUB_ENV\n\
         - run: env | grep -c evil || true; echo good $GOOD"
    );
    let bench = Bench::new();
    let report = run(&bench, &[("a", &steps)], |_| {}).await;
    let lines = bench.lines();
    for name in names {
        assert!(says(&lines, &format!("error: `{name}` cannot be set")), "{name}: {lines:?}");
    }
    assert!(lines.contains(&"0".to_owned()) && says(&lines, "good kept"), "{lines:?}");
    assert_eq!(report.conclusion, Conclusion::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_04_commands_in_log_text_set_nothing() {
    for (command, twin) in [
        ("::set-env name=EVIL::word", "echo EVIL=word >> $GITHUB_ENV"),
        ("::add-path::/tmp/word", "echo /tmp/word >> $GITHUB_PATH"),
    ] {
        let steps = |line: &str| {
            format!("- run: {line}\n- if: always()\n  run: echo \"[$EVIL] $PATH\" | grep -c word")
        };
        let bench = Bench::new();
        let report = run(&bench, &[("a", &steps(&format!("echo '{command}'")))], |_| {}).await;
        assert_eq!(report.conclusion, Conclusion::Failure);
        assert!(says(&bench.lines(), "is refused"), "{:?}", bench.lines());
        assert!(bench.lines().contains(&"0".to_owned()), "{:?}", bench.lines());
        let bench = Bench::new();
        let report = run(&bench, &[("a", &steps(twin))], |_| {}).await;
        assert_eq!(report.conclusion, Conclusion::Success, "{:?}", bench.lines());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_17_none_of_twelve_forms_of_a_secret_is_shown() {
    let secret = "p4ss\"word'with/x&<y>?Zq1";
    let multi = "first-line-of-it\nsecond-line-of-it";
    let python = "import base64,json,os,urllib.parse,html,sys\n\
        s=os.environ['S']; m=os.environ['M']; b=s.encode()\n\
        p=lambda n,t: print(n,t,flush=True)\n\
        p('plain',s)\n\
        p('base64',base64.b64encode(b).decode())\n\
        p('base64-suffix',base64.b64encode(b+b':x').decode())\n\
        p('base64-shifted',base64.b64encode(b'ab'+b).decode())\n\
        p('json',json.dumps(s))\n\
        p('uri',urllib.parse.quote(s,safe=''))\n\
        p('xml',html.escape(s))\n\
        p('hex',b.hex())\n\
        p('reversed',s[::-1])\n\
        w=sys.stdout.write\n\
        w('split '+s[:9]); sys.stdout.flush(); w(s[9:]+'\\n'); sys.stdout.flush()\n\
        p('colours',s[:5]+'\\x1b[1;31m'+s[5:12]+'\\x1b[0m'+s[12:])\n\
        p('multi',m)\n\
        p('one-line',m.split('\\n')[1])\n\
        p('twin','harmless text')\n";
    let indented: String = python.lines().map(|line| format!("    {line}\n")).collect();
    let steps = format!(
        "- env: {{ S: '${{{{ secrets.S }}}}', M: '${{{{ secrets.M }}}}' }}\n  shell: python\n  \
         run: |\n{indented}"
    );
    let bench = Bench::new();
    let report = run(&bench, &[("a", &steps)], |request| {
        request.secrets =
            BTreeMap::from([("S".into(), secret.to_owned()), ("M".into(), multi.to_owned())]);
    })
    .await;
    assert_eq!(report.conclusion, Conclusion::Success, "{:?}", bench.lines());
    let lines = bench.lines();
    let (mut shown, mut seen) = (Vec::new(), 0);
    for line in lines.iter().filter(|line| !line.starts_with("twin")) {
        seen += 1;
        // Of base64 the outermost characters are shared with what stands beside it.
        let rest = line.replace("***", "");
        let word = rest.split_once(' ').map_or("", |(_, rest)| rest);
        let read: String = word.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", "");
        if !line.contains("***") || read.trim_matches(['"', '=']).len() > 7 {
            shown.push(line.clone());
        }
    }
    assert_eq!(seen, 14, "thirteen forms, one of two lines: {lines:?}");
    assert!(shown.is_empty(), "{} shown: {shown:?}", shown.len());
    assert!(says(&lines, "twin harmless text"));
    let stored = std::fs::read_to_string(bench.path("state/runs/1/jobs/a/log")).expect("a log");
    assert!(!stored.contains("p4ss") && !stored.contains("second-line"), "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_a_job_that_forks_without_end_fails_by_name_and_the_other_goes_on() {
    let bomb = "- run: |\n    bomb() { while :; do setsid sleep 999 & done; }\n    bomb & bomb & wait\n\
        - if: always()\n  run: echo the box is whole";
    let bench = Bench::new();
    let report = run(
        &bench,
        &[("bomb", bomb), ("twin", "- run: for i in 1 2 3; do (true); done")],
        |request| request.limits = JobLimits { processes_max: 400, ..JobLimits::default() },
    )
    .await;
    let said = problem(&report, "bomb");
    assert!(said.contains("BOW0214") && said.contains("400 processes"), "{said}");
    assert!(said.contains("BOWLINE_JOB_PROCESSES_MAX"), "{said}");
    assert!(says(&bench.lines(), "the box is whole"), "{:?}", bench.lines());
    assert_eq!(conclusion(&report, "twin"), Conclusion::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_a_job_that_fills_the_disk_fails_by_name_and_the_other_goes_on() {
    // In pieces, in one file, in many empty ones, and by a daemon that left its step.
    for fill in [
        "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done",
        "cat /dev/zero > /tmp/one",
        "mkdir d; cd d; while :; do touch $RANDOM-$RANDOM-$RANDOM; done",
        "setsid sh -c 'i=0; while :; do head -c 999999 /dev/zero > /tmp/g$i; i=$((i+1)); done' & \
         sleep 999",
    ] {
        let bench = Bench::new();
        let steps = format!("- run: |\n    {fill}\n");
        let report =
            run(&bench, &[("full", &steps), ("twin", "- run: echo x > kept")], |request| {
                request.limits = JobLimits { disk_bytes_max: 8 << 20, ..JobLimits::default() };
            })
            .await;
        let said = problem(&report, "full");
        assert!(said.contains("BOW0214") && said.contains("more than 8 MiB"), "{fill}: {said}");
        assert!(said.contains("BOWLINE_JOB_DISK_MAX"), "{fill}: {said}");
        assert_eq!(conclusion(&report, "full"), Conclusion::Failure);
        assert_eq!(conclusion(&report, "twin"), Conclusion::Success);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_output_without_end_is_cut_by_name_and_what_follows_is_shown() {
    let bench = Bench::new();
    let steps = "- run: yes 'a line that is printed again and again' | head -c 20000000\n\
        - run: echo the next step";
    let report = run(&bench, &[("a", steps)], |request| {
        request.limits.log_step_bytes_max = 100_000;
    })
    .await;
    assert_eq!(report.conclusion, Conclusion::Success, "a long output is no failure");
    let lines = bench.lines();
    let marks = lines.iter().filter(|line| line.contains("the rest is left out")).count();
    assert_eq!(marks, 1);
    assert!(says(&lines, "BOWLINE_STEP_LOG_MAX") && says(&lines, "BOW0214"));
    assert!(says(&lines, "the next step"));
    let events = bench.events.lock().expect("no panic");
    let told = |event: &RunEvent| {
        matches!(event, RunEvent::Annotation { annotation, .. }
            if annotation.message.contains("printed more than"))
    };
    assert!(events.iter().any(told));
    let stored = std::fs::metadata(bench.path("state/runs/1/jobs/a/log")).expect("a log");
    assert!(stored.len() < 200_000, "{} bytes", stored.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_a_cancelled_job_is_asked_twice_and_then_killed_with_its_daemons() {
    let steps = "- run: |\n    \
        setsid sh -c 'trap \"\" INT TERM HUP; while :; do sleep 4711.5; done' &\n    \
        trap 'echo heard INT' INT; trap 'echo heard TERM' TERM\n    \
        echo ready; while :; do sleep 0.1 || true; done";
    let bench = Bench::new();
    let request = bench.request("ci.yml", &workflow(&[("a", steps)]));
    let cancel = request.cancel.clone();
    let report = bench.run(request, move |event| {
        if matches!(event, RunEvent::Log { line, .. } if line == "ready") {
            cancel.cancel();
        }
    });
    let report = report.await.expect("it ends");
    assert_eq!(report.conclusion, Conclusion::Cancelled, "never a pass");
    let lines = bench.lines();
    let place = |text: &str| lines.iter().position(|line| line == text);
    assert!(place("ready") < place("heard INT"), "{lines:?}");
    assert!(place("heard INT") < place("heard TERM"), "{lines:?}");
    // When the report is there the whole tree is gone: an order, not a wait.
    let alive = std::fs::read_dir("/proc").expect("it is there").flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.windows(6).any(|part| part == b"4711.5")
    });
    assert!(!alive, "a daemon outlived its job");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_were_not_given_are_named_before_anything_runs() {
    let job = |rest: &str| format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{rest}");
    let matrix = "    strategy: { matrix: { s: [ONE, TWO] } }\n    steps:\n      - env:\n          \
        X: ${{ secrets[format('{0}_KEY', matrix.s)] }}\n        run: echo ran\n";
    let step = |expression: &str| {
        format!("    steps:\n      - env:\n          X: {expression}\n        run: echo ran\n")
    };
    for (text, expected) in [
        (job(matrix), Some("ci.yml:8:18 secret `TWO_KEY` is read here and was not given")),
        (job(&step("${{ secrets['NONE'] }}")), Some("secret `NONE` is read here")),
        (job(&step("${{ secrets[env.NAME] }}")), Some("known only while the job runs")),
        (job(&step("${{ secrets.GITHUB_TOKEN }}")), Some("`secrets.GITHUB_TOKEN` is not minted")),
        (job(&step("${{ github.token }}")), Some("`github.token` is not minted yet")),
        (job(&step("${{ secrets.ONE_KEY }}")), None),
        (
            job("    steps:\n      - uses: actions/checkout@v4\n        with:\n          \
                token: ${{ secrets.GITHUB_TOKEN }}\n      - run: echo ran\n"),
            None,
        ),
    ] {
        let bench = Bench::new();
        let mut request = bench.request("ci.yml", &text);
        request.secrets = BTreeMap::from([("ONE_KEY".into(), "a-known-value".into())]);
        match (bench.run(request, |_| {}).await, expected) {
            (Ok(report), None) => assert_eq!(report.conclusion, Conclusion::Success, "{text}"),
            (Err(error), Some(expected)) => {
                let shown = bowline_diag::plain(&bowline_diag::Diagnose::diagnose(&error));
                let place_and_text = expected.split_once(" secret");
                let (place, text) = place_and_text.map_or(("ci.yml:", expected), |(place, _)| {
                    (place, &expected[place.len() + 1..])
                });
                assert!(shown.contains(place) && shown.contains(text), "{expected}: {shown}");
                assert!(bench.lines().is_empty(), "nothing ran: {:?}", bench.lines());
            }
            (Ok(_), Some(expected)) => panic!("it ran, and not: {expected}"),
            (Err(error), None) => panic!("{error} in {text}"),
        }
    }
}

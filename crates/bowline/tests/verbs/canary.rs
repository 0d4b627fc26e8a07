//! Row 17: a secret is planted in everything that a release does, and is found nowhere.

use crate::release::released;

/// The canary, and the forms in which it must not be found anywhere. A program that cuts it
/// apart by itself cannot be masked; see `docs/security.md`.
const CANARY: &str = "k7Qz-planted/9&secret+\"x\"";

/// In the folder of the world but for the repository: every file that holds one of the forms.
const SEARCH: &str = r#"
for form in "$PLAIN" "$B64" "$HEX" "$REV" "$JSON" "$URI"; do
  grep -rlaF --exclude-dir='checkout*' -e "$form" . && echo "as $form"
done
true"#;

const STEP: &str = r#"      - id: leak
        env: { TOKEN: "${{ secrets.TOKEN }}" }
        run: |
          echo "plain $TOKEN"
          printf %s "$TOKEN" | base64 -w0; echo
          printf %s "$TOKEN" | od -An -tx1 | tr -d ' \n'; echo
          printf %s "$TOKEN" | rev; echo
          echo "::warning::$TOKEN"
          echo "value=$TOKEN" >> "$GITHUB_OUTPUT"
          echo "summary $TOKEN" >> "$GITHUB_STEP_SUMMARY"
      - run: echo "out ${{ steps.leak.outputs.value }}"
"#;

const FAILS: &str = r#"      - env: { TOKEN: "${{ secrets.TOKEN }}" }
        run: "echo \"failed with $TOKEN\"; exit 1"
"#;

fn forms() -> [(&'static str, String); 6] {
    let hex = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let uri = CANARY.replace('/', "%2F").replace('&', "%26").replace('+', "%2B");
    [
        ("PLAIN", CANARY.to_owned()),
        ("B64", "azdRei1wbGFudGVkLzkmc2VjcmV0KyJ4Ig==".to_owned()),
        ("HEX", hex),
        ("REV", CANARY.chars().rev().collect()),
        ("JSON", CANARY.replace('"', "\\\"")),
        ("URI", uri.replace('"', "%22")),
    ]
}

#[test]
fn row_17_a_planted_secret_is_found_nowhere() {
    let (mut world, repository) = released();
    let text = repository.read(".github/workflows/ci.yml").trim_end().to_owned();
    let secret = format!("TOKEN={CANARY}");
    let mut said = String::new();
    for (steps, more, code) in [
        (STEP, &["--verbose", "--progress", "json"][..], 0),
        (FAILS, &["-o", "json"], 1),
        (FAILS, &["--verbose", "--progress", "plain"], 1),
    ] {
        repository.write(".github/workflows/ci.yml", &format!("{text}\n{steps}"));
        repository.commit("a leak");
        let arguments = [&["release", "-s", &secret], more].concat();
        let ended = world.bowline(repository.folder(), &arguments).expect_exit(code);
        said.push_str(&ended.stdout);
        said.push_str(&ended.stderr);
    }
    for verb in [&["why"][..], &["ls", "-o", "json"], &["logs", "test"], &["trace", "HEAD"]] {
        let told = world.bowline(repository.folder(), verb);
        said.push_str(&told.stdout);
        said.push_str(&told.stderr);
    }
    assert!(said.contains("plain ***"), "the step ran and was masked: {said}");
    for (name, form) in forms() {
        assert!(!said.contains(&form), "{name} was shown: {said}");
        world.set(name, &form);
    }
    let found = world.shell(world.root(), SEARCH);
    assert_eq!(found.stdout.trim(), "", "{found}");
    // The search itself works.
    for (name, form) in forms() {
        bowline_host::files::write(world.root().join("probe"), form.as_bytes()).expect("a file");
        let found = world.shell(world.root(), SEARCH);
        assert!(found.stdout.contains("probe"), "{name} is not found: {found}");
    }
}

//! The functions of sprig and Helm, compared with what Helm 4.1.4 itself made of the same
//! templates (`rows.jsonl`, written by `tests/oracle/sprig`).

use bowline_manifest::helm::functions::{FUNCTIONS, HelmHost};
use bowline_manifest::sprig::{HELM_4_1, Moment, Seed, SprigHost};
use bowline_manifest::tmpl::{FunctionTable, MissingKey, Render, Set, Str, Value};
use std::sync::Arc;

fn render(template: &str, data: &serde_json::Value) -> (Result<Vec<u8>, String>, usize) {
    let tables = [HELM_4_1, &[FUNCTIONS]].concat();
    let mut set = Set::new("gotpl", Arc::new(FunctionTable::new(&tables)), MissingKey::Zero);
    let defined = set.define(&Str::from("row"), &Str::from(template));
    if let Err(error) = defined {
        return (Err(error.to_string()), 0);
    }
    let now = Moment { seconds: 1_700_000_000, nanoseconds: 0 };
    let host = HelmHost::new(SprigHost::new(Seed([7; 32]), now));
    let mut render = Render::new(Box::new(host));
    let output = render.execute(&set, b"row", Value::from(data));
    let output = output.map(|output| output.bytes).map_err(|error| error.to_string());
    let host: Box<dyn std::any::Any> = render.into_host();
    let compiled = host.downcast_ref::<HelmHost>().map_or(0, |host| host.sprig.regexes_compiled);
    (output, compiled)
}

fn data() -> serde_json::Value {
    serde_json::from_str(include_str!("data.json")).expect("JSON")
}

#[test]
fn functions_give_what_helm_gives_to_the_byte() {
    let data = data();
    let mut report = Vec::new();
    let mut count = 0;
    for line in include_str!("rows.jsonl").lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let template = row["t"].as_str().expect("a template");
        let theirs = match row["e"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(crate::tmpl::base64(row["o"].as_str().unwrap_or_default())),
        };
        count += 1;
        let (ours, _) = render(template, &data);
        // Messages of the TOML reader are its own; the place is Go's.
        let place = |answer: &Result<Vec<u8>, String>| match answer {
            Ok(bytes) if template.contains("fromToml") => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let cut = text.find("toml: line 1: ").map_or(text.len(), |at| at + 14);
                Ok(text.as_bytes()[..cut].to_vec())
            }
            answer => answer.clone(),
        };
        if place(&ours) != place(&theirs) {
            let shown = |answer: &Result<Vec<u8>, String>| match answer {
                Ok(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
                Err(error) => format!("error {error}"),
            };
            let (theirs, ours) = (shown(&theirs), shown(&ours));
            report.push(format!("{template}\n    go: {theirs}\n  ours: {ours}"));
        }
    }
    assert!(count >= 900, "{count} rows");
    assert!(report.is_empty(), "{} of {count} differ:\n{}", report.len(), report.join("\n"));
}

#[test]
fn a_regular_expression_is_compiled_once_a_render() {
    let template = "{{ range until 500 }}{{ regexMatch \"^a+$\" \"aa\" }}{{ end }}";
    let (output, compiled) = render(template, &data());
    assert!(output.is_ok());
    assert_eq!(compiled, 1);
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_differs_by_place() {
    let template = "{{ randAlpha 12 }} {{ randAlpha 12 }} {{ uuidv4 }}";
    let (first, _) = render(template, &data());
    assert_eq!(first, render(template, &data()).0);
    let text = String::from_utf8(first.expect("an output")).expect("text");
    let words: Vec<&str> = text.split(' ').collect();
    assert_ne!(words[0], words[1]);
    assert_eq!(words[2].as_bytes()[14], b'4', "{text}");
}

const CERTIFICATES: &str = "{{ $ca := genCA \"root\" 30 }}\
    {{ $leaf := genSignedCert \"leaf.test\" (list \"10.0.0.1\") (list \"leaf.test\") 10 $ca }}\
    {{ $ec := genPrivateKey \"ecdsa\" }}\
    {{ $ecca := genCAWithKey \"ec root\" 30 $ec }}\
    {{ $edleaf := genSignedCertWithKey \"ed\" nil (list \"ed.test\") 10 $ecca \
       (genPrivateKey \"ed25519\") }}\
    {{ toJson (list $ca $leaf $ecca $edleaf) }}";

/// Runs `openssl`; `None` (said aloud) where it is not there.
fn openssl(args: &[&str]) -> Option<bool> {
    match std::process::Command::new("openssl").args(args).output() {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            eprintln!("SKIPPED: openssl is not there, so no certificate was verified");
            None
        }
    }
}

#[test]
fn certificates_are_verified_by_openssl_and_repeat_with_the_seed() {
    let (output, _) = render(CERTIFICATES, &data());
    let output = output.expect("certificates");
    assert_eq!(Ok(&output), render(CERTIFICATES, &data()).0.as_ref());
    let json: serde_json::Value = serde_json::from_slice(&output).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |at: usize, part: &str| {
        let path = folder.path().join(format!("{at}-{part}.pem"));
        std::fs::write(&path, json[at][part].as_str().expect("PEM")).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    // The render's clock stands in 2023.
    let at = "1700000100";
    for (authority, leaf) in [(0, 1), (2, 3)] {
        let (authority, leaf) = (file(authority, "Cert"), file(leaf, "Cert"));
        let good = openssl(&["verify", "-attime", at, "-CAfile", &authority, &leaf]);
        assert_ne!(good, Some(false), "{leaf}");
    }
    for at in 0..4 {
        let good = openssl(&["pkey", "-check", "-noout", "-in", &file(at, "Key")]);
        assert_ne!(good, Some(false), "key {at}");
    }
}

#[test]
fn what_is_encrypted_is_decrypted_again_and_passwords_are_hashed() {
    let template = "{{ encryptAES \"key\" \"plain\" | decryptAES \"key\" }} \
                    {{ htpasswd \"user\" \"secret\" }} {{ bcrypt \"x\" | len }}";
    let (output, _) = render(template, &data());
    let text = String::from_utf8(output.expect("an output")).expect("text");
    let words: Vec<&str> = text.split(' ').collect();
    assert_eq!((words[0], words[2]), ("plain", "60"));
    let hash = words[1].strip_prefix("user:").expect("the user");
    assert!(hash.starts_with("$2a$10$"), "{hash}");
    assert!(bcrypt::verify("secret", hash).expect("a hash"));
}

#[test]
#[ignore = "builds Helm's engine from its Go modules: minutes, and a network the first time"]
fn the_stored_answers_are_those_of_helm() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let program = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sprig-oracle");
    let built = std::process::Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(format!("{root}/oracle/sprig"))
        .status();
    assert!(built.expect("Go is there").success());
    let rows = std::fs::File::open(format!("{root}/manifest/sprig/rows.jsonl")).expect("rows");
    let output = std::process::Command::new(program)
        .arg(format!("{root}/manifest/sprig/data.json"))
        .env("TZ", "UTC")
        .stdin(rows)
        .output()
        .expect("the oracle runs");
    let theirs = String::from_utf8(output.stdout).expect("JSON");
    let stored = include_str!("rows.jsonl");
    for (stored, theirs) in stored.lines().zip(theirs.lines()) {
        assert_eq!(stored, theirs);
    }
    assert_eq!(stored.lines().count(), theirs.lines().count());
}

//! BuildKit's public rows of word expansion.

use crate::yardsticks;
use bowline_image::words::{Scope, Words};
use std::fs;

#[test]
fn words_expand_as_in_buildkit() {
    let Some(folder) = yardsticks::folder("dockerfile") else { return };
    let mut score = Score::default();
    single_words(&fs::read_to_string(folder.join("envVarTest")).expect("envVarTest"), &mut score);
    split_words(&fs::read_to_string(folder.join("wordsTest")).expect("wordsTest"), &mut score);
    println!("dockerfile-words {}/{}", score.total - score.wrong.len(), score.total);
    assert!(score.total >= 123, "the yardstick is incomplete: {} rows", score.total);
    assert!(score.wrong.is_empty(), "{}", score.wrong.join("\n"));
}

#[derive(Default)]
struct Score {
    total: usize,
    wrong: Vec<String>,
}

impl Score {
    fn check(&mut self, input: &str, found: &str, expected: &str) {
        self.total += 1;
        if found != expected {
            self.wrong.push(format!("{input}: got `{found}`, want `{expected}`"));
        }
    }
}

/// `platform | word | value or error`; W rows are for Windows.
fn single_words(text: &str, score: &mut Score) {
    let mut scope = Scope::default();
    let set = [("PWD", "/home"), ("SHELL", "bash"), ("KOREAN", "한국어"), ("NULL", "")];
    for (name, value) in set {
        scope.set(name, value);
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let parts: Vec<&str> = line.trim().split('|').map(str::trim).collect();
        let [platform, input, expected] = parts.as_slice() else { panic!("row {line}") };
        if *platform == "W" {
            continue;
        }
        let found = Words::new('\\').expand(input, &scope);
        let found = found.unwrap_or_else(|_| "error".to_owned());
        score.check(input, &found, expected);
    }
}

/// `words | expected words, separated by commas`, and `ENV name=value` lines between them.
fn split_words(text: &str, score: &mut Score) {
    let mut scope = Scope::default();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Some(pair) = line.strip_prefix("ENV ") {
            let (name, value) = pair.trim_start().split_once('=').expect("name=value");
            scope.set(name, value);
            continue;
        }
        let (input, expected) = line.split_once('|').expect("a row");
        let found = Words::new('\\').split(input.trim(), &scope);
        let found = found.map_or_else(|_| "error".to_owned(), |words| words.join(","));
        score.check(input, &found, expected.trim_start());
    }
}

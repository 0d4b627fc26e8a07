//! Files as other editors and other languages leave them.

use crate::site::{Site, WORKFLOW};

fn windows(text: &str) -> String {
    format!("\u{feff}{}", text.replace('\n', "\r\n"))
}

#[test]
fn a_byte_order_mark_crlf_and_foreign_names_change_nothing() {
    let site = Site::plain();
    let repository = &site.repository;
    for path in ["bowline.yaml", "deploy/site.yaml", "Dockerfile"] {
        repository.write(path, &windows(&repository.read(path)));
    }
    let checks = "      - run: test -f 'docs/Größe und Maß.md' && test -f \"docs/a b/日本.txt\"\n";
    repository.write(".github/workflows/ci.yml", &windows(&format!("{WORKFLOW}{checks}")));
    repository.write("docs/Größe und Maß.md", "words\n");
    repository.write("docs/a b/日本.txt", "words\n");
    repository.write("docs/tab\tand\"quote.txt", "words\n");
    repository.write("deploy/über uns.yaml", "\u{feff}apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: words\r\ndata:\r\n  a: b\r\n");
    repository.commit("as another editor leaves it: größer");
    site.run(&["check"]).expect_exit(0);
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "one");
    site.run(&["ls"]).expect_exit(0).expect_data("größer");
}

#[test]
fn a_tab_as_indentation_is_told_at_its_place() {
    let site = Site::plain();
    let place = |path: &str, from: &str, line: usize| {
        let text = site.repository.read(path);
        site.repository.edit(path, from, &from.replacen("  ", "\t", 1));
        site.repository.commit("a tab");
        let refused = site.release().expect_exit(2);
        assert!(refused.stderr.contains(&format!("{path}:{line}:")), "{path}: {refused}");
        assert!(refused.stderr.to_lowercase().contains("tab"), "{path}: {refused}");
        site.repository.write(path, &text);
        site.repository.commit("no tab");
    };
    place(".github/workflows/ci.yml", "  push:\n", 2);
    place("deploy/site.yaml", "  name: site\nspec:\n  selector:", 4);
    assert!(site.list("releases").is_empty(), "nothing has begun");
}

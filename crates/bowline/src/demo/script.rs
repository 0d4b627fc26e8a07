//! The four commits of the demo, as edits of the example's files.

use bowline_model::Outcome;

/// One commit and how its release must end.
pub struct Commit {
    /// The commit's message.
    pub subject: &'static str,
    /// File, text that is there, text instead. The first commit is the example as it stands.
    pub edits: &'static [(&'static str, &'static str, &'static str)],
    /// Files that the commit adds.
    pub new_files: &'static [(&'static str, &'static str)],
    /// How the release ends when everything works.
    pub outcome: Outcome,
    /// Whether users are already there.
    pub under_load: bool,
}

/// Its tests pass, because they bring a file of their own; the image has none.
const TAX: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// taxRates reads the tax rates, in percent by country.
func taxRates(path string) (map[string]float64, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no tax rates: %w", err)
	}
	rates := map[string]float64{}
	return rates, json.Unmarshal(content, &rates)
}
"#;

const TAX_TEST: &str = r#"package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTaxRatesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tax-rates.json")
	if err := os.WriteFile(path, []byte(`{"DE": 19}`), 0o600); err != nil {
		t.Fatal(err)
	}
	rates, err := taxRates(path)
	if err != nil || rates["DE"] != 19 {
		t.Errorf("got %v, %v", rates, err)
	}
	if _, err := taxRates(path + ".missing"); err == nil {
		t.Error("no error for a file that is not there")
	}
}
"#;

/// In order. Each edit applies to the example as the last *promoted* commit left it, because
/// nobody builds on a version that was taken back.
pub const COMMITS: &[Commit] = &[
    Commit {
        subject: "take orders",
        edits: &[],
        new_files: &[],
        outcome: Outcome::Promoted,
        under_load: false,
    },
    Commit {
        subject: "ten percent off from ten items on",
        edits: &[(
            "price.go",
            "\tcents := items * centsPerItem\n",
            "\tcents := items * centsPerItem\n\tif items >= 10 {\n\t\tcents -= cents / 10\n\t}\n",
        )],
        new_files: &[],
        outcome: Outcome::Promoted,
        under_load: true,
    },
    Commit {
        subject: "look up coupons",
        edits: &[
            ("price.go", "import \"fmt\"\n", "import (\n\t\"errors\"\n\t\"fmt\"\n)\n"),
            (
                "price.go",
                "\tcents := items * centsPerItem\n",
                "\tif id%5 == 0 {\n\t\treturn \"\", errors.New(\"coupon service: connection refused\")\n\t}\n\
                 \tcents := items * centsPerItem\n",
            ),
        ],
        new_files: &[],
        outcome: Outcome::RolledBack,
        under_load: true,
    },
    Commit {
        subject: "read the tax rates at start",
        edits: &[(
            "main.go",
            "\tif err := run(\":8080\"); err != nil {\n",
            "\tif _, err := taxRates(\"/etc/checkout/tax-rates.json\"); err != nil {\n\
                 \t\tlog.Fatalf(\"checkout: %v\", err)\n\t}\n\
                 \tif err := run(\":8080\"); err != nil {\n",
        )],
        new_files: &[("tax.go", TAX), ("tax_test.go", TAX_TEST)],
        outcome: Outcome::RolledBack,
        under_load: true,
    },
];

/// The text of `file` after the edits of `commit`; `None` when an edit does not apply.
pub fn edited(commit: &Commit, file: &str, text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for (_, from, to) in commit.edits.iter().filter(|(path, _, _)| *path == file) {
        if text.matches(from).count() != 1 {
            return None;
        }
        text = text.replacen(from, to, 1);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{COMMITS, edited};
    use crate::demo::example::FILES;

    #[test]
    fn every_edit_applies_once_to_the_example() {
        for commit in COMMITS {
            for (file, text) in FILES {
                let edits = commit.edits.iter().filter(|(path, _, _)| path == file).count();
                let after = edited(commit, file, text).expect(commit.subject);
                assert_eq!(after != *text, edits > 0, "{file} of {}", commit.subject);
            }
        }
    }
}

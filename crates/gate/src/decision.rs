//! The decision, in the shape of SonarQube's quality gate status.

use crate::condition::{Comparator, Condition};
use crate::limits::CONDITIONS_MAX;
use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Reports};
use bowline_model::{Digest, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// What must hold. Empty = nothing is judged, and the decision says so.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// All of them must hold; at most [`CONDITIONS_MAX`].
    pub conditions: Vec<Condition>,
}

/// How one condition ended. Only [`Status::Passed`] lets a release pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// No report, or an empty one, or no test ran.
    Missing,
    /// The report cannot be read.
    Unreadable,
    /// The report ends too early.
    Incomplete,
}

impl Status {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Incomplete => "incomplete",
        }
    }

    /// SonarQube's word. It has no own word for a report that is not there: `ERROR`, because
    /// its `NO_VALUE` reads as passed.
    #[must_use]
    pub fn sonar(self) -> &'static str {
        if self == Self::Passed { "OK" } else { "ERROR" }
    }
}

/// A report that a condition rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportReference {
    /// Its path.
    pub path: String,
    /// The digest of its bytes, if the caller gave one.
    pub digest: Option<Digest>,
}

/// One condition, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionResult {
    /// The metric's key.
    pub metric: String,
    /// `LT` or `GT`: it fails when `actual comparator threshold` is true.
    pub comparator: String,
    /// The limit as written.
    pub threshold: String,
    /// The value, rounded down; `None` when there is none.
    pub actual: Option<String>,
    /// How it ended.
    pub status: Status,
    /// One sentence for people, with the numbers that decided.
    pub message: String,
    /// The reports that it rests on.
    pub reports: Vec<ReportReference>,
}

/// The whole decision. The same policy and reports give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateDecision {
    /// `pass` or `block`; `info` when there is no condition: nothing was judged.
    pub verdict: Verdict,
    /// In the order of the policy.
    pub conditions: Vec<ConditionResult>,
    /// Facts for people: failed tests by name, what was not judged.
    pub notes: Vec<String>,
}

impl GateDecision {
    /// The answer of SonarQube's `api/qualitygates/project_status`, so that scripts read it.
    #[must_use]
    pub fn sonar(&self) -> Value {
        let conditions: Vec<Value> = self.conditions.iter().map(sonar_condition).collect();
        let status = match self.verdict {
            Verdict::Pass => "OK",
            Verdict::Info => "NONE",
            Verdict::Warn | Verdict::Block => "ERROR",
        };
        json!({"projectStatus": {"status": status, "conditions": conditions}})
    }
}

fn sonar_condition(condition: &ConditionResult) -> Value {
    let mut object = json!({
        "status": condition.status.sonar(),
        "metricKey": condition.metric,
        "comparator": condition.comparator,
        "errorThreshold": condition.threshold,
    });
    if let Some(actual) = &condition.actual {
        object["actualValue"] = Value::String(actual.clone());
    }
    object
}

/// Decides `policy` on `reports`. Pure: the same arguments give the same decision.
#[must_use]
pub fn decide(policy: &Policy, reports: &Reports) -> GateDecision {
    let measured = Measured::new(reports);
    let conditions: Vec<ConditionResult> =
        policy.conditions.iter().map(|condition| judge(condition, &measured, reports)).collect();
    let mut notes = Vec::new();
    let verdict = if policy.conditions.len() > CONDITIONS_MAX {
        notes.push(format!("the policy has over {CONDITIONS_MAX} conditions"));
        Verdict::Block
    } else if conditions.is_empty() {
        notes.push("no gate is configured, nothing was judged".to_owned());
        Verdict::Info
    } else if conditions.iter().all(|c| c.status == Status::Passed) {
        Verdict::Pass
    } else {
        Verdict::Block
    };
    if let Ok(tests) = &measured.tests {
        notes.extend(tests.named.iter().map(|name| format!("failed: {name}")));
        let more = tests.failures().saturating_sub(tests.named.len() as u64);
        if more > 0 {
            notes.push(format!("and {more} more failures"));
        }
    }
    GateDecision { verdict, conditions, notes }
}

fn judge(condition: &Condition, measured: &Measured, reports: &Reports) -> ConditionResult {
    let (status, actual, message) = match (condition.gate.measure)(measured) {
        Ok(measure) => {
            let status = if holds(condition, measure) { Status::Passed } else { Status::Failed };
            (status, Some(measure.text()), sentence(condition, measure, status))
        }
        Err(Unmeasured::Missing(why)) => (Status::Missing, None, why),
        Err(Unmeasured::Unreadable(why)) => (Status::Unreadable, None, why),
        Err(Unmeasured::Incomplete(why)) => (Status::Incomplete, None, why),
    };
    let reports =
        condition.gate.source.of(reports).iter().map(|report| ReportReference {
            path: report.path.clone(),
            digest: report.digest.clone(),
        });
    ConditionResult {
        metric: condition.gate.metric.to_owned(),
        comparator: condition.comparator.word().to_owned(),
        threshold: condition.threshold.as_str().to_owned(),
        actual,
        status,
        message,
        reports: reports.collect(),
    }
}

fn holds(condition: &Condition, measure: Measure) -> bool {
    // A share without a whole has no value; it is never built, and it would not hold.
    if measure.denominator == 0 {
        return false;
    }
    let order = condition.threshold.compare(measure.numerator, measure.denominator);
    match condition.comparator {
        Comparator::LessThan => order != Ordering::Less,
        Comparator::GreaterThan => order != Ordering::Greater,
    }
}

fn sentence(condition: &Condition, measure: Measure, status: Status) -> String {
    let (metric, threshold) = (condition.gate.metric, &condition.threshold);
    let unit = if measure.percent { " %" } else { "" };
    let counts = if measure.percent {
        format!(" ({} of {})", measure.numerator / 100, measure.denominator)
    } else {
        String::new()
    };
    let sign = match (status, condition.comparator) {
        (Status::Passed, Comparator::LessThan) => ">=",
        (Status::Passed, Comparator::GreaterThan) => "<=",
        (_, Comparator::LessThan) => "<",
        (_, Comparator::GreaterThan) => ">",
    };
    format!("{metric} {}{unit} {sign} {threshold}{unit}{counts}", measure.text())
}

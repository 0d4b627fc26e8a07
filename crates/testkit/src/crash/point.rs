//! A point by its name, and a spread of points.

use std::fmt;
use std::str::FromStr;

/// A place at which a command may end: before or after the `nth` append or effect of that kind
/// and key. Numbers and hashes in the key read as `#`, so that every release has the same points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// `before` or `after`.
    pub side: String,
    /// From 1, among the points that read alike.
    pub nth: u32,
    /// `rollout.weight_shifted`, `pod.start`, `file.write` …
    pub kind: String,
    /// What it is about.
    pub key: String,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.side, self.nth, self.kind, self.key)
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.splitn(4, ' ');
        let mut word = || words.next().ok_or_else(|| format!("`{text}` is no point"));
        let (side, nth, kind, key) = (word()?, word()?, word()?, word()?);
        let nth = nth.parse().map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Self { side: side.into(), nth, kind: kind.into(), key: key.into() })
    }
}

/// `count` points, evenly from the first to the last; all when there are no more.
#[must_use]
pub fn spread(points: &[Point], count: usize) -> Vec<Point> {
    if count >= points.len() {
        return points.to_vec();
    }
    (0..count).map(|index| points[(2 * index + 1) * points.len() / (2 * count)].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Point, spread};

    #[test]
    fn a_point_reads_as_it_is_written_and_a_spread_reaches_both_ends() {
        let text = "before 2 manifest.apply prod/Rollout/my shop";
        let point: Point = text.parse().expect("a point");
        assert_eq!((point.to_string().as_str(), point.nth), (text, 2));
        assert!("before x a b".parse::<Point>().is_err());
        let all: Vec<Point> = (0..10).map(|nth| Point { nth, ..point.clone() }).collect();
        let taken: Vec<u32> = spread(&all, 5).iter().map(|point| point.nth).collect();
        assert_eq!(taken, [1, 3, 5, 7, 9]);
        assert_eq!(spread(&all, 99).len(), 10);
    }
}

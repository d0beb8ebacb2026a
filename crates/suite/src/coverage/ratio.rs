//! Ratios of coverage, and thresholds.

use super::FileCoverage;

/// A part of a total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// The covered part.
    pub covered: u64,
    /// The total.
    pub total: u64,
}

impl Ratio {
    /// Counts what is covered.
    pub(super) fn of(all: impl IntoIterator<Item = bool>) -> Self {
        let mut ratio = Ratio::default();
        for covered in all {
            ratio.covered += u64::from(covered);
            ratio.total += 1;
        }
        ratio
    }

    /// Hundredths of a percent, rounded down.
    fn hundredths(self) -> u64 {
        let (covered, total) = (u128::from(self.covered), u128::from(self.total));
        (covered * 10_000).checked_div(total).map_or(10_000, |part| u64::try_from(part).unwrap_or(u64::MAX))
    }

    /// The percentage, rounded down to two digits, so that only complete coverage is 100. Nothing is covered
    /// completely.
    pub fn percent(self) -> f64 {
        self.hundredths() as f64 / 100.0
    }

    /// Whether everything is covered.
    pub fn is_full(self) -> bool {
        self.covered >= self.total
    }

    /// How many more are needed for a percentage.
    pub fn missing(self, percent: f64) -> u64 {
        // Percentages such as 66.6 are not exact in binary, so a tiny difference is allowed.
        let needed = (percent.clamp(0.0, 100.0) * self.total as f64 / 100.0 - 1e-9).ceil().max(0.0);
        (needed as u64).saturating_sub(self.covered)
    }

    /// The sum of two ratios.
    #[must_use]
    pub fn and(self, other: Ratio) -> Ratio {
        Ratio { covered: self.covered + other.covered, total: self.total + other.total }
    }
}

/// Writes `66.6 %`, rounded down to one digit, or `100 %`.
impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hundredths() / 10 {
            1000.. => f.write_str("100 %"),
            tenths => write!(f, "{}.{} %", tenths / 10, tenths % 10),
        }
    }
}

/// A measure of coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Evaluated statements.
    Statements,
    /// Evaluated lines.
    Lines,
    /// Outcomes of conditions, two for each.
    Conditions,
}

impl Measure {
    /// All measures, in the order of reports.
    pub const ALL: [Measure; 3] = [Measure::Statements, Measure::Lines, Measure::Conditions];

    /// The name: `statements`, `lines` or `conditions`.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Statements => "statements",
            Measure::Lines => "lines",
            Measure::Conditions => "conditions",
        }
    }

    /// The ratio of a file.
    pub fn of(self, file: &FileCoverage) -> Ratio {
        match self {
            Measure::Statements => file.statements(),
            Measure::Lines => file.lines(),
            Measure::Conditions => file.conditions(),
        }
    }

    /// The ratio of all files together.
    pub fn of_all(self, files: &[FileCoverage]) -> Ratio {
        files.iter().fold(Ratio::default(), |sum, file| sum.and(self.of(file)))
    }
}

/// The least coverage that suffices, in percent, for each file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Threshold {
    /// The least coverage of lines; `None` allows any.
    pub lines: Option<f64>,
    /// The least coverage of outcomes of conditions; `None` allows any.
    pub conditions: Option<f64>,
}

/// A file below a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortfall {
    /// The name of the file.
    pub file: String,
    /// The measure that falls short.
    pub measure: Measure,
    /// The ratio.
    pub ratio: Ratio,
    /// The threshold, in percent.
    pub minimum: f64,
    /// The number of lines or outcomes that are missing.
    pub missing: u64,
}

impl Threshold {
    /// The files below the threshold, in their order, lines before conditions.
    pub fn shortfalls(&self, files: &[FileCoverage]) -> Vec<Shortfall> {
        let mut found = Vec::new();
        for file in files {
            for (measure, minimum) in [(Measure::Lines, self.lines), (Measure::Conditions, self.conditions)] {
                let Some(minimum) = minimum else { continue };
                let ratio = measure.of(file);
                let missing = ratio.missing(minimum);
                if missing > 0 {
                    found.push(Shortfall { file: file.name().to_owned(), measure, ratio, minimum, missing });
                }
            }
        }
        found
    }
}

/// Writes `a.rules: 75.0 % of conditions covered (6/8), at least 90 % required: 2 more`.
impl std::fmt::Display for Shortfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shortfall { file, measure, ratio, minimum, missing } = self;
        let (name, Ratio { covered, total }) = (measure.name(), ratio);
        write!(
            f,
            "{file}: {ratio} of {name} covered ({covered}/{total}), at least {minimum} % required: {missing} more"
        )
    }
}

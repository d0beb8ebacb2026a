//! How much of something is covered, and whether that is enough.

use super::FileCoverage;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// What is covered.
    pub covered: u64,
    /// What there is.
    pub total: u64,
}

impl Ratio {
    /// Counts what is covered among all.
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

    /// Percent, rounded down to two digits after the point, so that only all of it is 100. Of nothing, all is covered.
    pub fn percent(self) -> f64 {
        self.hundredths() as f64 / 100.0
    }

    /// Whether everything is covered.
    pub fn is_full(self) -> bool {
        self.covered >= self.total
    }

    /// How many more must be covered for so many percent.
    pub fn missing(self, percent: f64) -> u64 {
        // Percentages such as 66.6 have no exact form; what is off by that little is enough.
        let needed = (percent.clamp(0.0, 100.0) * self.total as f64 / 100.0 - 1e-9).ceil().max(0.0);
        (needed as u64).saturating_sub(self.covered)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Ratio) -> Ratio {
        Ratio { covered: self.covered + other.covered, total: self.total + other.total }
    }
}

/// `66.6 %`: one digit after the point, rounded down; all of it is `100 %`.
impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hundredths() / 10 {
            1000.. => f.write_str("100 %"),
            tenths => write!(f, "{}.{} %", tenths / 10, tenths % 10),
        }
    }
}

/// What is measured of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Statements that were tried.
    Statements,
    /// Lines that were evaluated.
    Lines,
    /// Outcomes of conditions, two for each.
    Conditions,
}

impl Measure {
    /// All of them, in the order of reports.
    pub const ALL: [Measure; 3] = [Measure::Statements, Measure::Lines, Measure::Conditions];

    /// `statements`, `lines`, `conditions`
    pub fn name(self) -> &'static str {
        match self {
            Measure::Statements => "statements",
            Measure::Lines => "lines",
            Measure::Conditions => "conditions",
        }
    }

    /// How much of it a file has.
    pub fn of(self, file: &FileCoverage) -> Ratio {
        match self {
            Measure::Statements => file.statements(),
            Measure::Lines => file.lines(),
            Measure::Conditions => file.conditions(),
        }
    }

    /// The same of all files together.
    pub fn of_all(self, files: &[FileCoverage]) -> Ratio {
        files.iter().fold(Ratio::default(), |sum, file| sum.and(self.of(file)))
    }
}

/// The least that is enough, in percent. Every file must reach it by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Threshold {
    /// Of lines; `None` is any.
    pub lines: Option<f64>,
    /// Of the outcomes of conditions; `None` is any.
    pub conditions: Option<f64>,
}

/// A file that is below a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortfall {
    /// Its name.
    pub file: String,
    /// Of what there is too little.
    pub measure: Measure,
    /// How much there is.
    pub ratio: Ratio,
    /// How much there must be, in percent.
    pub minimum: f64,
    /// How many lines or outcomes are missing.
    pub missing: u64,
}

impl Threshold {
    /// The files that fall short, in their order, lines before conditions; none where all is well.
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

/// `a.rules: 75.0 % of conditions covered (6/8), at least 90 % wanted: 2 more`
impl std::fmt::Display for Shortfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shortfall { file, measure, ratio, minimum, missing } = self;
        let (name, Ratio { covered, total }) = (measure.name(), ratio);
        write!(f, "{file}: {ratio} of {name} covered ({covered}/{total}), at least {minimum} % wanted: {missing} more")
    }
}

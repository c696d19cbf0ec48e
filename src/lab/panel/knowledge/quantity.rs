//! The rows of the table: what is measured of every code, in plain words.

use crate::eval::probe::{CHANCE, CodeReport, KnowledgeTable, Regression};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An error in degrees: small is good.
    Degrees,
    /// A share in percent: large is good.
    Percent,
}

impl Unit {
    /// What knowing everything gives.
    pub fn best(self) -> f64 {
        match self {
            Self::Degrees => 0.0,
            Self::Percent => 100.0,
        }
    }

    /// The number as it is printed, with its unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Degrees => format!("{:.1}°", self.rounded(value)),
            Self::Percent => format!("{:.0} %", self.rounded(value)),
        }
    }

    /// The number for a sentence, with two digits or so.
    pub fn rough(self, value: f64) -> String {
        match self {
            Self::Degrees if value >= 9.95 => format!("{value:.0}°"),
            _ => self.text(value),
        }
    }

    /// As printed: what is printed alike is alike.
    pub fn rounded(self, value: f64) -> f64 {
        match self {
            Self::Degrees => (value * 10.0).round() / 10.0 + 0.0,
            Self::Percent => value.round() + 0.0,
        }
    }

    /// Whether the first number is printed as the better one.
    pub fn is_better(self, one: f64, other: f64) -> bool {
        let (one, other) = (self.rounded(one), self.rounded(other));
        match self {
            Self::Degrees => one < other,
            Self::Percent => one > other,
        }
    }

    /// Where a value lies between chance (0) and perfect (1).
    pub fn share(self, value: f64, chance: f64) -> Option<f64> {
        let share = (value - chance) / (self.best() - chance);
        share.is_finite().then(|| share.clamp(0.0, 1.0))
    }
}

/// A row.
pub struct Quantity {
    /// Its name.
    pub name: &'static str,
    /// What exactly is measured.
    pub about: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// Its name in files.
    key: &'static str,
    measured: fn(&CodeReport) -> Option<f64>,
}

impl Quantity {
    /// The number of a code, `None` where it was not measured or is not finite.
    pub fn of(&self, code: &CodeReport) -> Option<f64> {
        let value = (self.measured)(code).filter(|value| value.is_finite())?;
        Some(match self.unit {
            Unit::Degrees => value,
            Unit::Percent => 100.0 * value,
        })
    }

    /// The ends of its 95 % interval, `None` where there is none.
    pub fn interval(&self, table: &KnowledgeTable, code: &str) -> Option<[f64; 2]> {
        let report = table.codes.iter().find(|report| report.code == code)?;
        let interval = report.intervals.get(self.key)?;
        let factor = match self.unit {
            Unit::Degrees => 1.0,
            Unit::Percent => 100.0,
        };
        Some([interval.low, interval.high].map(|end| factor * end))
    }

    /// The number of the code of this name.
    pub fn of_code(&self, table: &KnowledgeTable, code: &str) -> Option<f64> {
        self.of(table.codes.iter().find(|report| report.code == code)?)
    }

    /// What guessing gives.
    pub fn chance(&self, table: &KnowledgeTable) -> Option<f64> {
        self.of_code(table, CHANCE)
    }
}

fn error_deg(regression: Option<Regression>) -> Option<f64> {
    Some(regression?.mae_deg)
}

/// All rows, from the easiest to the most telling.
pub static QUANTITIES: [Quantity; 9] = [
    Quantity {
        name: "Yaw",
        about: "How far the head is turned to a side, read from the code by a linear probe: mean error on other people.",
        unit: Unit::Degrees,
        key: "yaw_mae_deg",
        measured: |code| error_deg(code.yaw),
    },
    Quantity {
        name: "Yaw without its side",
        about: "How far the head is turned, no matter to which side: |yaw|. A code that knows this but not the yaw has learnt to ignore the side.",
        unit: Unit::Degrees,
        key: "abs_yaw_mae_deg",
        measured: |code| error_deg(code.abs_yaw),
    },
    Quantity {
        name: "Pitch",
        about: "How far the head looks up or down, read by a linear probe: mean error.",
        unit: Unit::Degrees,
        key: "pitch_mae_deg",
        measured: |code| error_deg(code.pitch),
    },
    Quantity {
        name: "Roll",
        about: "How far the head is tilted towards a shoulder, read by a linear probe: mean error.",
        unit: Unit::Degrees,
        key: "roll_mae_deg",
        measured: |code| error_deg(code.roll),
    },
    Quantity {
        name: "Person",
        about: "Whether the five nearest pictures of other clips tell who it is: share right.",
        unit: Unit::Percent,
        key: "identity_accuracy",
        measured: |code| code.identity,
    },
    Quantity {
        name: "Expression",
        about: "Happy, sad, surprised …, told by a linear classifier: share right.",
        unit: Unit::Percent,
        key: "expression_accuracy",
        measured: |code| code.expression,
    },
    Quantity {
        name: "Action units",
        about: "Small movements of the face such as raised brows, told by linear classifiers: mean F1.",
        unit: Unit::Percent,
        key: "au_f1",
        measured: |code| code.au_f1,
    },
    Quantity {
        name: "Nearest other person's pose",
        about: "The other person whose code is most alike: how far that head looks elsewhere. Nothing is fitted, so a wide code has no advantage.",
        unit: Unit::Degrees,
        key: "retrieval_angle_deg",
        measured: |code| Some(code.retrieval.pose_other_identity?.angle_deg),
    },
    Quantity {
        name: "Same person in another pose",
        about: "Of the faces turned by more than 30°, the one whose code is most alike: how often it is the same person. Nothing is fitted, so a wide code has no advantage.",
        unit: Unit::Percent,
        key: "retrieval_identity_accuracy",
        measured: |code| code.retrieval.identity_other_pose,
    },
];

/// Places in [`QUANTITIES`].
pub const YAW: usize = 0;
/// The person by neighbours.
pub const PERSON: usize = 4;
/// The pose, where capacity does not help.
pub const NEAREST_POSE: usize = 7;
/// The person, where capacity does not help.
pub const SAME_PERSON: usize = 8;

//! Where a network comes from: the words beside its weights.

use serde::{Deserialize, Serialize};

/// The words beside the weights of an exported network.
pub const PROVENANCE_FILE: &str = "network.toml";

/// Where a network comes from, how to make it again, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The command that makes the run again it was exported from.
    pub command: String,
    /// Name and version of the program that trained it.
    pub program: String,
    /// Day of the export, e.g. `2026-05-31`.
    pub date: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// Training steps.
    pub steps: Option<u64>,
    /// What the steps took in hours, waiting for data included.
    pub hours: Option<f64>,
    /// What it was trained on, in words.
    pub data: Option<String>,
    /// Licence of that data, and whom to cite.
    pub licence: Option<String>,
    /// SHA-256 of the weights file, in hexadecimal.
    pub sha256: String,
    /// What its codes were measured to know, as a table for reading.
    pub measured: Option<String>,
    /// The configuration of the run.
    pub config: toml::Table,
}

/// The day, so many seconds after 1970 began: `2026-05-31` (UTC).
pub(super) fn date(unix_s: u64) -> String {
    // Days from the first of March on: the day that is there every four years is the last one.
    let days = unix_s / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, next_year) = match march_month {
        0..10 => (march_month + 3, 0),
        _ => (march_month - 9, 1),
    };
    let year = 400 * era + year_of_era + next_year;
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_of_the_calendar() {
        let day = 86_400;
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(date(days * day), text);
            assert_eq!(date(days * day + day - 1), text);
        }
    }
}

//! Aligned columns of numbers with marks at the best.

use super::bootstrap::Interval;
use super::quantities::Good;

/// `*` at the best learnt value if it beats all that is not learnt, `~` if it does not, as far as
/// the printed digits tell.
pub(super) fn marks(
    values: &[Option<f64>],
    learnt: &[bool],
    good: Good,
    digits: usize,
) -> Vec<char> {
    let values: Vec<_> = values
        .iter()
        .map(|value| value.map(|v| rounded(v, digits)))
        .collect();
    let sign = match good {
        Good::Low => -1.0,
        Good::High => 1.0,
        Good::Neutral => return vec![' '; values.len()],
    };
    let best = |of_learnt: bool| {
        let some = values.iter().zip(learnt).filter(|(_, l)| **l == of_learnt);
        some.filter_map(|(value, _)| value.map(|value| sign * value))
            .max_by(f64::total_cmp)
    };
    let (best_learnt, best_other) = (best(true), best(false));
    let mark = if best_other.is_none_or(|other| best_learnt.is_some_and(|best| best > other)) {
        '*'
    } else {
        '~'
    };
    let marked = values.iter().zip(learnt).map(|(value, &learnt)| {
        let is_best = learnt && value.is_some() && value.map(|value| sign * value) == best_learnt;
        if is_best { mark } else { ' ' }
    });
    marked.collect()
}

/// As printed, without a negative zero.
fn rounded(value: f64, digits: usize) -> f64 {
    let unit = 10f64.powi(digits as i32);
    (value * unit).round() / unit + 0.0
}

/// A number with half of its interval and its mark, or a dash.
pub(super) fn cell(
    value: Option<f64>,
    interval: Option<Interval>,
    digits: usize,
    mark: char,
) -> String {
    let number = value.map_or_else(
        || "–".into(),
        |value| format!("{:.digits$}", rounded(value, digits)),
    );
    let half = interval.map_or_else(String::new, |interval| {
        format!("±{:.digits$}", interval.half())
    });
    format!("{number}{half}{mark}")
}

/// A row: its name, then its cells.
pub(super) fn line(words: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(words.to_string()).chain(cells).collect()
}

/// First column to the left, the others to the right; a line of one cell is a heading.
pub(super) fn aligned(grid: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let rows = grid.iter().filter(|row| row.len() > 1);
        rows.filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let columns = grid.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in grid {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            match (column, row.len()) {
                (_, 1) => line.push_str(cell),
                (0, _) => line.push_str(&format!("  {cell}{pad}")),
                // Headings stand above the numbers, not above their marks.
                _ => line.push_str(&format!("  {pad}{cell}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_by_hand() {
        let learnt = [true, true, false];
        let of = |values: [Option<f64>; 3], good| marks(&values, &learnt, good, 1);
        assert_eq!(
            of([Some(1.0), Some(3.0), Some(2.0)], Good::High),
            [' ', '*', ' ']
        );
        assert_eq!(
            of([Some(1.0), Some(3.0), Some(1.0)], Good::Low),
            ['~', ' ', ' ']
        );
        assert_eq!(of([Some(1.0), None, None], Good::Low), ['*', ' ', ' ']);
        assert_eq!(of([None, None, Some(1.0)], Good::Low), [' ', ' ', ' ']);
        // What is printed alike is alike.
        assert_eq!(
            of([Some(1.04), Some(1.01), Some(0.99)], Good::High),
            ['~', '~', ' ']
        );
        assert_eq!(cell(Some(-0.004), None, 2, ' '), "0.00 ");
        let interval = Some(Interval {
            low: 0.7,
            high: 0.8,
        });
        assert_eq!(cell(Some(0.76), interval, 2, '*'), "0.76±0.05*");
        assert_eq!(of([Some(1.0); 3], Good::Neutral), [' ', ' ', ' ']);
    }
}

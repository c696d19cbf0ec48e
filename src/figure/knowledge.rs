//! What each code knows: a table whose cells are shaded from chance to perfect.

use std::io;
use std::path::Path;

use image::RgbImage;

use super::canvas::{Align, Canvas, Line};
use super::palette::{self, Rgb};
use super::{FigureError, csv_beside, write, write_png};

/// The table.
#[derive(Clone, Debug)]
pub struct HeatTable {
    /// Line above.
    pub title: String,
    /// The codes; `_` sets the next character below the line (`F_p`).
    pub columns: Vec<String>,
    /// The quantities.
    pub rows: Vec<HeatRow>,
}

/// A quantity and how well each code tells it.
#[derive(Clone, Debug)]
pub struct HeatRow {
    /// Its name.
    pub label: String,
    /// Its unit, empty for none.
    pub unit: String,
    /// One value per code, `None` where it was not measured.
    pub cells: Vec<Option<f64>>,
    /// What knowing nothing gives; without it the row stays unshaded.
    pub chance: Option<f64>,
    /// What knowing everything gives; below the chance level for errors.
    pub best: f64,
}

impl HeatRow {
    /// Where a value lies between chance (0) and perfect (1).
    fn knowledge(&self, value: f64) -> Option<f64> {
        let chance = self.chance?;
        let share = (value - chance) / (self.best - chance);
        share.is_finite().then(|| share.clamp(0.0, 1.0))
    }
}

const TITLE_TEXT_PX: f64 = 46.0;
const TEXT_PX: f64 = 36.0;
const ROW_PX: i32 = 72;
const HEAD_PX: i32 = 70;
const TITLE_PX: i32 = 88;
const MARGIN_PX: i32 = 30;
const FOOT_PX: i32 = 88;
const NARROWEST_PX: i32 = 140;
const DEEP: Rgb = [0, 82, 140];
/// Above this share the shade is too dark for dark text.
const DARK_FROM: f64 = 0.55;
const SCALE_WIDTH_PX: i32 = 260;

/// Writes the table as `png` and, beside it, `.csv` with `quantity,unit,chance,best` and a column
/// per code.
///
/// # Errors
/// What [`draw`] brings, and files that cannot be written.
pub fn save(table: &HeatTable, png: &Path) -> Result<(), FigureError> {
    let picture = draw(table)?;
    let bytes = csv_bytes(table).map_err(|cause| FigureError::Write {
        path: csv_beside(png),
        cause,
    })?;
    write(&csv_beside(png), &bytes)?;
    write_png(png, &picture)
}

fn csv_bytes(table: &HeatTable) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let head = ["quantity", "unit", "chance", "best"].map(String::from);
    csv.write_record(head.iter().chain(&table.columns))?;
    for row in &table.rows {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let lead = [
            row.label.clone(),
            row.unit.clone(),
            number(row.chance),
            number(Some(row.best)),
        ];
        csv.write_record(
            lead.into_iter()
                .chain(row.cells.iter().copied().map(number)),
        )?;
    }
    csv.into_inner().map_err(|error| error.into_error())
}

/// Draws the table with the chance level as its last column.
///
/// # Errors
/// A table without columns, rows with more or fewer cells than there are columns, and a font that
/// cannot be drawn.
pub fn draw(table: &HeatTable) -> Result<RgbImage, FigureError> {
    if table.columns.is_empty() {
        return Err(FigureError::Content(
            "a table of what each code knows needs at least one code".into(),
        ));
    }
    for row in &table.rows {
        if row.cells.len() != table.columns.len() {
            return Err(FigureError::Mismatch {
                what: format!("cells of the row \"{}\"", row.label),
                wanted: table.columns.len(),
                got: row.cells.len(),
            });
        }
    }
    let title = Line::symbols(&table.title, TITLE_TEXT_PX)?;
    let labels = (table.rows.iter())
        .map(|row| Line::plain(&label(row), TEXT_PX))
        .collect::<io::Result<Vec<_>>>()?;
    let heads = (table.columns.iter().map(String::as_str))
        .chain(["chance"])
        .map(|name| Line::symbols(name, TEXT_PX))
        .collect::<io::Result<Vec<_>>>()?;
    let label_width = labels.iter().map(|line| line.width).max().unwrap_or(0) + 36;
    let column_width =
        (heads.iter().map(|line| line.width).max().unwrap_or(0) + 36).max(NARROWEST_PX);
    let body_width = label_width + column_width * heads.len() as i32;
    let width = 2 * MARGIN_PX + body_width.max(title.width).max(SCALE_WIDTH_PX + 320);
    let top = TITLE_PX + HEAD_PX;
    let height = top + ROW_PX * table.rows.len() as i32 + FOOT_PX;

    let mut canvas = Canvas::new(width as u32, height as u32);
    canvas.write(&title, MARGIN_PX, TITLE_PX - 30, Align::Left, palette::INK);
    let left_of = |column: usize| MARGIN_PX + label_width + column as i32 * column_width;
    for (column, head) in heads.iter().enumerate() {
        let colour = if column < table.columns.len() {
            palette::INK
        } else {
            palette::DIM
        };
        let middle = left_of(column) + column_width / 2;
        canvas.write(head, middle, top - 20, Align::Centre, colour);
    }
    for (index, (row, label)) in table.rows.iter().zip(&labels).enumerate() {
        let row_top = top + ROW_PX * index as i32;
        canvas.write(label, MARGIN_PX, row_top + 48, Align::Left, palette::INK);
        let decimals = decimals(row);
        for (column, value) in row.cells.iter().enumerate() {
            let share = value.and_then(|value| row.knowledge(value));
            let at = (left_of(column), row_top);
            let text = Line::plain(&number(*value, decimals), TEXT_PX)?;
            draw_cell(&mut canvas, &text, share, at, column_width);
        }
        let chance = Line::plain(&number(row.chance, decimals), TEXT_PX)?;
        let middle = left_of(row.cells.len()) + column_width / 2;
        canvas.write(&chance, middle, row_top + 48, Align::Centre, palette::DIM);
    }
    draw_scale(&mut canvas, (MARGIN_PX, height - FOOT_PX + 26))?;
    Ok(canvas.0)
}

fn draw_cell(
    canvas: &mut Canvas,
    text: &Line,
    share: Option<f64>,
    (left, top): (i32, i32),
    width: i32,
) {
    let size = (width - 4, ROW_PX - 4);
    canvas.fill((left + 2, top + 2), size, shade(share.unwrap_or(0.0)));
    canvas.frame((left + 2, top + 2), size, 1, palette::RULE);
    let dark = share.is_some_and(|share| share > DARK_FROM);
    let ink = if dark { [255; 3] } else { palette::INK };
    canvas.write(text, left + width / 2, top + 48, Align::Centre, ink);
}

/// What the shades mean.
fn draw_scale(canvas: &mut Canvas, (left, top): (i32, i32)) -> io::Result<()> {
    let chance = Line::plain("chance", TEXT_PX)?;
    let perfect = Line::plain("perfect", TEXT_PX)?;
    canvas.write(&chance, left, top + 28, Align::Left, palette::DIM);
    let bar = left + chance.width + 16;
    for x in 0..SCALE_WIDTH_PX {
        let colour = shade(f64::from(x) / f64::from(SCALE_WIDTH_PX - 1));
        canvas.fill((bar + x, top), (1, 36), colour);
    }
    canvas.frame((bar, top), (SCALE_WIDTH_PX, 36), 1, palette::RULE);
    let after = bar + SCALE_WIDTH_PX + 16;
    canvas.write(&perfect, after, top + 28, Align::Left, palette::DIM);
    Ok(())
}

fn shade(share: f64) -> Rgb {
    palette::blend([255; 3], DEEP, share as f32)
}

/// Name, unit and which way is better.
fn label(row: &HeatRow) -> String {
    let unit = if row.unit.is_empty() {
        String::new()
    } else {
        format!(" ({})", row.unit)
    };
    let better = match row.chance {
        Some(chance) if row.best < chance => " ↓",
        Some(_) => " ↑",
        None => "",
    };
    format!("{}{unit}{better}", row.label)
}

/// Decimals that give the largest number of a row about three digits.
fn decimals(row: &HeatRow) -> usize {
    let finite = row.cells.iter().flatten().chain(&row.chance);
    let largest = finite
        .filter(|value| value.is_finite())
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    match largest {
        size if size < 9.995 => 2,
        size if size < 99.95 => 1,
        _ => 0,
    }
}

/// The number as text; a dash where nothing was measured.
fn number(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.decimals$}").replace('-', "−"),
        _ => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: Vec<Option<f64>>, chance: Option<f64>, best: f64) -> HeatRow {
        HeatRow {
            label: "yaw".into(),
            unit: "°".into(),
            cells,
            chance,
            best,
        }
    }

    fn table(rows: Vec<HeatRow>) -> HeatTable {
        HeatTable {
            title: "What each code knows".into(),
            columns: vec!["F_s".into(), "F_p".into()],
            rows,
        }
    }

    #[test]
    fn knowledge_runs_from_chance_to_perfect_in_either_direction() {
        let error = row(vec![], Some(30.0), 0.0);
        assert_eq!(error.knowledge(30.0), Some(0.0));
        assert_eq!(error.knowledge(7.5), Some(0.75));
        assert_eq!(error.knowledge(45.0), Some(0.0));
        let accuracy = row(vec![], Some(20.0), 100.0);
        assert_eq!(accuracy.knowledge(60.0), Some(0.5));
        assert_eq!(row(vec![], None, 1.0).knowledge(0.5), None);
        assert_eq!(row(vec![], Some(1.0), 1.0).knowledge(1.0), None);
        assert_eq!(error.knowledge(f64::NAN), None);
    }

    #[test]
    fn numbers_have_about_three_digits() {
        let texts = |values: [f64; 2]| {
            let row = row(values.map(Some).into(), Some(0.5), 1.0);
            values.map(|value| number(Some(value), decimals(&row)))
        };
        assert_eq!(texts([0.876, -0.04]), ["0.88", "−0.04"]);
        assert_eq!(texts([9.996, 1.25]), ["10.0", "1.2"]);
        assert_eq!(texts([-123.4, 4.4]), ["−123", "4"]);
        assert_eq!(texts([f64::NAN, 0.1]), ["–", "0.10"]);
        assert_eq!(number(None, 2), "–");
        assert_eq!(label(&row(vec![], Some(30.0), 0.0)), "yaw (°) ↓");
    }

    #[test]
    fn shades_follow_the_values() {
        let drawn = draw(&table(vec![row(
            vec![Some(0.0), Some(30.0)],
            Some(30.0),
            0.0,
        )]))
        .unwrap();
        let count = |colour| drawn.pixels().filter(|pixel| pixel.0 == colour).count();
        // One of the two cells is filled with the deepest shade, the other is left white.
        let cell = (NARROWEST_PX * ROW_PX) as usize;
        assert!(
            (cell * 3 / 4..cell + 200).contains(&count(DEEP)),
            "{}",
            count(DEEP)
        );
        let rows = [1, 4].map(|rows| {
            let one = row(vec![None, Some(f64::NAN)], None, 1.0);
            draw(&table(vec![one; rows])).unwrap().height() as i32
        });
        assert_eq!(rows[1] - rows[0], 3 * ROW_PX);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let error = draw(&table(vec![row(vec![None], None, 1.0)])).unwrap_err();
        assert!(error.to_string().contains("1 instead of 2"), "{error}");
        assert!(draw(&table(vec![])).is_ok());
        let none = HeatTable {
            columns: vec![],
            ..table(vec![])
        };
        assert!(draw(&none).is_err());
    }

    #[test]
    fn csv_gives_back_every_number() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("knows.png");
        save(
            &table(vec![row(vec![Some(1.0 / 3.0), None], Some(30.5), 0.0)]),
            &png,
        )
        .unwrap();
        let text = std::fs::read_to_string(csv_beside(&png)).unwrap();
        assert_eq!(
            text,
            "quantity,unit,chance,best,F_s,F_p\nyaw,°,30.5,0,0.3333333333333333,\n"
        );
        assert!(image::open(&png).unwrap().width() > 500);
    }
}

//! k-nearest neighbours on raw features (METHODS 2.6).

use std::path::Path;

use super::classes::{EXPRESSION_PX, majority};
use super::{Outcome, Words, blank_report, chance_row, example_places, origin, shown};
use crate::data::labelled::{FerTest, read_fer};
use crate::eval::EvalError;
use crate::eval::bench::{Bench, Contender};
use crate::eval::input::Input;
use crate::eval::metric::{NEIGHBOURS, accuracy, accuracy_per_class, knn};
use crate::eval::quoted::ACCURACY;
use crate::eval::report::{Cell, Column, Row};
use crate::eval::rows::Rows;
use crate::figure::examples::Example;

/// The five nearest training pictures vote, without any training, on the classes of an expression
/// data set or of any labelled folder.
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn nearest(
    bench: &mut Bench,
    root: &Path,
    test: FerTest,
    side_px: Option<usize>,
) -> Result<Outcome, EvalError> {
    let task = read_fer(root, test, bench.layout)?.without(&bench.left_out);
    let input = Input::whole(side_px.unwrap_or(EXPRESSION_PX));
    let (training, test) = (&task.split.train, &task.split.test);
    let (mut rows, mut examples, mut dim) = (Vec::new(), Vec::new(), 0);
    for whose in bench.contenders.clone() {
        let features = bench.features(whose, &training.pictures, input, "training pictures")?;
        let held_out = bench.features(whose, &test.pictures, input, "test pictures")?;
        let predicted = knn(
            &features,
            &training.labels,
            task.classes.len(),
            &held_out,
            NEIGHBOURS,
        )?;
        if whose == Contender::Learnt {
            dim = features.dim();
            for place in example_places(test.pictures.len()) {
                examples.push(Example::class(
                    shown(&test.pictures[place])?,
                    &task.classes[predicted[place] as usize],
                    &task.classes[test.labels[place] as usize],
                ));
            }
        }
        let each = accuracy_per_class(&predicted, &test.labels, task.classes.len());
        let cells = std::iter::once(Some(accuracy(&predicted, &test.labels))).chain(each);
        let cells = cells.map(|cell| cell.map(Cell::of)).collect();
        rows.push(Row::measured(bench.name(whose), origin(whose), cells));
    }
    let columns = std::iter::once(Column::percent(ACCURACY))
        .chain(task.classes.iter().map(Column::percent))
        .collect();
    let words = Words {
        task: "knn",
        title: "Nearest neighbours",
        layout: task.layout,
        root,
        parts: vec![
            ("training pictures", training.pictures.len()),
            ("test pictures", test.pictures.len()),
        ],
        head: format!("{NEIGHBOURS} nearest, Euclidean, uniform vote"),
        training: None,
        options: Vec::new(),
        notes: task.split.note.iter().cloned().collect(),
    };
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = rows;
    let chance = majority(&training.labels, &test.labels, task.classes.len());
    report.rows.push(chance_row(chance));
    Ok(Outcome { report, examples })
}

//! Expressions (METHODS 2.1) and classes of head pose (2.5): softmax on frozen features.

use std::path::Path;

use super::split::{Task, heads};
use super::{Outcome, Words, blank_report, chance_row, example_places, quote, shown};
use crate::data::labelled::{ClassTask, FerTest, read_fer, read_pose_classes};
use crate::eval::EvalError;
use crate::eval::bench::Bench;
use crate::eval::head::{Better, CrossEntropy, Recipe};
use crate::eval::input::Input;
use crate::eval::metric::{accuracy, accuracy_per_class, classes_of};
use crate::eval::quoted::{ACCURACY, Benchmark};
use crate::eval::report::Column;
use crate::figure::examples::Example;

/// Side of the pictures of faces with an expression, in pixels.
pub const EXPRESSION_PX: usize = 100;
/// Side of the pictures of poses, in pixels.
const POSE_PX: usize = 256;

/// Seven expressions, RAF-DB or FER-2013 (METHODS 2.1).
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn expressions(
    bench: &mut Bench,
    root: &Path,
    test: FerTest,
    side_px: Option<usize>,
) -> Result<Outcome, EvalError> {
    let task = read_fer(root, test, bench.layout)?.without(&bench.left_out);
    let input = Input::whole(side_px.unwrap_or(EXPRESSION_PX));
    let benchmark = fer_benchmark(&task);
    classify(
        bench,
        root,
        &task,
        input,
        "fer",
        "Expression recognition",
        benchmark,
    )
}

/// Classes of head pose, BU-3DFE (METHODS 2.5).
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn pose_classes(
    bench: &mut Bench,
    root: &Path,
    side_px: Option<usize>,
) -> Result<Outcome, EvalError> {
    let task = read_pose_classes(root)?.without(&bench.left_out);
    let input = Input::whole(side_px.unwrap_or(POSE_PX));
    let title = "Head pose classification";
    classify(
        bench,
        root,
        &task,
        input,
        "pose-class",
        title,
        Some(Benchmark::Bu3dfe),
    )
}

/// The paper's data set of this layout, if it is one.
pub fn fer_benchmark(task: &ClassTask) -> Option<Benchmark> {
    if task.layout.starts_with("RAF-DB") {
        Some(Benchmark::RafDb)
    } else if task.layout.starts_with("FER-2013") {
        Some(Benchmark::Fer2013)
    } else {
        None
    }
}

fn classify(
    bench: &mut Bench,
    root: &Path,
    task: &ClassTask,
    input: Input,
    name: &str,
    title: &str,
    benchmark: Option<Benchmark>,
) -> Result<Outcome, EvalError> {
    let ClassTask { split, classes, .. } = task;
    let (training, test) = (&split.train, &split.test);
    let recipe = Recipe::classes(&bench.config.probe, bench.config.seed);
    let objective = CrossEntropy::new(&training.labels, classes.len())?;

    let predict = |outputs: &[f32]| classes_of(outputs, classes.len());
    let heads = heads(
        bench,
        &Task {
            training: &training.pictures,
            test: &test.pictures,
            input,
            objective: &objective,
            recipe: &recipe,
            columns: &|outputs| {
                let predicted = predict(outputs);
                let overall = Some(accuracy(&predicted, &test.labels));
                let each = accuracy_per_class(&predicted, &test.labels, classes.len());
                std::iter::once(overall).chain(each).collect()
            },
            better: Better::Higher,
        },
    )?;
    let mut examples = Vec::new();
    let predicted = predict(&heads.ours);
    for place in example_places(predicted.len()) {
        examples.push(Example::class(
            shown(&test.pictures[place])?,
            &classes[predicted[place] as usize],
            &classes[test.labels[place] as usize],
        ));
    }

    let columns = std::iter::once(Column::percent(ACCURACY))
        .chain(classes.iter().map(Column::percent))
        .collect();
    let words = Words {
        task: name,
        title,
        layout: task.layout,
        root,
        parts: vec![
            ("training pictures", training.pictures.len()),
            ("test pictures", test.pictures.len()),
        ],
        head: format!("Linear({}, {}), cross-entropy", heads.dim, classes.len()),
        training: Some(recipe),
        options: Vec::new(),
        notes: split.note.iter().cloned().collect(),
    };
    let mut report = blank_report(bench, words, input, heads.dim, columns);
    report.rows = heads.rows;
    report.rows.push(chance_row(majority(
        &training.labels,
        &test.labels,
        classes.len(),
    )));
    quote(&mut report, benchmark, bench.config.eval.feature);
    Ok(Outcome { report, examples })
}

/// What always naming the most frequent training class gives: overall and per class, in percent.
pub fn majority(training: &[u32], test: &[u32], classes: usize) -> Vec<Option<f64>> {
    let mut counts = vec![0usize; classes];
    training
        .iter()
        .for_each(|&label| counts[label as usize] += 1);
    // The first of equals.
    let most = (0..classes)
        .rev()
        .max_by_key(|&class| counts[class])
        .unwrap_or(0) as u32;
    let predicted = vec![most; test.len()];
    std::iter::once(Some(accuracy(&predicted, test)))
        .chain(accuracy_per_class(&predicted, test, classes))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_names_the_most_frequent_training_class() {
        let row = majority(&[1, 1, 0, 2], &[1, 0, 1, 1], 3);
        assert_eq!(row, [Some(75.0), Some(0.0), Some(100.0), None]);
    }
}

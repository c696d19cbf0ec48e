//! Head pose regression (METHODS 2.4): batch-norm and a linear layer on frozen features.

use std::path::Path;

use super::split::{Task, heads};
use super::{Outcome, Words, blank_report, chance_row, quote};
use crate::config::{PoseColumns, PoseProbeAug};
use crate::data::labelled::{ChannelOrder, Picture, PoseSet, read_pose};
use crate::eval::EvalError;
use crate::eval::bench::Bench;
use crate::eval::head::{AbsoluteError, Better, Recipe};
use crate::eval::input::{Input, Resize};
use crate::eval::metric::{mean_absolute_error, mean_of};
use crate::eval::pose_chain::chained;
use crate::eval::quoted::{ANGLES, Benchmark, MEAN};
use crate::eval::report::Column;

/// Side of the pictures in pixels; the stored ones have 64.
const SIDE_PX: usize = 256;

/// Yaw, pitch and roll of 300W-LP and AFLW2000 in FSA-Net's npz files.
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn pose(bench: &mut Bench, root: &Path, side_px: Option<usize>) -> Result<Outcome, EvalError> {
    let mut split = read_pose(root)?;
    let options = &bench.config.pose_probe;
    if !options.bgr_to_rgb {
        as_stored(&mut split.train.pictures);
        as_stored(&mut split.test.pictures);
    }
    match options.aug {
        PoseProbeAug::None => {}
        PoseProbeAug::Train => {
            split.train.pictures = chained(&split.train.pictures, bench.config.seed)?;
        }
        PoseProbeAug::ReleasedTest => {
            split.test.pictures = chained(&split.test.pictures, bench.config.seed)?;
        }
    }
    let (training, test) = (&split.train, &split.test);
    let input = Input {
        side_px: side_px.unwrap_or(SIDE_PX),
        resize: Resize::Bicubic,
        crop: 0.0,
    };
    let recipe = Recipe::pose(&bench.config.probe, options, bench.config.seed);
    let targets: Vec<f32> = training.pose_deg.iter().flatten().copied().collect();
    let objective = AbsoluteError::new(&targets, 3);

    let heads = heads(
        bench,
        &Task {
            training: &training.pictures,
            test: &test.pictures,
            input,
            objective: &objective,
            recipe: &recipe,
            columns: &|outputs| columns_of(&mean_absolute_error(outputs, &test.pose_deg)),
            better: Better::Lower,
        },
    )?;
    let dim = heads.dim;

    // The released code logs the first column as pitch; the numbers are the same (row 28).
    let names = match options.columns {
        PoseColumns::YawPitchRoll => ANGLES,
        PoseColumns::PitchYawRoll => ["pitch", "yaw", "roll"],
    };
    let columns = [MEAN]
        .into_iter()
        .chain(names)
        .map(Column::degrees)
        .collect();
    let words = Words {
        task: "pose",
        title: "Head pose regression (mean absolute error)",
        layout: "FSA-Net npz",
        root,
        parts: vec![
            ("training pictures", training.pictures.len()),
            ("test pictures", test.pictures.len()),
        ],
        head: format!("BatchNorm1d({dim}), Linear({dim}, 3), L1 in degrees"),
        training: Some(recipe),
        options: vec![
            ("pose_probe.aug", options.aug.to_string()),
            ("pose_probe.bgr_to_rgb", options.bgr_to_rgb.to_string()),
        ],
        notes: split
            .note
            .iter()
            .cloned()
            .chain(dropped(training, test))
            .collect(),
    };
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = heads.rows;
    report
        .rows
        .push(chance_row(columns_of(&median_error(training, test))));
    quote(
        &mut report,
        Some(Benchmark::Aflw2000),
        bench.config.eval.feature,
    );
    Ok(Outcome {
        report,
        examples: Vec::new(),
    })
}

/// Leaves the channels as the file has them (row 29).
fn as_stored(pictures: &mut [Picture]) {
    for picture in pictures {
        if let Picture::Block { order, .. } = picture
            && *order == ChannelOrder::Bgr
        {
            *order = ChannelOrder::Rgb;
        }
    }
}

fn columns_of(errors: &[f64; 3]) -> Vec<Option<f64>> {
    std::iter::once(mean_of(errors))
        .chain(*errors)
        .map(Some)
        .collect()
}

fn dropped(training: &PoseSet, test: &PoseSet) -> Option<String> {
    let dropped = training.dropped + test.dropped;
    (dropped > 0).then(|| format!("{dropped} pictures with an angle beyond ±99° were left out"))
}

/// What saying the training part's median every time gives.
fn median_error(training: &PoseSet, test: &PoseSet) -> [f64; 3] {
    let median: [f32; 3] = std::array::from_fn(|axis| {
        let mut angles: Vec<f32> = training.pose_deg.iter().map(|pose| pose[axis]).collect();
        angles.sort_by(f32::total_cmp);
        angles[angles.len() / 2]
    });
    let said: Vec<f32> = test.pose_deg.iter().flat_map(|_| median).collect();
    mean_absolute_error(&said, &test.pose_deg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_says_the_median() {
        let set = |pose_deg: Vec<[f32; 3]>| PoseSet {
            pictures: Vec::new(),
            names: Vec::new(),
            pose_deg,
            dropped: 0,
        };
        let training = set(vec![[-90.0, 0.0, 1.0], [10.0, 0.0, 2.0], [20.0, 6.0, 3.0]]);
        let test = set(vec![[10.0, 3.0, 0.0], [40.0, -3.0, 2.0]]);
        assert_eq!(median_error(&training, &test), [15.0, 3.0, 1.0]);
    }
}

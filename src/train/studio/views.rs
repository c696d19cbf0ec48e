//! The views of the latest step, as the network saw them.

use crate::augment::{ViewParams, render, rgb_bytes};
use crate::config::{PoseLoss, RunConfig};
use crate::data::StepBatch;
use crate::train::ask::{Reply, View, ViewRole, ViewSheet, ViewedFace};
use crate::train::step::Stream;
use crate::train::upload::SIDE_PX;

/// Negatives shown of each face.
const MOST_NEGATIVES: usize = 6;

/// Up to `faces` faces of each stream with their views.
pub(super) fn sheet(batch: Option<&StepBatch>, faces: usize, config: &RunConfig) -> Reply {
    let Some(batch) = batch else {
        return Reply::No("The views appear with the next step.".into());
    };
    let mut viewed = Vec::new();
    for (at, (s, s_hat)) in batch
        .recon
        .iter()
        .zip(&batch.recon_hat)
        .enumerate()
        .take(faces)
    {
        let mut views = vec![(ViewRole::Whole, *s), (ViewRole::OtherPose, *s_hat)];
        let giver = batch.recon_twin.get(at);
        views.extend(giver.map(|twin| (ViewRole::PoseGiver, *twin)));
        viewed.push(face(batch, Stream::Recon, views, 0));
    }
    let pairs = |views: &[ViewParams], stream, viewed: &mut Vec<ViewedFace>| {
        let half = views.len() / 2;
        for at in 0..half.min(faces) {
            let pair = vec![
                (ViewRole::First, views[at]),
                (ViewRole::Second, views[half + at]),
            ];
            viewed.push(face(batch, stream, pair, 0));
        }
    };
    pairs(&batch.face, Stream::Face, &mut viewed);
    if config.pose.loss == PoseLoss::FaceStyle {
        pairs(&batch.pose, Stream::Pose, &mut viewed);
    } else {
        let negatives = config.pose.num_negatives;
        let count = batch.pose.len() / (2 + negatives);
        for at in 0..count.min(faces) {
            let own = &batch.pose[2 * count + at * negatives..][..negatives];
            let shown = own.iter().take(MOST_NEGATIVES);
            let views = [
                (ViewRole::First, batch.pose[at]),
                (ViewRole::Second, batch.pose[count + at]),
            ]
            .into_iter()
            .chain(shown.map(|view| (ViewRole::Negative, *view)))
            .collect();
            let left_out = negatives.saturating_sub(MOST_NEGATIVES);
            viewed.push(face(batch, Stream::Pose, views, left_out));
        }
    }
    Reply::Views(Box::new(ViewSheet {
        faces: viewed,
        side_px: SIDE_PX,
    }))
}

fn face(
    batch: &StepBatch,
    stream: Stream,
    views: Vec<(ViewRole, ViewParams)>,
    left_out: usize,
) -> ViewedFace {
    let params: Vec<ViewParams> = views.iter().map(|(_, params)| *params).collect();
    // The same arithmetic as on the device, to less than a level of brightness.
    let pixels = rgb_bytes(&render(&batch.arena, &params, SIDE_PX), SIDE_PX);
    let own = params[0].frame;
    let (slot, frame) = batch.arena.frame(own);
    ViewedFace {
        stream,
        frame_px: (slot.width, slot.height),
        frame: frame.to_vec(),
        views: views
            .into_iter()
            .zip(pixels.chunks_exact(3 * SIDE_PX * SIDE_PX))
            .map(|((role, params), pixels)| {
                let (made_of, _) = batch.arena.frame(params.frame);
                View {
                    role,
                    params,
                    frame_px: (made_of.width, made_of.height),
                    other_picture: params.frame != own,
                    pixels: pixels.to_vec(),
                }
            })
            .collect(),
        left_out,
    }
}

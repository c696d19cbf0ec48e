//! Turning a head: one F_f, many F_p.

use burn::tensor::Tensor;

use super::pictures::{codes, decode};
use super::{Loan, Studio};
use crate::data::labelled::FaceLabel;
use crate::eval::encode::upload;
use crate::eval::faces::ProbeFaces;
use crate::model::Pcl;
use crate::train::ask::{FaceId, Reply, TURN_PLACES, TurnScale};
use crate::train::snapshot::grid;
use crate::train::upload::SIDE_PX;

/// Faces whose F_p are averaged per place: fewer keep traces of one person, more blur the pose.
const GUIDES: usize = 6;
/// Beyond this yaw too few faces are known to average over.
const WIDEST_DEG: f32 = 60.0;

impl Studio {
    /// The look of one face in several poses.
    pub(super) fn turn(
        &self,
        model: &Pcl,
        face: FaceId,
        loan: &mut Loan<'_>,
    ) -> Result<Reply, String> {
        if loan.probe.faces().is_none() && loan.probe.is_preparing() {
            return Ok(Reply::No(
                "The labelled faces are still being drawn.".into(),
            ));
        }
        let guides = loan.probe.faces().and_then(Guides::choose);
        self.with_faces(&[face], loan, |x| {
            let (poses, scale) = match &guides {
                Some(guides) => {
                    let x = upload(&guides.planes, SIDE_PX, loan.device);
                    let (_, f_p) = codes(model, x);
                    let [rows, length] = f_p.dims();
                    let means = f_p
                        .reshape([rows / GUIDES, GUIDES, length])
                        .mean_dim(1)
                        .reshape([rows / GUIDES, length]);
                    (means, guides.scale)
                }
                None => (mirror(model, &x), TurnScale::Mirror),
            };
            let [places, _] = poses.dims();
            let (look, _) = codes(model, x);
            let tiles = decode(model, look.repeat_dim(0, places), poses, loan.config);
            let headings = vec![String::new(); places];
            grid("turn", loan.step, headings, tiles, 1).map(|grid| Reply::Turn(grid, scale))
        })
    }
}

/// F_p on the way from a face's own pose (−1) to that of its mirror image (1).
fn mirror(model: &Pcl, x: &Tensor<4>) -> Tensor<2> {
    let (_, own) = codes(model, x.clone());
    let (_, other) = codes(model, x.clone().flip([3]));
    let poses = places(-1.0, 1.0)
        .map(|place| {
            let share = (place + 1.0) / 2.0;
            own.clone() * (1.0 - share) + other.clone() * share
        })
        .collect();
    Tensor::cat(poses, 0)
}

/// Faces of known yaw, [`GUIDES`] per place.
struct Guides {
    /// `[places · GUIDES, 3, 64, 64]`
    planes: Vec<f32>,
    scale: TurnScale,
}

impl Guides {
    /// `None` unless there are enough faces whose yaw is known and differs.
    fn choose(faces: &ProbeFaces) -> Option<Self> {
        let known: Vec<(usize, &FaceLabel, f32)> = faces
            .set
            .labels
            .iter()
            .enumerate()
            .filter_map(|(index, label)| Some((index, label, label.yaw_deg?)))
            .collect();
        let mut yaws: Vec<f32> = known.iter().map(|(.., yaw)| *yaw).collect();
        yaws.sort_by(f32::total_cmp);
        let quantile = |share: f32| yaws.get((yaws.len() as f32 * share) as usize).copied();
        let from_deg = quantile(0.03)?.max(-WIDEST_DEG);
        let to_deg = quantile(0.97)?.min(WIDEST_DEG);
        if yaws.len() < 4 * GUIDES || to_deg - from_deg < 20.0 {
            return None;
        }
        let mut planes = Vec::new();
        for place in places(from_deg, to_deg) {
            // Near in yaw, and otherwise straight.
            let distance = |(_, label, yaw): &(usize, &FaceLabel, f32)| {
                let tilt = |deg: Option<f32>| deg.unwrap_or(0.0).abs();
                (yaw - place).abs() + 0.5 * (tilt(label.pitch_deg) + tilt(label.roll_deg))
            };
            let mut near = known.clone();
            near.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
            for (index, ..) in near.into_iter().take(GUIDES) {
                planes.extend_from_slice(faces.picture(index));
            }
        }
        Some(Self {
            planes,
            scale: TurnScale::Yaw { from_deg, to_deg },
        })
    }
}

/// Even places, both ends included.
fn places(from: f32, to: f32) -> impl Iterator<Item = f32> {
    let step = (to - from) / (TURN_PLACES - 1) as f32;
    (0..TURN_PLACES).map(move |n| from + step * n as f32)
}

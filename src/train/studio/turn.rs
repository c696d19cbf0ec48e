//! Turning a head: one F_f, many F_p.

use burn::tensor::{Tensor, TensorData};

use super::pictures::{codes, decode};
use super::{Loan, Studio};
use crate::eval::encode::upload;
use crate::eval::faces::ProbeFaces;
use crate::model::Pcl;
use crate::train::ask::{FaceId, Reply, TURN_PLACES, TurnScale};
use crate::train::snapshot::grid;
use crate::train::upload::SIDE_PX;

/// Faces whose yaw is known that show the way F_p goes: enough to average the people out.
const GUIDES: usize = 64;
/// Heads that look about straight ahead say nothing about the way.
const LEAST_DEG: f32 = 10.0;
/// A head turns no further than this.
const WIDEST_DEG: f32 = 60.0;

impl Studio {
    /// The look of one face in several poses.
    ///
    /// Where yaws are known, F_p begins straight ahead, half-way between the face's own F_p and that
    /// of its mirror image, and goes the way that F_p goes from a head to its mirror image, on average
    /// over faces of known yaw and as far per degree as it does there.
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
            let (look, own) = codes(model, x.clone());
            let (_, mirrored) = codes(model, x.flip([3]));
            let (poses, scale): (Tensor<2>, _) = match &guides {
                Some(guides) => {
                    let ahead = (own + mirrored) * 0.5;
                    let yaws = places(-guides.widest_deg, guides.widest_deg).collect();
                    let yaws = TensorData::new(yaws, [TURN_PLACES, 1]);
                    let yaws = Tensor::<2>::from_data(yaws, loan.device);
                    let scale = TurnScale::Yaw {
                        from_deg: -guides.widest_deg,
                        to_deg: guides.widest_deg,
                    };
                    (ahead + yaws.matmul(guides.way(model, loan)), scale)
                }
                None => {
                    let between = places(-1.0, 1.0).map(|place| {
                        let share = (place + 1.0) / 2.0;
                        own.clone() * (1.0 - share) + mirrored.clone() * share
                    });
                    (Tensor::cat(between.collect(), 0), TurnScale::Mirror)
                }
            };
            let look = look.repeat_dim(0, TURN_PLACES);
            let tiles = decode(model, look, poses, loan.config);
            let headings = vec![String::new(); TURN_PLACES];
            grid("turn", loan.step, headings, tiles, 1).map(|grid| Reply::Turn(grid, scale))
        })
    }
}

/// Faces of known yaw.
struct Guides {
    /// `[count, 3, 64, 64]`
    planes: Vec<f32>,
    yaws_deg: Vec<f32>,
    /// Most heads are turned less than this.
    widest_deg: f32,
}

impl Guides {
    /// `None` unless there are enough heads that are turned, and by a known yaw.
    fn choose(faces: &ProbeFaces) -> Option<Self> {
        let turned: Vec<(usize, f32)> = faces
            .set
            .labels
            .iter()
            .enumerate()
            .filter_map(|(index, label)| Some((index, label.yaw_deg?)))
            .filter(|(_, yaw_deg)| yaw_deg.abs() >= LEAST_DEG)
            .collect();
        if turned.len() < GUIDES / 4 {
            return None;
        }
        let mut sides: Vec<f32> = turned.iter().map(|(_, yaw_deg)| yaw_deg.abs()).collect();
        sides.sort_by(f32::total_cmp);
        // Evenly through the list, which goes from person to person.
        let count = turned.len().min(GUIDES);
        let chosen: Vec<(usize, f32)> = (0..count)
            .map(|n| turned[n * turned.len() / count])
            .collect();
        Some(Self {
            planes: chosen
                .iter()
                .flat_map(|&(index, _)| faces.picture(index).iter().copied())
                .collect(),
            yaws_deg: chosen.iter().map(|(_, yaw_deg)| *yaw_deg).collect(),
            widest_deg: sides[sides.len() * 9 / 10].min(WIDEST_DEG),
        })
    }

    /// By what F_p changes per degree: `[1, length]`.
    ///
    /// Half the difference between the codes of a face and of its mirror image belongs to its yaw
    /// alone. The direction is that of the least squares fit through the origin; its length that of
    /// the differences themselves, as those of single faces point elsewhere in part, which makes the
    /// fit too short.
    fn way(&self, model: &Pcl, loan: &Loan<'_>) -> Tensor<2> {
        let x = upload(&self.planes, SIDE_PX, loan.device);
        let (_, own) = codes(model, x.clone());
        let (_, mirrored) = codes(model, x.flip([3]));
        let half = (own - mirrored) * 0.5;
        let count = self.yaws_deg.len();
        let yaws = TensorData::new(self.yaws_deg.clone(), [1, count]);
        let yaws = Tensor::<2>::from_data(yaws, loan.device);
        let squares: f32 = self.yaws_deg.iter().map(|deg| deg * deg).sum();
        let fit = yaws.matmul(half.clone()) / squares;
        let length = |rows: Tensor<2>| rows.square().sum().sqrt().reshape([1, 1]);
        let per_degree = length(half) / squares.sqrt();
        fit.clone() * (per_degree / length(fit).clamp_min(f32::MIN_POSITIVE))
    }
}

/// Even places, both ends included.
fn places(from: f32, to: f32) -> impl Iterator<Item = f32> {
    let step = (to - from) / (TURN_PLACES - 1) as f32;
    (0..TURN_PLACES).map(move |n| from + step * n as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guides_are_turned_heads_of_many_people() {
        let faces = ProbeFaces::generated(210);
        let guides = Guides::choose(&faces).expect("generated faces know their yaw");
        assert_eq!(guides.planes.len(), guides.yaws_deg.len() * 3 * 64 * 64);
        assert!(guides.yaws_deg.iter().all(|deg| deg.abs() >= LEAST_DEG));
        let left = guides.yaws_deg.iter().filter(|deg| **deg > 0.0).count();
        assert!((guides.yaws_deg.len() / 5..guides.yaws_deg.len()).contains(&left));
        assert!((20.0..=WIDEST_DEG).contains(&guides.widest_deg));
        let all: Vec<f32> = places(-1.0, 1.0).collect();
        assert_eq!((all.len(), all[0], all[6]), (TURN_PLACES, -1.0, 0.0));
    }
}

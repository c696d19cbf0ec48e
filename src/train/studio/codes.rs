//! Codes of faces with their labels, for a map.

use std::sync::Arc;

use super::{Loan, Studio};
use crate::augment::{render, rgb_bytes};
use crate::data::labelled::FaceLabel;
use crate::eval::encode::encode;
use crate::eval::faces::ProbeFaces;
use crate::model::Pcl;
use crate::train::ask::{CodeSet, Reply};
use crate::train::snapshot::spread;
use crate::train::upload::SIDE_PX;

/// The faces of the map, chosen once.
pub(super) struct MapFaces {
    planes: Vec<f32>,
    pixels: Arc<Vec<u8>>,
    labels: Arc<Vec<FaceLabel>>,
    expressions: Arc<Vec<String>>,
    words: String,
}

impl Studio {
    /// Codes of about `pictures` faces.
    pub(super) fn codes(
        &mut self,
        model: &Pcl,
        pictures: usize,
        loan: &mut Loan<'_>,
    ) -> Result<Reply, String> {
        if self.map_faces.is_none() {
            let chosen = if let Some(faces) = loan.probe.faces() {
                MapFaces::labelled(faces, pictures)
            } else if loan.probe.is_preparing() {
                let text = "The labelled faces are still being drawn.";
                return Ok(Reply::No(text.into()));
            } else {
                MapFaces::unlabelled(pictures, loan)
            };
            self.map_faces = Some(chosen);
        }
        let Some(faces) = &self.map_faces else {
            return Ok(Reply::No("There are no faces to map.".into()));
        };
        let codes =
            encode(&model.encoder, &faces.planes, SIDE_PX).map_err(|error| error.to_string())?;
        Ok(Reply::Codes(Box::new(CodeSet {
            codes,
            labels: faces.labels.clone(),
            expressions: faces.expressions.clone(),
            pixels: faces.pixels.clone(),
            words: faces.words.clone(),
        })))
    }
}

impl MapFaces {
    /// Faces of the test part, whom no training run has seen: whole people, as many as fit, so that
    /// a person is more than one point.
    fn labelled(faces: &ProbeFaces, pictures: usize) -> Self {
        let test = &faces.set.test;
        let chosen = &test[..pictures.min(test.len())];
        let planes: Vec<f32> = chosen
            .iter()
            .flat_map(|&at| faces.picture(at).iter().copied())
            .collect();
        let labels = chosen.iter().map(|&at| faces.set.labels[at].clone());
        Self {
            pixels: Arc::new(rgb_bytes(&planes, SIDE_PX)),
            planes,
            labels: Arc::new(labels.collect()),
            expressions: Arc::new(faces.set.expressions.clone()),
            words: format!("{} labelled faces that only test", chosen.len()),
        }
    }

    fn unlabelled(pictures: usize, loan: &Loan<'_>) -> Self {
        let (arena, views) = spread(loan.source, loan.cache, loan.config.seed, pictures);
        let planes = render(&arena, &views, SIDE_PX);
        Self {
            pixels: Arc::new(rgb_bytes(&planes, SIDE_PX)),
            planes,
            labels: Arc::new(vec![FaceLabel::default(); views.len()]),
            expressions: Arc::default(),
            words: format!("{} faces of the training set, without labels", views.len()),
        }
    }
}

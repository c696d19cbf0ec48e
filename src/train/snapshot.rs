//! Pictures of what the codes hold, drawn now and then from a few fixed faces.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::event::FaceGrid;
use super::upload::SIDE_PX;
use crate::augment::{FrameArena, ViewParams, whole};
use crate::config::{Branch, RunConfig};
use crate::data::{FaceSource, Frame, FrameCache};
use crate::model::{Pcl, combine, single_code};
use crate::ops::UploadedFrames;
use crate::rng::stream_seed;

/// The fixed faces of a run.
pub struct Gallery {
    /// Clean faces: `[n, 3, 64, 64]` on the plain device.
    faces: Tensor<4>,
}

impl Gallery {
    /// Takes up to `count` faces spread over the data set. Unusable images are passed over.
    pub fn choose(
        source: &FaceSource,
        cache: &FrameCache,
        config: &RunConfig,
        count: usize,
        device: &Device,
    ) -> Self {
        let (arena, views) = spread(source, cache, config.seed, count);
        Self {
            faces: UploadedFrames::new(&arena, device).render(&views, SIDE_PX),
        }
    }

    /// The faces as they go in: `[n, 3, 64, 64]` on the plain device.
    pub fn faces(&self) -> &Tensor<4> {
        &self.faces
    }

    /// The faces as a grid of one column.
    ///
    /// # Errors
    ///
    /// The device's own words if it was lost.
    pub fn show(&self, step: u64) -> Result<FaceGrid, String> {
        let [n, ..] = self.faces.dims();
        let heading = vec!["s".to_owned()];
        grid("gallery", step, heading, self.faces.clone(), n)
    }

    /// What a trained network makes of the fixed faces: each one rebuilt, and in its mirrored pose.
    /// `None` where there are no faces.
    ///
    /// # Errors
    ///
    /// The device's own words if it was lost.
    pub fn goal(&self, model: &Pcl, config: &RunConfig) -> Result<Option<FaceGrid>, String> {
        let s = self.faces.clone();
        let [n, ..] = s.dims();
        if n == 0 {
            return Ok(None);
        }
        let own = model.encoder.features(s.clone());
        let mirrored = model.encoder.features(s.flip([3]));
        let columns = [own.f_p, mirrored.f_p].map(|f_p| {
            let code = combine(own.f_f.clone(), f_p, config.recon.combine);
            model.decoder.forward(code)
        });
        let names = ["F_f + F_p", "F_f + F_p^"].map(String::from).to_vec();
        grid("goal", 0, names, by_rows(columns.into()), n).map(Some)
    }

    /// [`grids`] of the fixed faces.
    ///
    /// # Errors
    ///
    /// The device's own words if it was lost.
    pub fn draw(
        &self,
        model: &Pcl,
        config: &RunConfig,
        step: u64,
    ) -> Result<Vec<FaceGrid>, String> {
        let [n, ..] = self.faces.dims();
        if n == 0 {
            return Ok(Vec::new());
        }
        grids(model, self.faces.clone(), config, step)
    }
}

/// Up to `count` whole frames spread over the data set. Unusable images are passed over.
pub fn spread(
    source: &FaceSource,
    cache: &FrameCache,
    seed: u64,
    count: usize,
) -> (FrameArena, Vec<ViewParams>) {
    let items = source.len();
    // The middle of each of `count` equal parts, then its neighbours if that one is unusable.
    let frame = |slot: usize| {
        let start = (2 * slot + 1) * items / (2 * count.min(items));
        (0..items.min(20)).find_map(|step| {
            let item = (start + step) % items;
            let mut rng =
                ChaCha8Rng::seed_from_u64(stream_seed(seed, "gallery", slot as u64, step as u64));
            let id = source.pick(item, &mut rng).ok()?;
            let key = source.key(&id).ok()?;
            cache.fetch(key, || source.decode(&id)).ok()
        })
    };
    let slots = (0..count.min(items)).into_par_iter();
    let frames: Vec<Option<Frame>> = slots.map(frame).collect();
    let mut arena = FrameArena::default();
    let mut views = Vec::new();
    for frame in frames.into_iter().flatten() {
        let index = arena.push(frame.width, frame.height, frame.rgb());
        views.push(whole(index, (frame.width, frame.height)));
    }
    (arena, views)
}

/// The reconstruction figure (METHODS row 103) and the swap matrix.
///
/// # Shapes
///
/// - `s`: clean faces, `[n, 3, 64, 64]` on the plain device
///
/// # Errors
///
/// The device's own words if it was lost.
pub fn grids(
    model: &Pcl,
    s: Tensor<4>,
    config: &RunConfig,
    step: u64,
) -> Result<Vec<FaceGrid>, String> {
    let [n, ..] = s.dims();
    let model = model.valid();
    let mode = config.recon.combine;
    let codes = |x: Tensor<4>| {
        let f = model.encoder.features(x);
        (f.f_f, f.f_p)
    };
    let (f_f, f_p) = codes(s.clone());
    let (f_f_hat, f_p_hat) = codes(s.clone().flip([3]));
    let both = |face: &Tensor<2>, pose: &Tensor<2>| {
        model
            .decoder
            .forward(combine(face.clone(), pose.clone(), mode))
    };
    let alone = |code: &Tensor<2>, other: &Tensor<2>, branch| {
        let [_, other_len] = other.dims();
        let code = single_code(code.clone(), other_len, branch, mode, config.viz.model);
        model.decoder.forward(code)
    };
    let columns = vec![
        s.clone(),
        both(&f_f_hat, &f_p),
        both(&f_f, &f_p_hat),
        alone(&f_f, &f_p, Branch::Face),
        alone(&f_p, &f_f, Branch::Pose),
        alone(&f_p_hat, &f_f, Branch::Pose),
    ];
    let names = ["s", "F_f^ + F_p", "F_f + F_p^", "F_f", "F_p", "F_p^"];
    let mut grids = vec![grid(
        "reconstruction",
        step,
        names.map(String::from).to_vec(),
        by_rows(columns),
        n,
    )?];

    // Swap matrix: rows lend the look, columns the pose; originals along both edges.
    let side = n.min(8);
    let take = |t: &Tensor<2>| t.clone().slice([0..side]);
    let blank = Tensor::ones([1, 3, SIDE_PX, SIDE_PX], &s.device());
    let mut tiles = vec![blank, s.clone().slice([0..side])];
    for row in 0..side {
        let look = f_f.clone().slice([row..row + 1]).repeat_dim(0, side);
        tiles.push(s.clone().slice([row..row + 1]));
        tiles.push(both(&look, &take(&f_p)));
    }
    let names = std::iter::once("look \\ pose".to_owned())
        .chain((1..=side).map(|i| i.to_string()))
        .collect();
    grids.push(grid("swap", step, names, Tensor::cat(tiles, 0), side + 1)?);
    Ok(grids)
}

/// Columns of pictures, each `[n, 3, h, w]`, as `[n·columns, 3, h, w]` in row-major order.
pub fn by_rows(columns: Vec<Tensor<4>>) -> Tensor<4> {
    let [n, c, h, w] = columns[0].dims();
    let count = columns.len();
    Tensor::stack::<5>(columns, 1).reshape([n * count, c, h, w])
}

/// Tiles `[columns · rows, 3, h, w]` in row-major order, as bytes on the CPU.
///
/// # Errors
///
/// The device's own words if it was lost.
pub fn grid(
    kind: &str,
    step: u64,
    columns: Vec<String>,
    tiles: Tensor<4>,
    rows: usize,
) -> Result<FaceGrid, String> {
    // D's range is (−1, 1), pictures live in [0, 1].
    let bytes = tiles
        .permute([0, 2, 3, 1])
        .clamp(0.0, 1.0)
        .mul_scalar(255.0)
        .round();
    let data = bytes.try_into_data().map_err(|e| e.to_string())?;
    let pixels = data.iter::<f32>().map(|v| v as u8).collect::<Vec<_>>();
    Ok(FaceGrid {
        step,
        kind: kind.into(),
        columns,
        rows,
        tile_px: SIDE_PX,
        pixels: Arc::new(pixels),
    })
}

//! The start of a network that reads and draws components: the principal components of its data.

use burn::tensor::Device;

use super::snapshot::spread;
use super::upload::SIDE_PX;
use crate::config::RunConfig;
use crate::data::{FaceSource, FrameCache};
use crate::eval::probe::Pca;
use crate::model::{
    Architecture, COMPONENT_NUMBERS, Pcl, REDUCED_NUMBERS, REDUCED_PX, component_numbers,
    draw_components, load_values, stem_of_components,
};
use crate::ops::UploadedFrames;

/// Pictures per component: with fewer, late components are those of single pictures.
const PICTURES_PER_COMPONENT: usize = 3;
/// More pictures than this take longer than they are worth: the decomposition is cubic in them.
const MOST_PICTURES: usize = 600;

/// Writes the principal components of some training faces into the layers of `model` that read and
/// draw components, and says how many faces these were. Components that the faces do not have start
/// at zero. `None` where the network has no such layers or the data no two different faces.
///
/// # Errors
///
/// The device's own words if it was lost.
pub fn start_from_components(
    model: Pcl,
    source: &FaceSource,
    cache: &FrameCache,
    config: &RunConfig,
    device: &Device,
) -> Result<(Pcl, Option<usize>), String> {
    let arch = Architecture::from(config);
    let read = arch.widths().dense.map_or(0, |dense| dense.components);
    let drawn = arch.decoder_components;
    let wanted = (PICTURES_PER_COMPONENT * read.max(drawn)).min(MOST_PICTURES);
    if wanted == 0 {
        return Ok((model, None));
    }
    let (arena, views) = spread(source, cache, config.seed, wanted);
    let frames = UploadedFrames::new(&arena, device);
    let planes = |side: usize| -> Result<Vec<f32>, String> {
        let data = frames.render(&views, side).try_into_data();
        let data = data.map_err(|error| error.to_string())?;
        data.try_to_vec::<f32>().map_err(|error| error.to_string())
    };
    let (small, large) = (planes(REDUCED_PX)?, component_numbers(&planes(SIDE_PX)?));
    let all: Vec<usize> = (0..views.len()).collect();
    let fit = |planes: &[f32], numbers, count| {
        (count > 0)
            .then(|| Pca::fit(planes, numbers, &all))
            .flatten()
    };
    let (small, large) = rayon::join(
        || fit(&small, REDUCED_NUMBERS, read),
        || fit(&large, COMPONENT_NUMBERS, drawn),
    );
    if small.is_none() && large.is_none() {
        return Ok((model, None));
    }
    let stem = small.map(|pca| stem_of_components(&pca.mean, &padded(&pca, read)));
    let picture = large.map(|pca| draw_components(&pca.mean, &padded(&pca, drawn)));
    let model = load_values(model, &mut |name, _| match name {
        "encoder.trunk.stem.weight" => stem.as_ref().map(|(weight, _)| weight.clone()),
        "encoder.trunk.stem.bias" => stem.as_ref().map(|(_, bias)| bias.clone()),
        "decoder.picture.components.weight" => picture.as_ref().map(|(weight, _)| weight.clone()),
        "decoder.picture.components.bias" => picture.as_ref().map(|(_, bias)| bias.clone()),
        _ => None,
    });
    Ok((model, Some(views.len())))
}

/// The first `count` components, with rows of zeros for those that there are not.
fn padded(pca: &Pca, count: usize) -> Vec<f32> {
    let mut rows = pca.components(count).to_vec();
    rows.resize(count * pca.mean.len(), 0.0);
    rows
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::*;
    use crate::model::{combine, values};

    #[test]
    fn a_young_network_draws_the_mean_face_and_reads_what_differs_most() {
        let mut config = RunConfig::resolve(Some("demo"), None, &[]).unwrap();
        (config.model.components, config.recon.components) = (4, 4);
        (config.model.hidden, config.recon.hidden) = (8, 8);
        let device = Device::flex();
        let dir = tempfile::tempdir().unwrap();
        let cache = FrameCache::open(dir.path());
        let source = FaceSource::generated(1, 2, 64);
        let young = Pcl::new(Architecture::from(&config), 1, &device);
        let started = start_from_components(young, &source, &cache, &config, &device);
        let (model, pictures) = started.unwrap();
        assert_eq!(pictures, Some(12));

        // The coefficients start at zero, so every code draws the mean of the twelve.
        let (arena, views) = spread(&source, &cache, config.seed, 12);
        let faces = UploadedFrames::new(&arena, &device).render(&views, SIDE_PX);
        let mean = faces.clone().mean_dim(0);
        let codes = model.encoder.features(faces.clone());
        let both = combine(codes.f_f, codes.f_p, config.recon.combine);
        let off = (model.decoder.forward(both) - mean.clone()).abs();
        let off: f32 = off.mean().into_scalar();
        // Colours are drawn at half the side, which the edges of faces show.
        assert!(off < 0.01, "{off}");
        let apart: f32 = (faces - mean).abs().mean().into_scalar();
        assert!(apart > 5.0 * off, "the faces differ by {apart}");

        // The first number the stem reads spreads most, and all are centred.
        let numbers = values(&model);
        let take = |name: &str| Tensor::<1>::from_floats(&numbers[name].1[..], &device);
        let weight = take("encoder.trunk.stem.weight").reshape([REDUCED_NUMBERS, 4]);
        let bias = take("encoder.trunk.stem.bias").reshape([1, 4]);
        let small = UploadedFrames::new(&arena, &device).render(&views, REDUCED_PX);
        let pixels = (small.flatten::<2>(1, 3) - 0.5) * (5.0 / 0.25 / REDUCED_NUMBERS as f64);
        let read = pixels.matmul(weight) + bias;
        let means: Vec<f32> = read.clone().mean_dim(0).into_data().try_to_vec().unwrap();
        let spread: Vec<f32> = read.square().mean_dim(0).into_data().try_to_vec().unwrap();
        assert!(means.iter().all(|mean| mean.abs() < 1e-3), "{means:?}");
        assert!(
            spread.windows(2).all(|pair| pair[0] >= pair[1]),
            "{spread:?}"
        );
    }
}

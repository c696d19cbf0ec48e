//! What every protocol works with: a network, its features of a picture list, and a listener.

use std::path::PathBuf;

use burn::tensor::Device;

use super::EvalError;
use super::encode::{batch_size, feature, read, upload};
use super::input::Input;
use super::store::{FeatureKey, StoredFeatures, stored};
use super::trained::Trained;
use crate::config::{Feature, RunConfig};
use crate::data::labelled::{FerLayout, LeftOut, Picture};
use crate::device::ChosenDevice;
use crate::model::Pcl;

/// Side of the pictures whose pixels are the feature of the `raw pixels` row.
const RAW_SIDE_PX: usize = 32;
/// Pictures of a raw-pixel batch.
const RAW_BATCH: usize = 256;

/// Whose features a table row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The network under evaluation.
    Learnt,
    /// The same network with initial weights.
    Untrained,
    /// No network: the picture itself, reduced to 32 px.
    RawPixels,
}

impl Contender {
    /// All rows that stand in every table.
    pub const ALL: [Self; 3] = [Self::Learnt, Self::Untrained, Self::RawPixels];
}

/// How far a protocol is: what it does, how much is done, of how much.
pub struct Progress<'a> {
    /// In words: "features of the training part".
    pub what: &'a str,
    /// Pictures or epochs done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
}

/// The network under evaluation and its surroundings.
pub struct Bench<'a> {
    /// The network.
    pub trained: &'a Trained,
    /// Options of the protocols.
    pub config: &'a RunConfig,
    /// Where tensors live; records no gradients.
    pub device: Device,
    /// That in words.
    pub device_words: String,
    /// Folder of the feature cache.
    pub cache: PathBuf,
    /// Rows of the table.
    pub contenders: Vec<Contender>,
    /// Which data set of expressions it is, if that was said.
    pub layout: Option<FerLayout>,
    /// Pictures that every protocol does without.
    pub left_out: LeftOut,
    /// Hears how far things are.
    pub listen: &'a mut dyn FnMut(Progress),
    untrained: Pcl,
}

impl<'a> Bench<'a> {
    /// A bench with all rows.
    pub fn new(
        trained: &'a Trained,
        config: &'a RunConfig,
        device: &ChosenDevice,
        cache: PathBuf,
        listen: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self {
            untrained: Trained::untrained(&trained.network.config, &device.device),
            trained,
            config,
            device: device.device.clone(),
            device_words: device.words.clone(),
            cache,
            contenders: Contender::ALL.to_vec(),
            layout: None,
            left_out: LeftOut::default(),
            listen,
        }
    }

    /// The network of a contender; raw pixels have none and stand for the untrained one.
    pub fn network(&self, whose: Contender) -> &Pcl {
        match whose {
            Contender::Learnt => &self.trained.model,
            Contender::Untrained | Contender::RawPixels => &self.untrained,
        }
    }

    /// The name of a table row.
    pub fn name(&self, whose: Contender) -> String {
        let feature = feature_name(self.config.eval.feature);
        match whose {
            Contender::Learnt => format!("ours, {feature}"),
            Contender::Untrained => format!("untrained, {feature}"),
            Contender::RawPixels => format!("raw pixels, {RAW_SIDE_PX} px"),
        }
    }

    fn untrained_words(&self) -> String {
        let config = &self.trained.network.config;
        format!(
            "untrained {} {} {}",
            config.backbone, config.model.width, config.seed
        )
    }

    /// Features of pictures, from the cache or made now. `what` is for the listener.
    ///
    /// # Errors
    /// [`EvalError::Pictures`] with all that cannot be used; if the device fails or the cache cannot be written.
    pub fn features(
        &mut self,
        whose: Contender,
        pictures: &[Picture],
        input: Input,
        what: &str,
    ) -> Result<StoredFeatures, EvalError> {
        if pictures.is_empty() {
            return Err(EvalError::TooLittle(format!(
                "there is no picture for the {what}"
            )));
        }
        let config = self.config;
        let total = pictures.len();
        let untrained = self.untrained_words();
        let mut progress = |done| (self.listen)(Progress { what, done, total });
        let (encoder, words) = match whose {
            Contender::Learnt => (
                &self.trained.model.encoder,
                self.trained.network.hash.as_str(),
            ),
            Contender::Untrained => (&self.untrained.encoder, untrained.as_str()),
            Contender::RawPixels => {
                let input = Input {
                    side_px: RAW_SIDE_PX,
                    ..input
                };
                let key = FeatureKey::new(&["raw", &input.describe()], pictures);
                let make = |first, count| input.prepare(&pictures[first..first + count]);
                return stored(&self.cache, &key, total, RAW_BATCH, make, &mut progress)
                    .map_err(|error| input.all_unusable(error, pictures));
            }
        };
        let key = FeatureKey::new(
            &[
                words,
                &config.eval.feature.to_string(),
                &config.eval.same_length.to_string(),
                &input.describe(),
            ],
            pictures,
        );
        let make = |first, count| {
            let planes = input.prepare(&pictures[first..first + count])?;
            let images = upload(&planes, input.side_px, &self.device);
            let eval = &config.eval;
            read(feature(encoder, images, eval.feature, eval.same_length))
        };
        let batch = batch_size(input.side_px);
        stored(&self.cache, &key, total, batch, make, &mut progress)
            .map_err(|error| input.all_unusable(error, pictures))
    }
}

/// A feature in the paper's symbols.
pub fn feature_name(feature: Feature) -> &'static str {
    match feature {
        Feature::Fs => "F_s",
        Feature::Ff => "F_f",
        Feature::Fp => "F_p",
        Feature::FfPlusFp => "F_f + F_p",
    }
}

//! Our kernels against burn's on one adapter, and which is to be used there from now on.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use burn::tensor::module::batch_norm_train;
use burn::tensor::{Distribution, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::report::Setting;
use super::{BenchError, BenchJob, Spread, sync, timed};
use crate::augment::Interpolation;
use crate::device::{AdapterKind, ConvPass, KernelGroup, LayerTiming, Timings, keep};
use crate::loss::{l_face_as_one, l_face_plain, l_pose_as_one, l_pose_plain};
use crate::model::{Architecture, BatchNorm, ChannelAttention, Conv, through_doubled_plain};
use crate::ops::{batch_norm, measure_kernels, up_conv};
use crate::train::objective::Objective;
use crate::train::upload::{SIDE_PX, mix};

/// What was measured.
pub struct KernelReport {
    setting: Setting,
    timings: Timings,
    /// Where the choice is kept; a software adapter keeps none.
    kept: Option<PathBuf>,
}

/// Times every convolution and the other layers of the network by our kernels and by what stands in for them, and
/// keeps the faster ones for this adapter.
///
/// # Errors
///
/// On the CPU, where there is no choice; if the device fails or the cache cannot be written.
pub fn measure(job: &BenchJob) -> Result<KernelReport, BenchError> {
    let adapter = job.device.adapter.as_ref().ok_or(BenchError::NoKernels)?;
    let config = &job.config;
    let base = Architecture::from(config).widths().base;
    let batch = 2 * config.batch.recon;
    let timings = Timings {
        convolution: measure_kernels(&job.device.device, batch, base, SIDE_PX),
        layer: vec![
            normalisation(job, base)?,
            attention(job, base)?,
            doubled(job, base)?,
            face_loss(job)?,
            pose_loss(job)?,
        ],
    };
    let kept = if adapter.kind == AdapterKind::Software {
        None
    } else {
        let path = keep(adapter, &timings).map_err(|e| {
            BenchError::Unusable(format!("the choice of kernels was not kept: {e}"))
        })?;
        Some(path)
    };
    Ok(KernelReport {
        setting: Setting::new(config, &job.device, "random numbers"),
        timings,
        kept,
    })
}

/// Random numbers of which the gradient is wanted.
fn leaf<const D: usize>(job: &BenchJob, shape: [usize; D]) -> Tensor<D> {
    let between = Distribution::Uniform(-1.0, 1.0);
    Tensor::from_inner(Tensor::random(shape, between, &job.device.device)).require_grad()
}

/// Times both ways to compute a layer, forward and backward.
fn both<const D: usize>(
    job: &BenchJob,
    layer: KernelGroup,
    ours: impl Fn() -> Tensor<D>,
    burns: impl Fn() -> Tensor<D>,
) -> Result<LayerTiming, BenchError> {
    let median_ms = |forward: &dyn Fn() -> Tensor<D>| {
        let mut samples = Vec::with_capacity(job.steps);
        for at in 0..job.warmup + job.steps {
            let ((), ms) = timed(|| {
                let _gradients = forward().backward();
                sync(&job.device)
            })?;
            if at >= job.warmup {
                samples.push(ms);
            }
        }
        Ok::<_, BenchError>(Spread::of(&samples).median)
    };
    Ok(LayerTiming {
        layer,
        ours_ms: median_ms(&ours)?,
        burns_ms: median_ms(&burns)?,
    })
}

/// The largest normalised map of the decoder.
fn normalisation(job: &BenchJob, base: usize) -> Result<LayerTiming, BenchError> {
    let recording = job.device.device.clone().autodiff();
    let norm = BatchNorm::new(2 * base, &recording);
    let x = leaf(job, [job.config.batch.recon, 2 * base, 32, 32]);
    let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
    let ours = || batch_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5, 1).output;
    let burns = || batch_norm_train(x.clone(), gamma.clone(), beta.clone(), 1e-5).output;
    both(job, KernelGroup::Normalisation, ours, burns)
}

/// The first attention of the encoder.
fn attention(job: &BenchJob, base: usize) -> Result<LayerTiming, BenchError> {
    let layer = ChannelAttention::new(base, &job.device.device.clone().autodiff());
    let side = SIDE_PX.div_ceil(2);
    let x = leaf(job, [2 * job.config.batch.recon, base, side, side]);
    let ours = || layer.forward_as_one(x.clone());
    let burns = || layer.forward_plain(x.clone());
    both(job, KernelGroup::Attention, ours, burns)
}

/// The last but one block of the decoder, its largest.
fn doubled(job: &BenchJob, base: usize) -> Result<LayerTiming, BenchError> {
    let recording = job.device.device.clone().autodiff();
    let layer = Conv::new(4 * base, 2 * base, 3, 1, &recording);
    let x = leaf(job, [job.config.batch.recon, 4 * base, 16, 16]);
    let ours = || up_conv(x.clone(), layer.weight.val(), layer.bias.val());
    let burns = || through_doubled_plain(&layer, x.clone());
    both(job, KernelGroup::UpConvolution, ours, burns)
}

/// L_face over interpolated negatives.
fn face_loss(job: &BenchJob) -> Result<LayerTiming, BenchError> {
    let config = &job.config;
    let n2 = 2 * config.batch.face;
    let z = leaf(job, [n2, 512]);
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let drawn = Interpolation::draw(n2, n2 - 2, config.neg_interp.alpha, &mut rng);
    let mix = mix(&drawn, &job.device.device);
    let options = Objective::from(config).contrastive;
    let ours = || l_face_as_one(z.clone(), Some(&mix), options);
    let burns = || l_face_plain(z.clone(), Some(&mix), options);
    both(job, KernelGroup::FaceLoss, ours, burns)
}

/// L_pose over interpolated negatives.
fn pose_loss(job: &BenchJob) -> Result<LayerTiming, BenchError> {
    let config = &job.config;
    let (b, m) = (config.pose.batch_size, config.pose.num_negatives);
    let (positives, negatives) = (leaf(job, [2 * b, 512]), leaf(job, [b, m, 512]));
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let drawn = Interpolation::draw(b, m, config.neg_interp.alpha, &mut rng);
    let mix = mix(&drawn, &job.device.device);
    let options = Objective::from(config).contrastive;
    let codes = || (positives.clone(), negatives.clone());
    let ours = || l_pose_as_one(codes().0, codes().1, Some(&mix), options);
    let burns = || l_pose_plain(codes().0, codes().1, Some(&mix), options);
    both(job, KernelGroup::PoseLoss, ours, burns)
}

impl KernelReport {
    /// For other programs.
    pub fn json(&self) -> Value {
        json!({
            "setting": self.setting,
            "convolutions": self.timings.convolution,
            "layers": self.timings.layer,
            "kept": self.kept,
        })
    }
}

impl Display for KernelReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Device      {}", self.setting.device)?;
        writeln!(f, "Setting     {}", self.setting.config)?;
        writeln!(
            f,
            "{:<32} {:>8} {:>8}  faster",
            "Milliseconds a call", "ours", "burn"
        )?;
        for timing in &self.timings.convolution {
            let pass = match timing.pass {
                ConvPass::Forward => "forward",
                ConvPass::Data => "data",
                ConvPass::Weight => "weight",
            };
            let s = timing.shape;
            writeln!(
                f,
                "{pass:<8}{:>4} -> {:<4}{:>3} px {}x{}/{} {:>8.3} {:>8.3}  {:?}",
                s.cin,
                s.cout,
                s.height,
                s.kernel,
                s.kernel,
                s.stride,
                timing.ours_ms,
                timing.burns_ms,
                timing.fastest,
            )?;
        }
        for timing in &self.timings.layer {
            writeln!(
                f,
                "{:<32} {:>8.3} {:>8.3}  {}",
                timing.layer.to_string(),
                timing.ours_ms,
                timing.burns_ms,
                if timing.ours() { "Ours" } else { "Burn" },
            )?;
        }
        match &self.kept {
            Some(path) => writeln!(
                f,
                "Kept in     {}, used from the next start on",
                path.display()
            ),
            None => writeln!(f, "Not kept: a software adapter always uses ours"),
        }
    }
}

//! Our kernels against burn's on one adapter, and which is to be used there from now on.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use burn::tensor::{Distribution, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::report::Setting;
use super::{BenchError, BenchJob, Spread, sync, timed};
use crate::augment::Interpolation;
use crate::device::{AdapterKind, ConvPass, ConvTiming, keep};
use crate::loss::l_face;
use crate::model::Widths;
use crate::ops::{measure_kernels, mixed_cross_entropy};
use crate::train::objective::Objective;
use crate::train::upload::{SIDE_PX, mix};

/// What was measured.
pub struct KernelReport {
    setting: Setting,
    convolutions: Vec<ConvTiming>,
    /// L_face forward and backward in milliseconds: from ordinary operations, and as one.
    l_face_ms: [Spread; 2],
    /// Where the choice is kept; a software adapter keeps none.
    kept: Option<PathBuf>,
}

/// Times every convolution of the network by our kernels and burn's, and keeps the faster ones for
/// this adapter.
///
/// # Errors
///
/// On the CPU, where there is no choice; if the device fails or the cache cannot be written.
pub fn measure(job: &BenchJob) -> Result<KernelReport, BenchError> {
    let adapter = job.device.adapter.as_ref().ok_or(BenchError::NoKernels)?;
    let config = &job.config;
    let base = Widths::new(config.backbone, config.model.width).base;
    let batch = 2 * config.batch.recon;
    let convolutions = measure_kernels(&job.device.device, batch, base, SIDE_PX);
    let l_face_ms = [face_loss(job, false)?, face_loss(job, true)?];
    let kept = if adapter.kind == AdapterKind::Software {
        None
    } else {
        let path = keep(adapter, &convolutions).map_err(|e| {
            BenchError::Unusable(format!("the choice of kernels was not kept: {e}"))
        })?;
        Some(path)
    };
    Ok(KernelReport {
        setting: Setting::new(config, &job.device, "random numbers"),
        convolutions,
        l_face_ms,
        kept,
    })
}

/// L_face over interpolated negatives, forward and backward.
fn face_loss(job: &BenchJob, as_one: bool) -> Result<Spread, BenchError> {
    let config = &job.config;
    let plain = &job.device.device;
    let n2 = 2 * config.batch.face;
    let between = Distribution::Uniform(-1.0, 1.0);
    let z = Tensor::<2>::random([n2, 512], between, plain);
    let z = Tensor::from_inner(z).require_grad();
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let drawn = Interpolation::draw(n2, n2 - 2, config.neg_interp.alpha, &mut rng);
    let mix = mix(&drawn, plain);
    let options = Objective::from(config).contrastive;
    let loss = || {
        if !as_one {
            return l_face(z.clone(), Some(&mix), options);
        }
        let gram = z.clone().matmul(z.clone().transpose());
        let lambda = Tensor::from_inner(mix.lambda.clone());
        mixed_cross_entropy(gram, lambda, mix.permutation.clone(), options.tau as f32).mean()
    };
    let mut samples = Vec::with_capacity(job.steps);
    for at in 0..job.warmup + job.steps {
        let ((), ms) = timed(|| {
            let _gradients = loss().backward();
            sync(&job.device)
        })?;
        if at >= job.warmup {
            samples.push(ms);
        }
    }
    Ok(Spread::of(&samples))
}

impl KernelReport {
    /// For other programs.
    pub fn json(&self) -> Value {
        json!({
            "setting": self.setting,
            "convolutions": self.convolutions,
            "l_face_ms": { "composed": self.l_face_ms[0], "as_one": self.l_face_ms[1] },
            "kept": self.kept,
        })
    }
}

impl Display for KernelReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Device      {}", self.setting.device)?;
        writeln!(f, "Setting     {}", self.setting.config)?;
        writeln!(f, "Milliseconds a call          ours     burn  faster")?;
        for timing in &self.convolutions {
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
        let [composed, as_one] = self.l_face_ms.each_ref().map(|spread| spread.median);
        writeln!(
            f,
            "L_face      {composed:.3} ms from ordinary operations, which training uses; {as_one:.3} ms as one"
        )?;
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

//! Adam with the L2 form of weight decay (METHODS 1.10).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::grads::Grads;
use crate::config::OptimizerConfig;
use crate::model::Path;
use crate::ops::{AdamStep, adam};

/// Adam's constants; the learning rate comes with every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    /// β₁ and β₂.
    pub betas: [f64; 2],
    /// ε, added to √v̂.
    pub eps: f64,
    /// Added to the gradient as decay · parameter, on all parameters.
    pub weight_decay: f64,
}

impl AdamOptions {
    /// The numbers of step `steps` of a parameter, counted from one.
    fn step(&self, lr: f64, steps: u32) -> AdamStep {
        let correction = |beta: f64| (1.0 - beta.powi(steps as i32)) as f32;
        AdamStep {
            lr: lr as f32,
            betas: self.betas.map(|beta| beta as f32),
            eps: self.eps as f32,
            weight_decay: self.weight_decay as f32,
            corrections: self.betas.map(correction),
        }
    }
}

impl From<&OptimizerConfig> for AdamOptions {
    fn from(config: &OptimizerConfig) -> Self {
        Self {
            betas: config.betas,
            eps: config.eps,
            weight_decay: config.weight_decay,
        }
    }
}

/// Moments of one parameter. The step count is per parameter: in the alternating scheme the heads
/// get their first gradient later than the encoder and stay behind for the whole run.
#[derive(Clone, Debug)]
struct Moments {
    steps: u32,
    m: Tensor<1>,
    v: Tensor<1>,
}

/// Optimiser state, by parameter name.
#[derive(Clone, Debug)]
pub struct Adam {
    /// The constants.
    pub options: AdamOptions,
    state: BTreeMap<String, Moments>,
}

impl Adam {
    /// An optimiser that has seen nothing.
    pub fn new(options: AdamOptions) -> Self {
        Self {
            options,
            state: BTreeMap::new(),
        }
    }

    /// Gives every parameter that ever had a gradient one now, a zero if need be: momentum and
    /// weight decay then still act on it, as in the released code (METHODS 1.8.6).
    pub fn touch_all(&self, grads: &mut Grads) {
        for (name, moments) in &self.state {
            grads.touch(name, &moments.m);
        }
    }

    /// One update. Parameters without a gradient are left alone.
    pub fn step<M: Module>(&mut self, model: M, grads: &Grads, lr: f64) -> M {
        model.map(&mut Update {
            adam: self,
            grads,
            lr,
            path: Path::default(),
        })
    }

    /// State for a checkpoint: per parameter its step count, m and v.
    pub fn snapshot(&self) -> BTreeMap<String, (u32, TensorData, TensorData)> {
        let data = |t: &Tensor<1>| t.to_data();
        self.state
            .iter()
            .map(|(name, s)| (name.clone(), (s.steps, data(&s.m), data(&s.v))))
            .collect()
    }

    /// Takes back what [`Adam::snapshot`] gave.
    pub fn restore(
        &mut self,
        saved: BTreeMap<String, (u32, TensorData, TensorData)>,
        device: &Device,
    ) {
        let tensor = |data| Tensor::from_data(data, &device.clone().inner());
        self.state = saved
            .into_iter()
            .map(|(name, (steps, m, v))| {
                (
                    name,
                    Moments {
                        steps,
                        m: tensor(m),
                        v: tensor(v),
                    },
                )
            })
            .collect();
    }
}

struct Update<'a> {
    adam: &'a mut Adam,
    grads: &'a Grads,
    lr: f64,
    path: Path,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let Some(grad) = self.grads.get(&name) else {
            return param;
        };
        let Self {
            adam: Adam { options, state },
            lr,
            ..
        } = self;
        param.map(|tensor| {
            let shape = tensor.dims();
            let autodiff = tensor.is_autodiff();
            let p = tensor.inner().reshape([grad.shape().num_elements()]);
            // Taken out rather than cloned: what nobody else holds is written in place.
            let Moments { steps, m, v } = state.remove(&name).unwrap_or_else(|| Moments {
                steps: 0,
                m: p.zeros_like(),
                v: p.zeros_like(),
            });
            let steps = steps + 1;
            let step = options.step(*lr, steps);
            let [p, m, v] = adam(p, m, v, grad.clone(), step);
            state.insert(name, Moments { steps, m, v });
            let p = p.reshape(shape);
            if autodiff {
                Tensor::from_inner(p).require_grad()
            } else {
                p
            }
        })
    }
}

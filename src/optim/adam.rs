//! Adam with the L2 form of weight decay (METHODS 1.10).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::grads::Grads;
use crate::config::OptimizerConfig;
use crate::model::Path;

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
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let Some(grad) = self.grads.get(&name) else {
            return param;
        };
        let AdamOptions {
            betas: [b1, b2],
            eps,
            weight_decay,
        } = self.adam.options;
        let state = &mut self.adam.state;
        let lr = self.lr;
        param.map(|tensor| {
            let shape = tensor.dims();
            let autodiff = tensor.is_autodiff();
            let p = tensor.inner().reshape([grad.shape().num_elements()]);
            let moments = state.entry(name).or_insert_with(|| Moments {
                steps: 0,
                m: p.zeros_like(),
                v: p.zeros_like(),
            });
            moments.steps += 1;
            let g = grad.clone() + p.clone() * weight_decay;
            moments.m = moments.m.clone() * b1 + g.clone() * (1.0 - b1);
            moments.v = moments.v.clone() * b2 + g.square() * (1.0 - b2);
            let t = moments.steps as i32;
            let m_hat = moments.m.clone() / (1.0 - b1.powi(t));
            let v_hat = moments.v.clone() / (1.0 - b2.powi(t));
            let p = (p - m_hat / (v_hat.sqrt() + eps) * lr).reshape(shape);
            if autodiff {
                Tensor::from_inner(p).require_grad()
            } else {
                p
            }
        })
    }
}

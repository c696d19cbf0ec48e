//! Gradients of a model, by parameter name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use crate::model::Path;
use crate::ops::{add, sum_of_squares, total};

/// One flat gradient per parameter that the loss reached.
///
/// # Shapes
///
/// Every tensor is `[n]` in the parameter's own element order.
#[derive(Clone, Debug, Default)]
pub struct Grads(BTreeMap<String, Tensor<1>>);

impl Grads {
    /// Takes the gradients of `model`'s parameters out of a backward pass; `prefix` is the path of
    /// `model` within the whole network (empty for the network itself).
    pub fn take<M: Module>(grads: &mut Gradients, model: &M, prefix: &str) -> Self {
        struct Take<'a> {
            path: Path,
            grads: &'a mut Gradients,
            out: Grads,
        }
        impl ModuleVisitor for Take<'_> {
            fn enter_module(&mut self, name: &str, container: &str) {
                self.path.enter(name, container);
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.path.exit();
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let tensor = param.val();
                if let Some(grad) = tensor.grad_remove(self.grads) {
                    let n = tensor.shape().num_elements();
                    self.out.0.insert(self.path.name(), grad.reshape([n]));
                }
            }
        }
        let mut take = Take {
            path: Path::default(),
            grads,
            out: Self::default(),
        };
        if !prefix.is_empty() {
            take.path.enter(prefix, "");
        }
        model.visit(&mut take);
        take.out
    }

    /// Adds other gradients, scaled.
    pub fn add(&mut self, other: Grads, scale: f64) {
        for (name, grad) in other.0 {
            let grad = if scale == 1.0 { grad } else { grad * scale };
            match self.0.remove(&name) {
                None => self.0.insert(name, grad),
                Some(sum) => self.0.insert(name, add(sum, grad)),
            };
        }
    }

    /// Multiplies every gradient by a factor.
    pub fn scale(&mut self, factor: f64) {
        for grad in self.0.values_mut() {
            *grad = grad.clone() * factor;
        }
    }

    /// Global L2 norm: `[1]`, or `None` without gradients.
    pub fn norm(&self) -> Option<Tensor<1>> {
        let squares = self
            .0
            .values()
            .map(|g| sum_of_squares(g.clone()))
            .collect::<Vec<_>>();
        (!squares.is_empty()).then(|| total(Tensor::cat(squares, 0)).sqrt())
    }

    /// The gradient of one parameter.
    pub fn get(&self, name: &str) -> Option<&Tensor<1>> {
        self.0.get(name)
    }

    /// Names and gradients in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<1>)> {
        self.0.iter().map(|(name, grad)| (name.as_str(), grad))
    }

    /// Adds a zero gradient for a parameter that has none.
    pub(super) fn touch(&mut self, name: &str, like: &Tensor<1>) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), like.zeros_like());
        }
    }
}

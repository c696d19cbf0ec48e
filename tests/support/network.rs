//! Networks with the golden weights, and gradients in the golden order.
//!
//! The golden file speaks PyTorch: parameter names of its own, linear weights as (out, in). burn
//! keeps linear weights as (in, out).

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde_json::Value;
use visage::config::{Backbone, RunConfig};
use visage::model::{Architecture, Pcl, is_buffer, load_values, values};
use visage::optim::Grads;

use super::compare::Outputs;
use super::{generator, golden, numbers};

/// One row of the golden parameter table.
#[derive(Clone)]
pub struct Parameter {
    /// Name in the golden file.
    pub golden: String,
    /// Our path in the whole network.
    pub name: String,
    /// Shape in PyTorch's order.
    shape: Vec<usize>,
    spec: Value,
}

impl Parameter {
    fn new(row: &Value, wide: bool) -> Self {
        let mut spec = row.clone();
        if let (true, Some(fan_in)) = (wide, row["fan_in"].as_f64()) {
            spec["bound"] = (6.0 / fan_in).sqrt().into();
        }
        let golden = row["name"].as_str().expect("a name").to_owned();
        Self {
            name: our_name(&golden),
            golden,
            shape: generator::shape(row),
            spec,
        }
    }

    /// Shape and values as burn keeps them.
    fn ours(&self) -> (Vec<usize>, Vec<f32>) {
        let values = generator::from_spec(&self.spec);
        match self.shape[..] {
            [out, input] => (vec![input, out], transpose(&values, out, input)),
            _ => (self.shape.clone(), values),
        }
    }

    /// Values of this parameter in the golden order.
    pub fn in_golden_order(&self, ours: &[f32]) -> Vec<f32> {
        match self.shape[..] {
            [out, input] => transpose(ours, input, out),
            _ => ours.to_vec(),
        }
    }

    /// A gradient in the golden order.
    pub fn gradient(&self, grads: &Grads) -> Option<Vec<f32>> {
        grads
            .get(&self.name)
            .map(|g| self.in_golden_order(&numbers(g.clone())))
    }
}

fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| (0..rows).map(move |r| values[r * columns + c]))
        .collect()
}

/// Our path of a golden parameter.
fn our_name(golden: &str) -> String {
    match golden.split_once('.') {
        Some(("B", rest)) => format!("encoder.trunk.{}", rest.to_lowercase()),
        Some(("g" | "g_f" | "g_p", _)) => format!("encoder.{golden}"),
        Some(("D", rest)) => format!("decoder.{rest}"),
        _ => golden.to_owned(),
    }
}

/// The parameter table of a variant, with plain or wide weights.
pub fn table(backbone: Backbone, wide: bool) -> Vec<Parameter> {
    let rows = match backbone {
        Backbone::FacecyclePaper => &golden()["parameters"]["facecycle_paper"],
        Backbone::FacecycleReleased => &golden()["parameters"]["facecycle_released"],
        Backbone::FacecycleOriginal => &golden()["parameters_facecycle_original"],
        Backbone::Dense => panic!("the golden file knows no dense layers"),
    };
    rows.as_array()
        .expect("rows")
        .iter()
        .map(|row| Parameter::new(row, wide))
        .collect()
}

/// The rows below a path, with names relative to it.
pub fn below(table: &[Parameter], prefix: &str) -> Vec<Parameter> {
    let relative = |p: &Parameter| {
        Some(Parameter {
            name: p.name.strip_prefix(prefix)?.to_owned(),
            ..p.clone()
        })
    };
    table.iter().filter_map(relative).collect()
}

/// Fills a module; every parameter must have a row and every row a parameter.
pub fn fill<M: Module>(module: M, rows: &[Parameter]) -> M {
    let mut left = rows
        .iter()
        .map(|p| (p.name.as_str(), p))
        .collect::<BTreeMap<_, _>>();
    let module = load_values(module, &mut |name, shape| {
        if is_buffer(name) {
            return None;
        }
        let row = left
            .remove(name)
            .unwrap_or_else(|| panic!("no golden row for {name}"));
        let (expected, values) = row.ours();
        assert_eq!(shape, expected, "{name}");
        Some(values)
    });
    assert!(left.is_empty(), "no parameter for {:?}", left.keys());
    module
}

/// A part of the network (at `prefix` of the paper's variant) with its golden weights.
pub fn part<M: Module>(module: M, prefix: &str) -> (M, Vec<Parameter>) {
    let rows = below(&table(Backbone::FacecyclePaper, false), prefix);
    (fill(module, &rows), rows)
}

/// The whole network with the golden weights, recording gradients.
pub fn pcl(backbone: Backbone, wide: bool, device: &Device) -> Pcl {
    let config = RunConfig {
        backbone,
        ..RunConfig::default()
    };
    let blank = Pcl::blank(Architecture::from(&config), &device.clone().autodiff());
    fill(blank, &table(backbone, wide))
}

/// `y`, and the gradients of Σ y·cotangent as `grad_x` and `grad_<parameter>`.
pub fn vjp<M: Module, const I: usize, const O: usize>(
    module: &M,
    rows: &[Parameter],
    x: Tensor<I>,
    cotangent: Tensor<O>,
    forward: impl Fn(&M, Tensor<I>) -> Tensor<O>,
) -> Outputs {
    let y = forward(module, x.clone());
    let mut all = (y.clone() * Tensor::from_inner(cotangent)).sum().backward();
    let grad_x = x.grad(&all).expect("the input has a gradient");
    let grads = Grads::take(&mut all, module, "");
    let mut out = Outputs::new();
    out.insert("y".into(), numbers(y));
    out.insert("grad_x".into(), numbers(grad_x));
    for row in rows {
        let gradient = row
            .gradient(&grads)
            .unwrap_or_else(|| panic!("no gradient: {}", row.name));
        out.insert(format!("grad_{}", row.name), gradient);
    }
    out
}

/// Whether a gradient of the whole network is zero in exact arithmetic: a constant cancels in the
/// softmax over positions and in batch normalisation. What is left is rounding noise.
pub fn vanishes(name: &str) -> bool {
    name.ends_with("theta.bias")
        || name.ends_with("linear2.bias")
        || (name.contains(".block") && name.ends_with("conv.bias"))
}

/// Batch-norm statistics below a module, by path.
pub fn statistics<M: Module>(module: &M) -> Outputs {
    let named = values(module)
        .into_iter()
        .filter(|(name, _)| is_buffer(name));
    named.map(|(name, (_, numbers))| (name, numbers)).collect()
}

//! What the golden and invariance tests share: devices, golden numbers, networks, batches.

// Each test binary compiles its own copy and uses a part of it.
#![allow(dead_code)]

pub mod compare;
pub mod generator;
pub mod network;
pub mod small;
pub mod step;

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;
use visage::device::{DeviceRequest, choose};

/// The CPU, and the software GPU where there is one.
pub fn devices() -> Vec<Device> {
    std::iter::once(Device::flex()).chain(software()).collect()
}

/// The software GPU: wgpu without a graphics card.
///
/// With `VISAGE_REQUIRE_GPU` set, a machine without one fails instead of skipping half a test.
pub fn software() -> Option<Device> {
    static SOFTWARE: OnceLock<Option<Device>> = OnceLock::new();
    let found = SOFTWARE.get_or_init(|| match choose(DeviceRequest::Software) {
        Ok(chosen) => Some(chosen.device),
        Err(error) => {
            let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
            assert!(!required, "VISAGE_REQUIRE_GPU is set, but {error}");
            eprintln!("no software adapter: the wgpu half of this test is skipped");
            None
        }
    });
    found.clone()
}

/// The golden file.
pub fn golden() -> &'static Value {
    static GOLDEN: OnceLock<Value> = OnceLock::new();
    GOLDEN.get_or_init(|| {
        serde_json::from_str(include_str!("../fixtures/pcl_golden.json")).expect("it is JSON")
    })
}

/// One golden case.
pub fn case(name: &str) -> &'static Value {
    golden()["cases"]
        .get(name)
        .unwrap_or_else(|| panic!("there is no golden case {name}"))
}

/// The tensor of a generator entry.
pub fn tensor<const D: usize>(spec: &Value, device: &Device) -> Tensor<D> {
    let data = TensorData::new(generator::from_spec(spec), generator::shape(spec));
    Tensor::from_data(data, device)
}

/// The tensor of a generator entry as a leaf whose gradient is wanted.
pub fn leaf<const D: usize>(spec: &Value, device: &Device) -> Tensor<D> {
    tensor(spec, &device.clone().autodiff()).require_grad()
}

/// The values of a tensor, row-major.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32 values")
}

/// A number of the golden file.
pub fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

//! The same on GPUs: tiled matrix products over the small map, and a launch that collects or spreads.
//!
//! The products are worked on for some pictures at a time, so that they need little memory however
//! large the batch is.

mod collect;
mod spread;

use std::ops::Range;

use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{TAPS, UpConvOps};
use crate::ops::conv::{activation_backward, bias_backward, taps};
use crate::ops::launch::{dense, dense_map, elementwise, empty_map, pictures, storage};

/// Most products at a time, 64 MiB in f32.
const PRODUCTS_AT_ONCE: usize = 1 << 24;

/// Pictures that are worked on at once, of maps `[b, cin, h, w]` and `[b, cout, 2h, 2w]`: all, unless
/// every part begins where a buffer may be bound.
fn at_once(x: &CubeTensor, cout: usize) -> usize {
    let [b, cin, h, w] = x.shape().dims();
    let alignment = x.client.properties().memory.alignment as usize;
    let aligned = [cin, 4 * cout].into_iter().all(|c| {
        let picture_bytes = c * h * w * x.dtype.size();
        picture_bytes.is_multiple_of(alignment)
    });
    let all = b.max(1);
    if aligned {
        (PRODUCTS_AT_ONCE / (TAPS * cout * h * w).max(1)).clamp(1, all)
    } else {
        all
    }
}

/// `0..all` in steps.
fn parts(all: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..all)
        .step_by(step)
        .map(move |first| first..(first + step).min(all))
}

fn forward(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, step: usize) -> CubeTensor {
    let (x, weight, bias) = (dense_map(x), dense(weight), dense(bias));
    let ([b, _, h, w], [cout, ..]) = (x.shape().dims(), weight.shape().dims::<4>());
    let out = empty_map(&x, [b, cout, 2 * h, 2 * w]);
    for part in parts(b, step) {
        let n = part.len();
        let products = empty_map(&x, [n, TAPS * cout, h, w]);
        let (x, out) = (pictures(&x, part.clone()), pictures(&out, part));
        taps::forward(x, weight.clone(), products.clone());
        let (count, dim) = elementwise(&out, n * cout * h * w);
        let stored = storage(&out);
        collect::collect::launch(
            &out.client.clone(),
            count,
            dim,
            products.into_buffer_arg(),
            bias.clone().into_buffer_arg(),
            out.into_buffer_arg(),
            n * cout,
            h,
            w,
            stored,
        );
    }
    out
}

fn backward(
    x: CubeTensor,
    weight: CubeTensor,
    grad: CubeTensor,
    step: usize,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let (x, weight, grad) = (dense_map(x), dense(weight), dense_map(grad));
    let ([b, _, h, w], [cout, ..]) = (x.shape().dims(), weight.shape().dims::<4>());
    let at_x = empty_map(&x, x.shape());
    let mut at_weight: Option<CubeTensor> = None;
    for part in parts(b, step) {
        let n = part.len();
        let at_products = empty_map(&x, [n, TAPS * cout, h, w]);
        let [x, grad, at_x] = [&x, &grad, &at_x].map(|map| pictures(map, part.clone()));
        let (count, dim) = elementwise(&at_products, n * cout * h * w);
        let stored = storage(&grad);
        spread::spread::launch(
            &at_products.client,
            count,
            dim,
            grad.into_buffer_arg(),
            at_products.clone().into_buffer_arg(),
            n * cout,
            h,
            w,
            stored,
        );
        taps::data_backward(at_products.clone(), weight.clone(), at_x);
        let sum = taps::weight_backward(x, at_products);
        at_weight = Some(match at_weight {
            None => sum,
            Some(before) => CubeBackend::float_add(before, sum),
        });
    }
    let at_weight = at_weight.unwrap_or_else(|| weight.clone());
    (
        activation_backward(at_x, x, 0.0),
        at_weight,
        bias_backward(grad),
    )
}

impl UpConvOps for CubeBackend {
    fn up_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let step = at_once(&x, weight.shape()[0]);
        forward(x, weight, bias, step)
    }

    fn up_conv_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let step = at_once(&x, weight.shape()[0]);
        backward(x, weight, grad, step)
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::{Backend, DispatchDevice};
    use burn::tensor::{Distribution, FloatDType, Shape};
    use burn_cubecl::ops::into_data_sync;

    use super::*;
    use crate::device::{DeviceRequest, choose};

    #[test]
    fn some_pictures_at_a_time_are_all_at_once() {
        let Ok(chosen) = choose(DeviceRequest::Software) else {
            assert!(std::env::var_os("VISAGE_REQUIRE_GPU").is_none(), "no GPU");
            return;
        };
        let plain = chosen.device.inner();
        let DispatchDevice::Cube(device) = plain.as_dispatch() else {
            panic!("the software adapter is a GPU");
        };
        let random = |shape: &[usize]| {
            let between = Distribution::Uniform(-1.0, 1.0);
            let shape = Shape::from(shape.to_vec());
            CubeBackend::float_random(shape, between, device, FloatDType::F32)
        };
        // A picture takes as many bytes as any device wants between two places.
        let x = random(&[5, 16, 4, 4]);
        let weight = random(&[8, 16, 3, 3]);
        let bias = random(&[8]);
        let grad = random(&[5, 8, 8, 8]);
        let run = |step: usize| {
            let out = forward(x.clone(), weight.clone(), bias.clone(), step);
            let (at_x, at_weight, at_bias) =
                backward(x.clone(), weight.clone(), grad.clone(), step);
            [out, at_x, at_weight, at_bias]
                .map(|t| into_data_sync(t).iter::<f32>().collect::<Vec<_>>())
        };
        let all = run(5);
        for (a, b) in run(2).iter().flatten().zip(all.iter().flatten()) {
            assert!((a - b).abs() < 1e-4, "{a}, not {b}");
        }
        assert_eq!(at_once(&x, 8), 5);
        let large = CubeBackend::float_zeros(Shape::new([64, 8, 64, 64]), device, FloatDType::F32);
        let step = at_once(&large, 64);
        assert!((1..64).contains(&step), "{step}");
        assert!(step * TAPS * 64 * 64 * 64 <= PRODUCTS_AT_ONCE);
        CubeBackend::sync(device).unwrap();
    }
}

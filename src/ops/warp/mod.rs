//! Moving the pixels of a picture: every pixel of the output is read at a place of its own.
//!
//! ```text
//! out[y, x] = picture[y + flow_y, x + flow_x]      between four pixels, at the border beyond it
//! ```

mod cpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::ops::{GridSampleOptions, GridSamplePaddingMode, InterpolateMode};
use burn::tensor::{Device, Int, Tensor};

use super::on_cpu;

/// The operation; only the CPU has it.
#[backend_extension(Flex, Autodiff)]
pub trait WarpOps: Backend {
    /// `picture`: `[b, 3, H, W]`, `flow`: `[b, 2, H, W]`, x before y, in pixels → `[b, 3, H, W]`.
    fn warp(picture: FloatTensor<Self>, flow: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient at the picture.
    fn warp_picture_backward(flow: FloatTensor<Self>, grad: FloatTensor<Self>)
    -> FloatTensor<Self>;

    /// Gradient at the flow; none where a pixel is read beyond the border.
    fn warp_flow_backward(
        picture: FloatTensor<Self>,
        flow: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: Backend + WarpOps, C: CheckpointStrategy> WarpOps for Autodiff<B, C> {
    fn warp(picture: FloatTensor<Self>, flow: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Warp;

        impl<B: Backend + WarpOps> Backward<B, 2> for Warp {
            type State = (FloatTensor<B>, FloatTensor<B>);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let (picture, flow) = ops.state;
                let [at_picture, at_flow] = ops.parents;
                if let Some(node) = at_picture {
                    let g = B::warp_picture_backward(flow.clone(), grad.clone());
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = at_flow {
                    let g = B::warp_flow_backward(picture, flow, grad);
                    grads.register::<B>(node.id, g);
                }
            }
        }

        let (picture, picture_node) = picture.into_parts();
        let (flow, flow_node) = flow.into_parts();
        let out = B::warp(picture.clone(), flow.clone());
        match Warp
            .prepare::<C>([picture_node, flow_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((picture, flow), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn warp_picture_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a moved picture")
    }

    fn warp_flow_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a moved picture")
    }
}

/// Pictures whose pixels are read elsewhere.
///
/// # Shapes
///
/// - `picture`: `[b, 3, H, W]`
/// - `flow`: `[b, 2, H, W]`: how far to the right and how far down each pixel is read, in pixels
/// - output: `[b, 3, H, W]`
pub(crate) fn warp(picture: Tensor<4>, flow: Tensor<4>) -> Tensor<4> {
    if on_cpu(picture.device()) {
        return Tensor::from_dispatch(<Dispatch as WarpOps>::warp(
            picture.into_dispatch(),
            flow.into_dispatch(),
        ));
    }
    warp_plain(picture, flow)
}

/// The plain twin of [`warp`].
///
/// # Shapes
///
/// As [`warp`].
pub(crate) fn warp_plain(picture: Tensor<4>, flow: Tensor<4>) -> Tensor<4> {
    let [b, _, h, w] = picture.dims();
    let device = flow.device();
    // The library counts from −1 at the first pixel to 1 at the last.
    let along = |axis: usize, size: usize, places: Tensor<4>| {
        (flow.clone().slice([0..b, axis..axis + 1]) + places) * (2.0 / (size - 1) as f64) - 1.0
    };
    let x = along(0, w, places(w, &device).reshape([1, 1, 1, w]));
    let y = along(1, h, places(h, &device).reshape([1, 1, h, 1]));
    let grid = Tensor::cat(vec![x, y], 1).permute([0, 2, 3, 1]);
    let options = GridSampleOptions::new(InterpolateMode::Bilinear)
        .with_padding_mode(GridSamplePaddingMode::Border)
        .with_align_corners(true);
    picture.grid_sample_2d(grid, options)
}

/// 0, 1, … as numbers of this device.
fn places(count: usize, device: &Device) -> Tensor<1> {
    Tensor::<1, Int>::arange(0..count as i64, device).float()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, TensorData};

    fn numbers(data: TensorData) -> Vec<f32> {
        data.iter::<f32>().collect()
    }

    #[test]
    fn a_whole_pixel_to_the_right_moves_the_picture_to_the_left() {
        let device = Device::flex();
        let picture = Tensor::<1>::from_floats([1f32, 2., 3., 4., 5., 6.], &device);
        let picture = picture.reshape([1, 1, 2, 3]).repeat_dim(1, 3);
        let right = Tensor::<4>::from_data([[[[1.0f32; 3]; 2], [[0.0; 3]; 2]]], &device);
        let moved = numbers(warp(picture.clone(), right.clone()).into_data());
        assert_eq!(moved, [2., 3., 3., 5., 6., 6.].repeat(3));
        let half = numbers(warp(picture, right * 0.5).into_data());
        assert_eq!(half, [1.5, 2.5, 3., 4.5, 5.5, 6.].repeat(3));
    }

    #[test]
    fn it_is_what_plain_operations_make_of_it() {
        let cpu = Device::flex().autodiff();
        for [b, h, w] in [[1, 2, 2], [2, 5, 7], [3, 16, 9]] {
            let between = |most: f64| Distribution::Uniform(-most, most);
            let picture = Tensor::<4>::random([b, 3, h, w], between(1.0), &cpu).require_grad();
            // Some places lie beyond the border.
            let flow = Tensor::<4>::random([b, 2, h, w], between(3.0), &cpu).require_grad();
            let run = |ours: bool| {
                let (picture2, flow2) = (picture.clone() * 1.5, flow.clone() * 0.9);
                let out = match ours {
                    true => warp(picture2, flow2),
                    false => warp_plain(picture2, flow2),
                };
                // In the middle of a graph, with a slope of its own everywhere.
                let grads = (out.clone() + 0.3).square().sum().backward();
                [
                    numbers(out.inner().into_data()),
                    numbers(picture.grad(&grads).expect("a gradient").into_data()),
                    numbers(flow.grad(&grads).expect("a gradient").into_data()),
                ]
            };
            for (part, (ours, plain)) in run(true).iter().zip(&run(false)).enumerate() {
                for (a, b) in ours.iter().zip(plain) {
                    assert!((a - b).abs() < 1e-4, "{h}×{w}, part {part}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn moving_pictures_changes_the_loss_as_the_gradient_says() {
        let cpu = Device::flex().autodiff();
        let between = Distribution::Uniform(-1.0, 1.0);
        let picture = Tensor::<4>::random([1, 3, 4, 5], between, &cpu);
        let flow = Tensor::<4>::random([1, 2, 4, 5], between, &cpu).require_grad();
        let loss = |flow: Tensor<4>| warp(picture.clone(), flow * 0.7).square().sum();
        let grad = flow
            .grad(&loss(flow.clone()).backward())
            .expect("a gradient");
        let grad = numbers(grad.into_data());
        let at = numbers(flow.clone().inner().into_data());
        let h = 1e-3;
        let value = |i: usize, by: f32| {
            let mut at = at.clone();
            at[i] += by;
            let data = TensorData::new(at, [1, 2, 4, 5]);
            loss(Tensor::from_data(data, &cpu)).into_scalar::<f32>()
        };
        let mut agree = 0;
        for (i, grad) in grad.iter().enumerate() {
            let difference = (value(i, h) - value(i, -h)) / (2.0 * h);
            agree += usize::from((difference - grad).abs() < 2e-2 * (1.0 + grad.abs()));
        }
        // A place may lie within a thousandth of a pixel's edge, where the slope jumps.
        assert!(agree >= grad.len() - 1, "{agree} of {}", grad.len());
    }
}

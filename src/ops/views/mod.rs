//! Views of faces from u8 frames: crop, flip, resize, jitter, gray, blur and gradient of a whole
//! step on the training device (METHODS 1.11), and the input noise.
//!
//! All parameters were drawn before, on the CPU; pixels alone are computed here. The CPU path is
//! [`crate::augment::render`]; the GPU path repeats its formulas in a handful of kernels.

mod cpu;
mod gpu;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Device, Int, Shape, Tensor, TensorData};

use crate::augment::{FrameArena, ViewParams};

/// Numbers per view in a parameter row.
const ROW: usize = 21;

/// The operations on every backend; none has a gradient.
#[backend_extension(Cube, Flex, Fusion)]
pub trait ViewOps: Backend {
    /// `frames`: packed bytes; `slots`: offset, width, height per frame; `rows`: `[V, ROW]`;
    /// result `[V, 3, side, side]`.
    #[fusion(dtype = rows, shape = view_shape(rows, side))]
    fn render_views(
        frames: IntTensor<Self>,
        slots: IntTensor<Self>,
        rows: FloatTensor<Self>,
        side: usize,
        affine: bool,
    ) -> FloatTensor<Self>;

    /// Standard normal numbers in the shape of `like`, a function of `seed` and position.
    #[fusion(dtype = like, shape = like)]
    fn normal(like: FloatTensor<Self>, seed: u32) -> FloatTensor<Self>;
}

fn view_shape(rows: &Shape, side: &usize) -> Shape {
    Shape::new([rows[0], 3, *side, *side])
}

/// The frames of a step on the training device.
pub struct UploadedFrames {
    bytes: Tensor<1, Int>,
    slots: Tensor<1, Int>,
    device: Device,
}

impl UploadedFrames {
    /// Sends an arena to a (plain) device.
    pub fn new(arena: &FrameArena, device: &Device) -> Self {
        let ints = |words: Vec<u32>| {
            let n = words.len();
            // The dtype keeps the bits as they are; without it they would be converted.
            Tensor::from_data(TensorData::new(words, [n]), (device, DType::U32))
        };
        let mut words = bytemuck::pod_collect_to_vec::<u8, u32>(&arena.bytes);
        if words.is_empty() {
            words.push(0);
        }
        let slots = arena
            .table
            .iter()
            .flat_map(|s| [s.offset, s.width, s.height])
            .collect();
        Self {
            bytes: ints(words),
            slots: ints(slots),
            device: device.clone(),
        }
    }

    /// Renders views of these frames.
    ///
    /// # Shapes
    ///
    /// - output: `[V, 3, side, side]`, values in [0, 1]
    pub fn render(&self, views: &[ViewParams], side: usize) -> Tensor<4> {
        if views.is_empty() {
            return Tensor::zeros([0, 3, side, side], &self.device);
        }
        let rows = views.iter().flat_map(to_row).collect::<Vec<_>>();
        let rows = Tensor::<2>::from_data(TensorData::new(rows, [views.len(), ROW]), &self.device);
        let affine = views
            .iter()
            .any(|v| v.angle_deg != 0.0 || v.shift_x != 0.0 || v.shift_y != 0.0);
        Tensor::from_dispatch(<Dispatch as ViewOps>::render_views(
            self.bytes.clone().into_dispatch(),
            self.slots.clone().into_dispatch(),
            rows.into_dispatch(),
            side,
            affine,
        ))
    }
}

/// Standard normal noise: the same numbers for a seed on every device.
///
/// # Shapes
///
/// - output: as `shape`
pub fn gaussian_noise<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
    let like = Tensor::<D>::zeros(shape, device);
    Tensor::from_dispatch(<Dispatch as ViewOps>::normal(like.into_dispatch(), seed))
}

/// One parameter row; whole numbers stay exact in f32.
fn to_row(v: &ViewParams) -> [f32; ROW] {
    let [o0, o1, o2, o3] = v.order.map(|o| o as f32);
    [
        v.frame as f32,
        v.top as f32,
        v.left as f32,
        v.height as f32,
        v.width as f32,
        v.flip as f32,
        v.angle_deg,
        v.shift_x,
        v.shift_y,
        v.jitter as f32,
        o0,
        o1,
        o2,
        o3,
        v.brightness,
        v.contrast,
        v.saturation,
        v.hue,
        v.gray as f32,
        v.sigma,
        v.edge as f32,
    ]
}

/// The inverse of [`to_row`].
fn from_row(r: &[f32]) -> ViewParams {
    let int = |i: usize| r[i] as u32;
    ViewParams {
        frame: int(0),
        top: int(1),
        left: int(2),
        height: int(3),
        width: int(4),
        flip: int(5),
        angle_deg: r[6],
        shift_x: r[7],
        shift_y: r[8],
        jitter: int(9),
        order: [int(10), int(11), int(12), int(13)],
        brightness: r[14],
        contrast: r[15],
        saturation: r[16],
        hue: r[17],
        gray: int(18),
        sigma: r[19],
        edge: int(20),
    }
}

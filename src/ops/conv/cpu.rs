//! Convolution on the CPU: unfold a group of images, multiply, fold.
//!
//! A group holds as many images as give the matrix product about [`COLUMNS`] columns, and groups
//! run on all cores. Sums over groups are taken in a fixed order, so results do not depend on the
//! number of cores.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::ConvOps;
use crate::ops::cpu::{tensor, values};

/// Columns a matrix product should have to be worth packing for.
const COLUMNS: usize = 512;
/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// Sizes of one convolution.
#[derive(Clone, Copy)]
struct Geometry {
    b: usize,
    cin: usize,
    h: usize,
    w: usize,
    cout: usize,
    oh: usize,
    ow: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Geometry {
    /// From the shapes of the input and of one output image.
    fn new(
        [b, cin, h, w]: [usize; 4],
        [cout, oh, ow]: [usize; 3],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Self {
        Self {
            b,
            cin,
            h,
            w,
            cout,
            oh,
            ow,
            kernel,
            stride,
            padding,
        }
    }
    /// Rows of the unfolded matrix.
    fn depth(&self) -> usize {
        self.cin * self.kernel * self.kernel
    }
    /// Output pixels of an image.
    fn pixels(&self) -> usize {
        self.oh * self.ow
    }
    /// Numbers of an input image.
    fn input(&self) -> usize {
        self.cin * self.h * self.w
    }
    /// Numbers of an output image.
    fn output(&self) -> usize {
        self.cout * self.pixels()
    }
    /// Images of a group.
    fn group(&self) -> usize {
        (COLUMNS / self.pixels()).clamp(1, self.b.div_ceil(2).max(1))
    }

    /// For one kernel tap and output row: the input row, and the output columns that lie inside
    /// with the input column of the first.
    fn span(
        &self,
        oy: usize,
        ky: usize,
        kx: usize,
    ) -> Option<(usize, std::ops::Range<usize>, usize)> {
        let y = (oy * self.stride + ky)
            .checked_sub(self.padding)
            .filter(|&y| y < self.h)?;
        let first = self.padding.saturating_sub(kx).div_ceil(self.stride);
        let end = (self.w + self.padding - kx)
            .div_ceil(self.stride)
            .min(self.ow);
        (first < end).then(|| (y, first..end, first * self.stride + kx - self.padding))
    }

    /// Every (row of the unfolded matrix, channel, ky, kx).
    fn taps(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> + use<> {
        let k = self.kernel;
        (0..self.depth()).map(move |row| (row, row / (k * k), row / k % k, row % k))
    }

    /// Unfolds images into `[depth, images · pixels]`.
    fn unfold(&self, images: &[f32], columns: &mut Vec<f32>) {
        let count = images.len() / self.input();
        let (pixels, width) = (self.pixels(), count * self.pixels());
        columns.clear();
        columns.resize(self.depth() * width, 0.0);
        for (row, channel, ky, kx) in self.taps() {
            for (n, image) in images.chunks_exact(self.input()).enumerate() {
                let plane = &image[channel * self.h * self.w..][..self.h * self.w];
                let line = &mut columns[row * width + n * pixels..][..pixels];
                for oy in 0..self.oh {
                    let Some((y, xs, from)) = self.span(oy, ky, kx) else {
                        continue;
                    };
                    let out = &mut line[oy * self.ow..][xs.clone()];
                    let source = &plane[y * self.w + from..];
                    if self.stride == 1 {
                        out.copy_from_slice(&source[..xs.len()]);
                    } else {
                        for (o, s) in out.iter_mut().zip(source.iter().step_by(self.stride)) {
                            *o = *s;
                        }
                    }
                }
            }
        }
    }

    /// Adds `[depth, images · pixels]` back into images.
    fn fold(&self, columns: &[f32], images: &mut [f32]) {
        let count = images.len() / self.input();
        let (pixels, width) = (self.pixels(), count * self.pixels());
        for (row, channel, ky, kx) in self.taps() {
            for (n, image) in images.chunks_exact_mut(self.input()).enumerate() {
                let plane = &mut image[channel * self.h * self.w..][..self.h * self.w];
                let line = &columns[row * width + n * pixels..][..pixels];
                for oy in 0..self.oh {
                    let Some((y, xs, from)) = self.span(oy, ky, kx) else {
                        continue;
                    };
                    let target = &mut plane[y * self.w + from..];
                    let source = &line[oy * self.ow..][xs.clone()];
                    if self.stride == 1 {
                        for (t, s) in target.iter_mut().zip(source) {
                            *t += s;
                        }
                    } else {
                        for (t, s) in target.iter_mut().step_by(self.stride).zip(source) {
                            *t += s;
                        }
                    }
                }
            }
        }
    }
}

/// Rearranges `[n, c, pixels]` into `[c, n · pixels]`; a single image is that already.
fn side_by_side<'a>(
    images: &'a [f32],
    c: usize,
    pixels: usize,
    buffer: &'a mut Vec<f32>,
) -> &'a [f32] {
    let n = images.len() / (c * pixels);
    if n == 1 {
        return images;
    }
    buffer.clear();
    for channel in 0..c {
        for image in images.chunks_exact(c * pixels) {
            buffer.extend_from_slice(&image[channel * pixels..][..pixels]);
        }
    }
    buffer
}

/// A row-major matrix, or its transpose.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    numbers: &'a [f32],
    columns: usize,
    transposed: bool,
}

impl Matrix<'_> {
    /// (distance between columns, distance between rows).
    fn strides(&self) -> (isize, isize) {
        let pair = (1, self.columns as isize);
        if self.transposed {
            (pair.1, pair.0)
        } else {
            pair
        }
    }
}

/// `out[m, n] = a[m, k] · b[k, n]`, added to what is there if `add`, on this thread.
fn multiply(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>, [m, n, k]: [usize; 3], add: bool) {
    assert!(out.len() == m * n && a.numbers.len() == m * k && b.numbers.len() == k * n);
    let ((a_cs, a_rs), (b_cs, b_rs)) = (a.strides(), b.strides());
    // SAFETY: the lengths were checked, and the strides stay inside those lengths by construction.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.numbers.as_ptr(),
            a_cs,
            a_rs,
            b.numbers.as_ptr(),
            b_cs,
            b_rs,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn rows(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix {
        numbers,
        columns,
        transposed: false,
    }
}

fn turned(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix {
        numbers,
        columns,
        transposed: true,
    }
}

/// Working memory of one thread.
#[derive(Default)]
struct Scratch {
    columns: Vec<f32>,
    beside: Vec<f32>,
    product: Vec<f32>,
}

fn forward(g: Geometry, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; g.b * g.output()];
    let (group, pixels) = (g.group(), g.pixels());
    out.par_chunks_mut(group * g.output())
        .zip(x.par_chunks(group * g.input()))
        .for_each_init(Scratch::default, |scratch, (out, x)| {
            let n = x.len() / g.input();
            let Scratch {
                columns,
                beside,
                product,
            } = scratch;
            // A 1×1 kernel needs no unfolding.
            let columns = if g.kernel == 1 && g.stride == 1 {
                side_by_side(x, g.cin, pixels, beside)
            } else {
                g.unfold(x, columns);
                columns
            };
            let sizes = [g.cout, n * pixels, g.depth()];
            let (a, b) = (rows(weight, g.depth()), rows(columns, n * pixels));
            if n == 1 {
                for (plane, b) in out.chunks_exact_mut(pixels).zip(bias) {
                    plane.fill(*b);
                }
                multiply(out, a, b, sizes, true);
                return;
            }
            product.resize(g.cout * n * pixels, 0.0);
            multiply(product, a, b, sizes, false);
            for (i, image) in out.chunks_exact_mut(g.output()).enumerate() {
                for (channel, plane) in image.chunks_exact_mut(pixels).enumerate() {
                    let from = &product[(channel * n + i) * pixels..][..pixels];
                    for (o, v) in plane.iter_mut().zip(from) {
                        *o = v + bias[channel];
                    }
                }
            }
        });
    out
}

fn data_backward(g: Geometry, grad: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; g.b * g.input()];
    let (group, pixels) = (g.group(), g.pixels());
    out.par_chunks_mut(group * g.input())
        .zip(grad.par_chunks(group * g.output()))
        .for_each_init(Scratch::default, |scratch, (out, grad)| {
            let n = grad.len() / g.output();
            let Scratch {
                columns, beside, ..
            } = scratch;
            let grad = side_by_side(grad, g.cout, pixels, beside);
            columns.resize(g.depth() * n * pixels, 0.0);
            let sizes = [g.depth(), n * pixels, g.cout];
            multiply(
                columns,
                turned(weight, g.depth()),
                rows(grad, n * pixels),
                sizes,
                false,
            );
            g.fold(columns, out);
        });
    out
}

fn weight_backward(g: Geometry, x: &[f32], grad: &[f32]) -> Vec<f32> {
    let (group, pixels) = (g.group(), g.pixels());
    // A fixed number of partial sums, whatever the number of cores.
    let share = g.b.div_ceil(PARTIALS);
    let partials = x
        .par_chunks(share * g.input())
        .zip(grad.par_chunks(share * g.output()))
        .map_init(Scratch::default, |scratch, (x, grad)| {
            let mut sum = vec![0.0; g.cout * g.depth()];
            let Scratch {
                columns, beside, ..
            } = scratch;
            for (x, grad) in x
                .chunks(group * g.input())
                .zip(grad.chunks(group * g.output()))
            {
                let n = x.len() / g.input();
                g.unfold(x, columns);
                let grad = side_by_side(grad, g.cout, pixels, beside);
                let (a, b) = (rows(grad, n * pixels), turned(columns, n * pixels));
                multiply(&mut sum, a, b, [g.cout, g.depth(), n * pixels], true);
            }
            sum
        })
        .collect::<Vec<_>>();
    let mut partials = partials.into_iter();
    let mut total = partials
        .next()
        .unwrap_or_else(|| vec![0.0; g.cout * g.depth()]);
    for partial in partials {
        for (t, p) in total.iter_mut().zip(partial) {
            *t += p;
        }
    }
    total
}

impl ConvOps for Flex {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self> {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let ([b, cin, h, w], [cout, _, kernel, _]) = (x.shape().dims(), weight.shape().dims());
        let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
        let (oh, ow) = (side(h), side(w));
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        let mut out = forward(g, values(&x), values(&weight), values(&bias));
        for value in &mut out {
            *value = if *value > 0.0 { *value } else { slope * *value };
        }
        tensor(out, [b, cout, oh, ow])
    }

    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let (grad, out) = (grad.to_contiguous(), out.to_contiguous());
        let shape: [usize; 4] = grad.shape().dims();
        let behind = values(&grad).iter().zip(values(&out));
        let before = behind.map(|(g, out)| if *out > 0.0 { *g } else { slope * g });
        tensor(before.collect(), shape)
    }

    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let (grad, weight) = (grad.to_contiguous(), weight.to_contiguous());
        let ([b, cout, oh, ow], [_, cin, kernel, _]) = (grad.shape().dims(), weight.shape().dims());
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        tensor(
            data_backward(g, values(&grad), values(&weight)),
            [b, cin, h, w],
        )
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let (x, grad) = (x.to_contiguous(), grad.to_contiguous());
        let ([b, cin, h, w], [_, cout, oh, ow]) = (x.shape().dims(), grad.shape().dims());
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        tensor(
            weight_backward(g, values(&x), values(&grad)),
            [cout, cin, kernel, kernel],
        )
    }

    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = grad.to_contiguous();
        let [b, cout, oh, ow] = grad.shape().dims();
        let mut out = vec![0.0; cout];
        let (pixels, numbers) = (oh * ow, values(&grad));
        out.par_iter_mut().enumerate().for_each(|(channel, sum)| {
            *sum = (0..b)
                .map(|n| {
                    numbers[(n * cout + channel) * pixels..][..pixels]
                        .iter()
                        .sum::<f32>()
                })
                .sum();
        });
        tensor(out, [cout])
    }
}

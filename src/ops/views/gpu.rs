//! The GPU path: one pass per stage over all views, in the order of [`crate::augment::render`].

use burn::backend::TensorMetadata;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use super::{ROW, ViewOps};
use crate::ops::launch::{dense, elementwise, empty};

/// Units that share one view in the colour pass.
const UNITS: usize = 256;

/// Position of a unit within `[V, 3, side, side]`, for kernels with one unit per pixel.
#[derive(CubeType)]
struct Pixel {
    view: usize,
    y: usize,
    x: usize,
    /// Index of the red value.
    red: usize,
    /// Distance between the planes.
    plane: usize,
}

#[cube]
fn pixel(position: usize, side: usize) -> Pixel {
    let plane = side * side;
    let view = position / plane;
    let within = position % plane;
    Pixel {
        view,
        y: within / side,
        x: within % side,
        red: view * plane * 3 + within,
        plane,
    }
}

/// Antialiased bilinear resize out of the crop box, mirrored if asked.
#[cube(launch)]
fn resize(
    frames: &Tensor<u32>,
    slots: &Tensor<u32>,
    rows: &Tensor<f32>,
    out: &mut Tensor<f32>,
    #[comptime] row: usize,
) {
    if ABSOLUTE_POS >= out.len() / 3 {
        terminate!();
    }
    let side = out.shape(3);
    let p = pixel(ABSOLUTE_POS, side);
    let at = p.view * row;
    let slot = u32::cast_from(rows[at]) as usize * 3;
    let offset = slots[slot] as usize;
    let stride = slots[slot + 1] as usize * 3;
    let top = u32::cast_from(rows[at + 1]) as usize;
    let left = u32::cast_from(rows[at + 2]) as usize;
    let height = rows[at + 3];
    let width = rows[at + 4];
    let x = select(rows[at + 5] > 0.0, side - 1 - p.x, p.x);

    let scale_y = height / f32::cast_from(side as u32);
    let scale_x = width / f32::cast_from(side as u32);
    let reach_y = scale_y.max(1.0f32);
    let reach_x = scale_x.max(1.0f32);
    let centre_y = (f32::cast_from(p.y as u32) + 0.5f32) * scale_y;
    let centre_x = (f32::cast_from(x as u32) + 0.5f32) * scale_x;
    // The first tap with a positive weight, and one past the last; a tap of weight zero is harmless.
    let first_y = u32::cast_from((centre_y - reach_y - 0.5f32).max(0.0f32)) as usize;
    let first_x = u32::cast_from((centre_x - reach_x - 0.5f32).max(0.0f32)) as usize;
    let end_y = u32::cast_from((centre_y + reach_y + 0.5f32).min(height)) as usize;
    let end_x = u32::cast_from((centre_x + reach_x + 0.5f32).min(width)) as usize;

    let mut sum_x = f32::new(0.0);
    for tx in first_x..end_x {
        sum_x +=
            (1.0f32 - (f32::cast_from(tx as u32) + 0.5f32 - centre_x).abs() / reach_x).max(0.0f32);
    }
    let mut sum_y = f32::new(0.0);
    let mut red = f32::new(0.0);
    let mut green = f32::new(0.0);
    let mut blue = f32::new(0.0);
    for ty in first_y..end_y {
        let wy =
            (1.0f32 - (f32::cast_from(ty as u32) + 0.5f32 - centre_y).abs() / reach_y).max(0.0f32);
        sum_y += wy;
        let line = offset + (top + ty) * stride + left * 3;
        for tx in first_x..end_x {
            let wx = (1.0f32 - (f32::cast_from(tx as u32) + 0.5f32 - centre_x).abs() / reach_x)
                .max(0.0f32);
            let byte = line + tx * 3;
            red += wy * wx * sample(frames, byte);
            green += wy * wx * sample(frames, byte + 1);
            blue += wy * wx * sample(frames, byte + 2);
        }
    }
    let unit = 1.0f32 / (255.0f32 * sum_x * sum_y);
    out[p.red] = red * unit;
    out[p.red + p.plane] = green * unit;
    out[p.red + 2 * p.plane] = blue * unit;
}

/// One byte of the packed frames.
#[cube]
fn sample(frames: &Tensor<u32>, byte: usize) -> f32 {
    let shift = ((byte % 4) * 8) as u32;
    f32::cast_from((frames[byte / 4] >> shift) & 0xffu32)
}

/// Rotation and translation by bilinear sampling, black outside.
#[cube(launch)]
fn affine(x: &Tensor<f32>, rows: &Tensor<f32>, out: &mut Tensor<f32>, #[comptime] row: usize) {
    if ABSOLUTE_POS >= out.len() / 3 {
        terminate!();
    }
    let side = out.shape(3);
    let p = pixel(ABSOLUTE_POS, side);
    let at = p.view * row;
    let size = f32::cast_from(side as u32);
    let angle = rows[at + 6] * 0.017453292f32;
    let centre = (size - 1.0f32) / 2.0f32;
    let dx = f32::cast_from(p.x as u32) - centre - rows[at + 7] * size;
    let dy = f32::cast_from(p.y as u32) - centre - rows[at + 8] * size;
    let from_x = angle.cos() * dx - angle.sin() * dy + centre;
    let from_y = angle.sin() * dx + angle.cos() * dy + centre;
    let left = from_x.floor();
    let top = from_y.floor();
    let sx = from_x - left;
    let sy = from_y - top;
    #[unroll]
    for channel in 0..3usize {
        let plane = p.view * p.plane * 3 + channel * p.plane;
        out[p.red + channel * p.plane] = (1.0f32 - sy)
            * ((1.0f32 - sx) * inside(x, plane, side, left, top)
                + sx * inside(x, plane, side, left + 1.0f32, top))
            + sy * ((1.0f32 - sx) * inside(x, plane, side, left, top + 1.0f32)
                + sx * inside(x, plane, side, left + 1.0f32, top + 1.0f32));
    }
}

/// A value of a plane, or black outside it.
#[cube]
fn inside(x: &Tensor<f32>, plane: usize, side: usize, column: f32, line: f32) -> f32 {
    let last = f32::cast_from(side as u32) - 1.0f32;
    let c = u32::cast_from(clamp(column, 0.0f32, last)) as usize;
    let r = u32::cast_from(clamp(line, 0.0f32, last)) as usize;
    let value = x[plane + r * side + c];
    let outside = column < 0.0f32 || column > last || line < 0.0f32 || line > last;
    select(outside, 0.0f32, value)
}

#[cube]
fn luma(red: f32, green: f32, blue: f32) -> f32 {
    0.299f32 * red + 0.587f32 * green + 0.114f32 * blue
}

/// Jitter and gray, in place; one cube per view, because contrast needs the mean of the view.
#[cube(launch)]
fn colour(
    image: &mut Tensor<f32>,
    rows: &Tensor<f32>,
    #[comptime] row: usize,
    #[comptime] units: usize,
) {
    let side = image.shape(3);
    let plane = side * side;
    let views = image.len() / (3 * plane);
    let view = CUBE_POS;
    if view >= views {
        terminate!();
    }
    let at = view * row;
    let base = view * 3 * plane;
    let mut sums = Shared::<[f32]>::new_slice(units);
    if rows[at + 9] > 0.0 {
        #[unroll]
        for turn in 0..4usize {
            let operation = rows[at + 10 + turn];
            let mut mean = f32::new(0.0);
            if operation == 1.0f32 {
                let mut sum = f32::new(0.0);
                let mut i = UNIT_POS as usize;
                while i < plane {
                    sum += luma(
                        image[base + i],
                        image[base + plane + i],
                        image[base + 2 * plane + i],
                    );
                    i += units;
                }
                sums[UNIT_POS as usize] = sum;
                sync_cube();
                for u in 0..units {
                    mean += sums[u];
                }
                mean /= f32::cast_from(plane as u32);
                // Nobody may start the next sum before everybody has read this one.
                sync_cube();
            }
            let mut i = UNIT_POS as usize;
            while i < plane {
                let red = image[base + i];
                let green = image[base + plane + i];
                let blue = image[base + 2 * plane + i];
                if operation == 3.0f32 {
                    let turn_by = rows[at + 17];
                    let shift = 6.0f32 * (turn_by - turn_by.floor());
                    let value = red.max(green).max(blue);
                    let chroma = value - red.min(green).min(blue);
                    let divisor = select(chroma > 0.0f32, chroma, 1.0f32);
                    let mut sector = (red - green) / divisor + 4.0f32;
                    if value == red {
                        sector = (green - blue) / divisor;
                    } else if value == green {
                        sector = (blue - red) / divisor + 2.0f32;
                    }
                    let sector = wrap(sector + shift);
                    image[base + i] = channel(value, chroma, wrap(5.0f32 + sector));
                    image[base + plane + i] = channel(value, chroma, wrap(3.0f32 + sector));
                    image[base + 2 * plane + i] = channel(value, chroma, wrap(1.0f32 + sector));
                } else {
                    let mut factor = rows[at + 14];
                    let mut add = f32::new(0.0);
                    if operation == 1.0f32 {
                        factor = rows[at + 15];
                        add = (1.0f32 - factor) * mean;
                    }
                    if operation == 2.0f32 {
                        factor = rows[at + 16];
                        add = (1.0f32 - factor) * luma(red, green, blue);
                    }
                    image[base + i] = clamp(factor * red + add, 0.0f32, 1.0f32);
                    image[base + plane + i] = clamp(factor * green + add, 0.0f32, 1.0f32);
                    image[base + 2 * plane + i] = clamp(factor * blue + add, 0.0f32, 1.0f32);
                }
                i += units;
            }
        }
    }
    if rows[at + 18] > 0.0 {
        let mut i = UNIT_POS as usize;
        while i < plane {
            let gray = luma(
                image[base + i],
                image[base + plane + i],
                image[base + 2 * plane + i],
            );
            image[base + i] = gray;
            image[base + plane + i] = gray;
            image[base + 2 * plane + i] = gray;
            i += units;
        }
    }
}

/// A hue sector brought back into [0, 6).
#[cube]
fn wrap(sector: f32) -> f32 {
    let up = select(sector < 0.0f32, sector + 6.0f32, sector);
    select(up >= 6.0f32, up - 6.0f32, up)
}

#[cube]
fn channel(value: f32, chroma: f32, k: f32) -> f32 {
    value - chroma * clamp(k.min(4.0f32 - k), 0.0f32, 1.0f32)
}

/// Seven Gaussian taps along one axis, reflected at the border; views without blur are copied.
#[cube(launch)]
fn blur(
    x: &Tensor<f32>,
    rows: &Tensor<f32>,
    out: &mut Tensor<f32>,
    #[comptime] row: usize,
    #[comptime] vertical: bool,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let side = out.shape(3);
    let column = ABSOLUTE_POS % side;
    let line = (ABSOLUTE_POS / side) % side;
    let view = ABSOLUTE_POS / (side * side * 3);
    let sigma = rows[view * row + 19];
    if sigma > 0.0f32 {
        let along = if comptime!(vertical) { line } else { column };
        let step = if comptime!(vertical) {
            side
        } else {
            1usize.runtime()
        };
        let start = ABSOLUTE_POS - along * step;
        let mut sum = f32::new(0.0);
        let mut total = f32::new(0.0);
        #[unroll]
        for tap in 0..7usize {
            let distance = f32::new(comptime!(tap as f32 - 3.0));
            let weight = (-(distance * distance) / (2.0f32 * sigma * sigma)).exp();
            // |along + tap − 3|, then folded at the far end.
            let shifted = along + tap;
            let near = select(shifted < 3, 3 - shifted.min(3), shifted.max(3) - 3);
            let at = near.min(2 * (side - 1) - near);
            sum += weight * x[start + at * step];
            total += weight;
        }
        out[ABSOLUTE_POS] = sum / total;
    } else {
        out[ABSOLUTE_POS] = x[ABSOLUTE_POS];
    }
}

/// Magnitude of the luma gradient, at most 1; views that keep their picture are copied.
#[cube(launch)]
fn edge(x: &Tensor<f32>, rows: &Tensor<f32>, out: &mut Tensor<f32>, #[comptime] row: usize) {
    if ABSOLUTE_POS >= out.len() / 3 {
        terminate!();
    }
    let side = out.shape(3);
    let p = pixel(ABSOLUTE_POS, side);
    if rows[p.view * row + 20] > 0.0f32 {
        let last = side - 1;
        let right = gradient_luma(x, p.red + select(p.x < last, 1usize, 0usize), p.plane);
        let left = gradient_luma(x, p.red - select(p.x > 0, 1usize, 0usize), p.plane);
        let below = gradient_luma(x, p.red + select(p.y < last, side, 0usize), p.plane);
        let above = gradient_luma(x, p.red - select(p.y > 0, side, 0usize), p.plane);
        // Outside the picture the luma is zero.
        let gx = select(p.x < last, right, 0.0f32) - select(p.x > 0, left, 0.0f32);
        let gy = select(p.y < last, below, 0.0f32) - select(p.y > 0, above, 0.0f32);
        let magnitude = (gx * gx + gy * gy + 1e-6f32).sqrt().min(1.0f32);
        out[p.red] = magnitude;
        out[p.red + p.plane] = magnitude;
        out[p.red + 2 * p.plane] = magnitude;
    } else {
        out[p.red] = x[p.red];
        out[p.red + p.plane] = x[p.red + p.plane];
        out[p.red + 2 * p.plane] = x[p.red + 2 * p.plane];
    }
}

#[cube]
fn gradient_luma(x: &Tensor<f32>, red: usize, plane: usize) -> f32 {
    0.256_789_06f32 * x[red]
        + 0.504_128_9f32 * x[red + plane]
        + 0.097_906_25f32 * x[red + 2 * plane]
}

/// The counter-based normal numbers of [`crate::augment::noise`].
#[cube(launch)]
fn normal_kernel(out: &mut Tensor<f32>, inner: u32, outer: u32) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let first = mix(mix(ABSOLUTE_POS as u32 ^ inner) ^ outer);
    let second = mix(first + inner);
    let step = 1.0f32 / 16777216.0f32;
    let radius = (-2.0f32 * (f32::cast_from((first >> 8) + 1) * step).ln()).sqrt();
    let angle = (f32::cast_from(second >> 8) * step - 0.5f32) * 6.2831855f32;
    out[ABSOLUTE_POS] = radius * angle.cos();
}

#[cube]
fn mix(x: u32) -> u32 {
    let a = (x ^ (x >> 16)) * 0x7FEB_352Du32;
    let b = (a ^ (a >> 15)) * 0x846C_A68Bu32;
    b ^ (b >> 16)
}

impl ViewOps for CubeBackend {
    fn render_views(
        frames: IntTensor<Self>,
        slots: IntTensor<Self>,
        rows: FloatTensor<Self>,
        side: usize,
        affine: bool,
    ) -> FloatTensor<Self> {
        let (frames, slots, rows) = (into_contiguous(frames), into_contiguous(slots), dense(rows));
        let [views, _] = rows.shape().dims();
        let shape = [views, 3, side, side];
        let client = rows.client.clone();
        let mut image = empty(&rows, shape);
        let mut other = empty(&rows, shape);
        let pixels = elementwise(&rows, views * side * side);
        let values = elementwise(&rows, views * 3 * side * side);

        let (count, dim) = pixels.clone();
        resize::launch(
            &client,
            count,
            dim,
            frames.into_tensor_arg(),
            slots.into_tensor_arg(),
            rows.clone().into_tensor_arg(),
            image.clone().into_tensor_arg(),
            ROW,
        );
        if affine {
            let (count, dim) = pixels.clone();
            affine::launch(
                &client,
                count,
                dim,
                image.clone().into_tensor_arg(),
                rows.clone().into_tensor_arg(),
                other.clone().into_tensor_arg(),
                ROW,
            );
            std::mem::swap(&mut image, &mut other);
        }
        let cubes = CubeCountSelection::new(&client, views as u32).cube_count();
        colour::launch(
            &client,
            cubes,
            CubeDim::new_1d(UNITS as u32),
            image.clone().into_tensor_arg(),
            rows.clone().into_tensor_arg(),
            ROW,
            UNITS,
        );
        for vertical in [true, false] {
            let (count, dim) = values.clone();
            blur::launch(
                &client,
                count,
                dim,
                image.clone().into_tensor_arg(),
                rows.clone().into_tensor_arg(),
                other.clone().into_tensor_arg(),
                ROW,
                vertical,
            );
            std::mem::swap(&mut image, &mut other);
        }
        let (count, dim) = pixels;
        edge::launch(
            &client,
            count,
            dim,
            image.into_tensor_arg(),
            rows.into_tensor_arg(),
            other.clone().into_tensor_arg(),
            ROW,
        );
        other
    }

    fn normal(like: FloatTensor<Self>, seed: u32) -> FloatTensor<Self> {
        let [inner, outer] = crate::augment::noise::keys(seed);
        let out = empty(&like, like.shape());
        let (count, dim) = elementwise(&out, like.shape().num_elements());
        normal_kernel::launch(
            &like.client,
            count,
            dim,
            out.clone().into_tensor_arg(),
            inner,
            outer,
        );
        out
    }
}

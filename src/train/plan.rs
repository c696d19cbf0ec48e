//! What a run would cost: memory, arithmetic, steps, worked out without touching a device.

use super::step::decoded_at_once;
use crate::config::{PoseLoss, Precision, RunConfig};
use crate::data::StreamSizes;
use crate::model::{
    Architecture, COMPONENT_NUMBERS, DecoderShape, DenseWidths, REDUCED_NUMBERS, Widths,
};

/// Numbers of a picture of D.
const PICTURE_NUMBERS: usize = 3 * 64 * 64;
/// Bytes of an f32.
const F32: f64 = 4.0;
/// Backward costs about two forwards.
const WITH_BACKWARD: f64 = 3.0;

/// Estimate of one configuration on one data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Trainable parameters of encoder, heads and D.
    pub parameters: f64,
    /// Encoder images per step.
    pub encoder_images: f64,
    /// Decoded images per step.
    pub decoder_images: f64,
    /// Floating-point operations of one step, 2 per multiply-add, recomputation included.
    pub flops_per_step: f64,
    /// Estimated peak of device memory in bytes.
    pub peak_bytes: f64,
    /// Its share for weights, gradients and moments.
    pub state_bytes: f64,
    /// Its share for what the largest tape holds, with the views and the frames they are made of.
    pub tape_bytes: f64,
    /// The largest buffer of a step in bytes.
    pub buffer_bytes: f64,
    /// The key that makes the peak smaller, …
    pub peak_key: &'static str,
    /// … and the one that makes the largest buffer smaller.
    pub buffer_key: &'static str,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// Steps of the whole schedule.
    pub steps: u64,
}

/// Multiply-adds and kept numbers of a forward pass over one image.
#[derive(Clone, Copy, Default)]
struct Cost {
    macs: f64,
    /// Numbers of maps, which are stored as `precision` says.
    maps: f64,
    /// Numbers that are f32 in any case.
    wide: f64,
    parameters: f64,
}

impl Cost {
    /// A convolution whose output passes `extra` further element-wise stages.
    fn conv(&mut self, cin: usize, cout: usize, kernel: usize, side: usize, extra: f64) {
        let (cin, cout) = (cin as f64, cout as f64);
        let (area, pixels) = ((kernel * kernel) as f64, (side * side) as f64);
        self.macs += cin * cout * area * pixels;
        self.maps += cout * pixels * (1.0 + extra);
        self.parameters += cin * cout * area + cout;
    }

    /// ReLU, upsampling to `side` and a 3×3 convolution, whose products are those of the small map.
    fn up_conv(&mut self, cin: usize, cout: usize, side: usize) {
        let (cin, cout) = (cin as f64, cout as f64);
        let pixels = (side * side) as f64;
        self.macs += cin * cout * 9.0 * pixels / 4.0;
        self.maps += cout * pixels;
        self.parameters += cin * cout * 9.0 + cout;
    }

    /// Bytes that it keeps.
    fn bytes(&self, precision: Precision) -> f64 {
        precision.bytes() * self.maps + F32 * self.wide
    }

    fn linear(&mut self, din: usize, dout: usize) {
        self.macs += (din * dout) as f64;
        self.wide += 2.0 * dout as f64;
        self.parameters += (din * dout + dout) as f64;
    }

    fn attention(&mut self, c: usize, side: usize) {
        let map = (c * side * side) as f64;
        self.macs += 5.0 * c as f64 * map;
        // G̃, Θ̃ and the output; Φ is never worked out as a map.
        self.maps += 3.0 * map;
        self.parameters += 3.0 * (c * c + c) as f64;
    }
}

/// The trunk, and the subnets of F_f and F_p.
fn encoder(w: Widths) -> (Cost, [Cost; 2]) {
    if let Some(dense) = w.dense {
        return dense_encoder(w, dense);
    }
    let (c1, c2, c4) = (w.base, 2 * w.base, 4 * w.base);
    let mut trunk = Cost::default();
    trunk.conv(3, c1, 7, 32, 1.0);
    trunk.conv(c1, c1, 3, 32, 1.0);
    trunk.conv(c1, c1, 3, 32, 1.0);
    trunk.attention(c1, 32);
    trunk.conv(c1, c1, 3, 32, 1.0);
    trunk.conv(c1, c2, 3, 16, 1.0);
    trunk.attention(c2, 16);
    trunk.conv(c2, c2, 3, 16, 1.0);
    for _ in 0..2 {
        trunk.conv(c2, c2, 3, 16, 1.0);
        trunk.conv(c2, c2, 3, 16, 2.0);
    }
    trunk.conv(c2, c2, 3, 8, 1.0);
    trunk.conv(c2, c2, 3, 8, 1.0);
    trunk.conv(c2, c4, 3, 4, 1.0);
    trunk.conv(c4, w.trunk_out, 3, 4, 1.0);
    let subnet = |code| {
        let mut subnet = Cost::default();
        subnet.conv(w.trunk_out, w.subnet_mid, 3, 4, 1.0);
        subnet.conv(w.subnet_mid, code, 3, 4, 1.0);
        subnet
    };
    (trunk, [w.code, w.pose_code].map(subnet))
}

fn dense_encoder(w: Widths, dense: DenseWidths) -> (Cost, [Cost; 2]) {
    let map = 16 * w.trunk_out;
    let mut trunk = Cost::default();
    trunk.linear(REDUCED_NUMBERS, dense.components);
    trunk.linear(dense.components, dense.hidden);
    trunk.linear(dense.hidden, map);
    let subnet = |code: usize| {
        let mut subnet = Cost::default();
        subnet.linear(map, 16 * code);
        subnet
    };
    (trunk, [w.code, w.pose_code].map(subnet))
}

fn decoder(shape: DecoderShape) -> Cost {
    let (b, mut cin) = (shape.base, shape.din);
    let mut d = Cost::default();
    let batch_norm = |d: &mut Cost, channels: usize, side: usize| {
        d.maps += (channels * side * side) as f64;
        d.parameters += 2.0 * channels as f64;
    };
    if shape.hidden > 0 {
        d.linear(cin, shape.hidden);
        d.linear(shape.hidden, shape.hidden);
        cin = shape.hidden;
    }
    if shape.components > 0 {
        d.linear(cin, shape.components);
        d.linear(shape.components, COMPONENT_NUMBERS);
    }
    if shape.moved_face > 0 {
        d.linear(shape.moved_face, cin);
        d.linear(cin, cin);
        d.linear(cin, shape.components);
        d.linear(cin, 2 * 16 * 16);
        // The components once more, and the movements of every pixel.
        d.macs += (shape.components * COMPONENT_NUMBERS) as f64;
        d.wide += (COMPONENT_NUMBERS + 2 * PICTURE_NUMBERS) as f64;
    }
    // tanh and what the loss makes of it.
    d.wide += (2 * PICTURE_NUMBERS) as f64;
    if shape.start_px == 0 {
        return d;
    }
    let from_one = shape.start_px == 1;
    if shape.fc {
        let (channels, side) = if from_one {
            (8 * b, 1)
        } else {
            (4 * b, shape.start_px)
        };
        d.linear(cin, channels * side * side);
        cin = channels;
        if !from_one {
            batch_norm(&mut d, channels, side);
        }
    }
    let blocks = [(2, 4 * b), (4, 4 * b), (8, 4 * b), (16, 4 * b), (32, 2 * b)];
    for (side, cout) in blocks
        .into_iter()
        .filter(|(side, _)| *side > shape.start_px)
    {
        d.up_conv(cin, cout, side);
        batch_norm(&mut d, cout, side);
        cin = cout;
    }
    d.up_conv(cin, 3, 64);
    d
}

impl Plan {
    /// The estimate for `items` training faces.
    pub fn new(config: &RunConfig, items: usize) -> Self {
        let arch = Architecture::from(config);
        let (w, shape) = (arch.widths(), arch.decoder_shape());
        let (trunk, subnets) = encoder(w);
        let d = decoder(shape);
        let mut heads = [Cost::default(); 2];
        if config.proj.enabled {
            for (head, code_len) in heads.iter_mut().zip([w.code_len(), w.pose_code_len()]) {
                head.linear(code_len, code_len);
                head.linear(code_len, 8 * w.base);
                head.parameters += 16.0 * w.base as f64;
            }
        }
        let sizes = StreamSizes::new(config);
        let pose_views = match config.pose.loss {
            PoseLoss::Pose => sizes.pose * (2 + config.pose.num_negatives),
            _ => 2 * sizes.pose,
        } as f64;
        let [recon, face] = [sizes.recon_encoded(config), 2 * sizes.face].map(|n| n as f64);
        let terms = config.recon.terms.iter().filter(|&&t| t).count() as f64;
        let decoded = terms * sizes.recon as f64;
        let chunk = config.memory.chunk as f64;

        // A stream larger than a chunk is encoded once more without recording.
        let passes = |images: f64| {
            if chunk > 0.0 && images > chunk {
                WITH_BACKWARD + 1.0
            } else {
                WITH_BACKWARD
            }
        };
        let [face_net, pose_net] = subnets;
        let [face_head, pose_head] = heads;
        let mut headed = face;
        if config.face.enabled && config.face.recon_weight > 0.0 {
            headed += recon;
        }
        let both = |of: &dyn Fn(&Cost) -> f64| of(&face_net) + of(&pose_net);
        let encode =
            |images: f64, subnet_macs: f64| images * passes(images) * (trunk.macs + subnet_macs);
        let macs = encode(recon, both(&|net| net.macs))
            + encode(face, face_net.macs)
            + encode(pose_views, pose_net.macs)
            + WITH_BACKWARD
                * (decoded * d.macs + headed * face_head.macs + pose_views * pose_head.macs);

        let parameters = trunk.parameters
            + both(&|net| net.parameters)
            + face_head.parameters
            + pose_head.parameters
            + d.parameters;
        let largest = recon.max(face).max(pose_views);
        let live = if chunk > 0.0 {
            largest.min(chunk)
        } else {
            largest
        };
        // Backward holds the gradient of the widest map and of its input beside the tape.
        let first_map = match w.dense {
            None => w.base * 32 * 32,
            Some(_) => REDUCED_NUMBERS,
        } as f64;
        let last_map = match shape.start_px {
            0 => PICTURE_NUMBERS,
            _ => 2 * shape.base * 32 * 32,
        } as f64;
        let widest_encoder = 3.0 * first_map;
        let widest_decoder = 3.0 * last_map;
        let maps = config.precision;
        let encoder_tape = live
            * (trunk.bytes(maps) + both(&|net| net.bytes(maps)) + maps.bytes() * widest_encoder);
        let at_once = decoded_at_once(config.recon.bn_joint, sizes.recon, config.memory.chunk);
        let per_tape = decoded.min((at_once * sizes.recon) as f64);
        let decoder_tape = per_tape * (d.bytes(maps) + maps.bytes() * widest_decoder);
        // D takes one term of L_dis at a time, or all that a chunk has room for.
        let cut = if at_once > 1 && !config.recon.bn_joint {
            "memory.chunk"
        } else {
            "batch.recon"
        };
        let widest_map = last_map.max((4 * shape.base * 16 * 16) as f64);
        let encoder_buffer = live * first_map * maps.bytes();
        let decoder_buffer = per_tape * widest_map * maps.bytes();
        let (buffer_bytes, buffer_key) = if encoder_buffer > decoder_buffer {
            (encoder_buffer, "memory.chunk")
        } else {
            (decoder_buffer, cut)
        };
        let peak_key = if encoder_tape > decoder_tape {
            "memory.chunk"
        } else {
            cut
        };
        let k = (face - 2.0).max(0.0);
        let contrast_tape = F32 * 24.0 * face * k
            + face * face_head.bytes(maps)
            + pose_views * pose_head.bytes(maps);
        let images = 2.0 * (recon + face + pose_views) * (3 * 64 * 64) as f64;
        let frames =
            (sizes.most_frames(config) * 3) as f64 * f64::from(config.data.cache_px).powi(2);
        let tape_bytes = encoder_tape.max(decoder_tape).max(contrast_tape) + F32 * images + frames;
        // Weights, gradients, m and v, and the new set while the old one still stands.
        let state_bytes = F32 * parameters * 6.0;
        let steps_per_epoch = sizes.steps_per_epoch(items);
        Self {
            parameters,
            encoder_images: recon + face + pose_views,
            decoder_images: decoded,
            flops_per_step: 2.0 * macs,
            peak_bytes: state_bytes + tape_bytes,
            state_bytes,
            tape_bytes,
            buffer_bytes,
            peak_key,
            buffer_key,
            steps_per_epoch,
            steps: steps_per_epoch * u64::from(config.epochs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Backbone;
    use crate::model::{Pcl, parameter_count};

    #[test]
    fn counts_agree_with_the_specification() {
        let released = RunConfig {
            backbone: Backbone::FacecycleReleased,
            ..RunConfig::default()
        };
        let plan = Plan::new(&released, 22_496);
        assert_eq!(plan.parameters, 17_262_723.0);
        assert_eq!(plan.encoder_images, 2044.0);
        assert_eq!(plan.decoder_images, 1024.0);
        assert_eq!(plan.steps_per_epoch, 87);
        // METHODS 1.5: about 4.1 TMAC forward and backward, with 1.5 of them in D, of which upsampling
        // behind the products saves three quarters.
        let whole = RunConfig {
            memory: crate::config::MemoryConfig { chunk: 0 },
            ..released
        };
        let tmac = Plan::new(&whole, 22_496).flops_per_step / 2e12;
        assert!((2.8..3.3).contains(&tmac), "{tmac}");
        assert!(plan.flops_per_step > Plan::new(&whole, 22_496).flops_per_step);
    }

    #[test]
    fn every_preset_is_counted_as_it_is_built() {
        for preset in crate::config::presets::names() {
            let config = RunConfig::resolve(Some(preset), None, &[]).unwrap();
            let network = Pcl::blank(Architecture::from(&config), &burn::tensor::Device::flex());
            let counted = Plan::new(&config, 1000).parameters;
            assert_eq!(counted, parameter_count(&network) as f64, "{preset}");
        }
    }

    #[test]
    fn maps_of_16_bits_take_less_memory_and_nothing_else_changes() {
        let wide = Plan::new(&RunConfig::default(), 1000);
        let half = RunConfig {
            precision: Precision::F16,
            ..RunConfig::default()
        };
        let half = Plan::new(&half, 1000);
        let share = half.tape_bytes / wide.tape_bytes;
        assert!((0.5..0.9).contains(&share), "{share}");
        assert_eq!(half.state_bytes, wide.state_bytes);
        assert_eq!(half.flops_per_step, wide.flops_per_step);
    }

    #[test]
    fn the_largest_buffer_is_that_of_the_batch_or_the_chunk() {
        let paper = RunConfig::default();
        let plan = Plan::new(&paper, 1000);
        assert_eq!(
            (plan.buffer_bytes, plan.buffer_key),
            (128.0 * 2f64.powi(20), "batch.recon")
        );
        let mut whole = paper;
        whole.memory.chunk = 0;
        whole.batch.recon = 32;
        let plan = Plan::new(&whole, 1000);
        assert_eq!(
            (plan.buffer_key, plan.peak_key),
            ("memory.chunk", "memory.chunk")
        );
        // 512 views of faces.
        assert!(plan.buffer_bytes > 128.0 * 2f64.powi(20));
    }

    #[test]
    fn frames_beside_others_take_their_room() {
        let alone = RunConfig::default();
        let mut beside = alone.clone();
        beside.pose.source = vec![crate::config::PoseSource::Clip];
        let [alone, beside] = [alone, beside].map(|config| Plan::new(&config, 1000));
        // 256 further frames of 160 px.
        let frames = 256.0 * 3.0 * 160.0 * 160.0;
        assert_eq!(beside.tape_bytes - alone.tape_bytes, frames);
        assert_eq!(beside.flops_per_step, alone.flops_per_step);
    }

    #[test]
    fn chunks_bound_the_memory_of_the_paper_batch() {
        let gib = |config: &RunConfig| Plan::new(config, 100_000).peak_bytes / 2f64.powi(30);
        let paper = RunConfig::default();
        assert!(gib(&paper) < 4.0, "{}", gib(&paper));
        let mut whole = paper.clone();
        whole.memory.chunk = 0;
        assert!(
            gib(&whole) > 2.0 * gib(&paper),
            "{} {}",
            gib(&whole),
            gib(&paper)
        );
    }
}

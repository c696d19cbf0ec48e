//! The network against the golden numbers: sizes, blocks, encoder, heads, D.

mod support;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use support::compare::{Outputs, check, check_case, floor, norm};
use support::network::{below, fill, part, statistics, table, vjp};
use support::{case, devices, leaf, numbers, tensor};
use visage::config::{Backbone, Combine, RunConfig};
use visage::model::{
    Architecture, ChannelAttention, ConvSubnet, Decoder, DecoderShape, Encoder, FaceCycle, Pcl,
    ProjectionHead, ResidualBlock, SingleTailEncoder, Widths, combine, parameter_count,
};
use visage::ops::{upsample2, upsample2_plain};

/// D as the paper has it.
const PAPER_D: DecoderShape = DecoderShape {
    din: 2048,
    base: 64,
    fc: true,
    start_px: 1,
    hidden: 0,
    moved_face: 0,
    components: 0,
};

#[test]
fn parameter_counts() {
    use Backbone::{FacecycleOriginal, FacecyclePaper, FacecycleReleased};
    let device = &Device::flex();
    let w = |backbone| Widths::new(backbone, 1.0);
    let encoder = |backbone| parameter_count(&Encoder::new(w(backbone), device));
    let trunk = FaceCycle::new(w(FacecyclePaper), device);
    let model = |backbone| {
        let config = RunConfig {
            backbone,
            ..RunConfig::default()
        };
        parameter_count(&Pcl::blank(Architecture::from(&config), device))
    };
    let subnet = |sizes: &str| {
        let [cin, mid, cout] = sizes.split('_').collect::<Vec<_>>()[..] else {
            panic!("{sizes} is not three sizes")
        };
        let [cin, mid, cout] = [cin, mid, cout].map(|n| n.parse().expect("a size"));
        parameter_count(&ConvSubnet::new(cin, mid, cout, device))
    };
    let outputs = case("parameter_counts")["outputs"]
        .as_object()
        .expect("outputs");
    for (name, expected) in outputs {
        let count = match name.as_str() {
            "encoder_facecycle_paper" => encoder(FacecyclePaper),
            "encoder_facecycle_released" => encoder(FacecycleReleased),
            "encoder_facecycle_original" => {
                parameter_count(&SingleTailEncoder::new(w(FacecycleOriginal), device))
            }
            "trunk_128" => parameter_count(&FaceCycle::new(w(FacecycleReleased), device)),
            "trunk_256" => parameter_count(&trunk),
            "layers_1_to_9_with_blocks" => {
                parameter_count(&trunk) - parameter_count(&trunk.layer10)
            }
            "attention_64" => parameter_count(&ChannelAttention::new(64, device)),
            "attention_128" => parameter_count(&ChannelAttention::new(128, device)),
            "residual_128" => parameter_count(&ResidualBlock::new(128, device)),
            "head" => parameter_count(&ProjectionHead::new(2048, 512, device)),
            "decoder" => parameter_count(&Decoder::new(PAPER_D, device)),
            "model_facecycle_paper" => model(FacecyclePaper),
            "model_facecycle_released" => model(FacecycleReleased),
            other => subnet(other.strip_prefix("subnet_").expect("a subnet")),
        };
        assert_eq!(Some(count), expected.as_u64(), "{name}");
    }
}

fn attention(name: &str, channels: usize, prefix: &str, device: &Device) {
    let case = case(name);
    let blank = ChannelAttention::new(channels, &device.clone().autodiff());
    let (block, rows) = part(blank, prefix);
    let [x, cotangent] = ["x", "cotangent"].map(|key| &case["inputs"][key]);
    let forward = |block: &ChannelAttention, x| block.forward(x);
    let out = vjp(
        &block,
        &rows,
        leaf::<4>(x, device),
        tensor(cotangent, device),
        forward,
    );
    check_case(case, &out, floor::VALUE, floor::KINKED);
    // A shift of a whole row cancels in the softmax over positions.
    assert_vanishes(&out, "grad_theta.bias", "grad_theta.weight");
}

fn assert_vanishes(out: &Outputs, bias: &str, weight: &str) {
    assert!(
        norm(&out[bias]) <= 1e-4 * norm(&out[weight]),
        "{bias} does not vanish"
    );
}

#[test]
fn attention64() {
    for device in devices() {
        attention("attention64", 64, "encoder.trunk.a1.", &device);
    }
}

#[test]
fn attention128() {
    attention("attention128", 128, "encoder.trunk.a2.", &Device::flex());
}

#[test]
fn residual128() {
    let case = case("residual128");
    for device in devices() {
        let blank = ResidualBlock::new(128, &device.clone().autodiff());
        let (block, rows) = part(blank, "encoder.trunk.r1.");
        let [x, cotangent] = ["x", "cotangent"].map(|key| &case["inputs"][key]);
        let forward = |block: &ResidualBlock, x| block.forward(x);
        let out = vjp(
            &block,
            &rows,
            leaf::<4>(x, &device),
            tensor(cotangent, &device),
            forward,
        );
        check_case(case, &out, floor::VALUE, floor::KINKED);
    }
}

#[test]
fn backbones_with_two_subnets() {
    let device = &Device::flex();
    for (name, backbone) in [
        ("backbone_facecycle_paper", Backbone::FacecyclePaper),
        ("backbone_facecycle_released", Backbone::FacecycleReleased),
    ] {
        let rows = below(&table(backbone, false), "encoder.");
        let encoder = fill(Encoder::new(Widths::new(backbone, 1.0), device), &rows);
        let case = case(name);
        let features = |key: &str| encoder.features(tensor(&case["inputs"][key], device));
        let (small, large) = (features("x64"), features("x100"));
        let out = [
            ("Fs_64", small.f_s),
            ("Ff_64", small.f_f),
            ("Fp_64", small.f_p),
            ("Fs_100", large.f_s),
        ];
        check_case(case, &named(out), floor::VALUE, floor::KINKED);
    }
}

#[test]
fn backbone_with_a_single_tail() {
    let device = &Device::flex();
    let backbone = Backbone::FacecycleOriginal;
    let rows = below(&table(backbone, false), "encoder.");
    let encoder = fill(
        SingleTailEncoder::new(Widths::new(backbone, 1.0), device),
        &rows,
    );
    let case = case("backbone_facecycle_original");
    let code = |key: &str| encoder.forward(tensor(&case["inputs"][key], device));
    let out = named([("Fs_64", code("x64")), ("Fs_100", code("x100"))]);
    check_case(case, &out, floor::VALUE, floor::KINKED);
}

fn named<const N: usize>(tensors: [(&str, Tensor<2>); N]) -> Outputs {
    tensors
        .into_iter()
        .map(|(name, t)| (name.to_owned(), numbers(t)))
        .collect()
}

#[test]
fn head() {
    let case = case("head");
    for device in devices() {
        let (head, rows) = part(
            ProjectionHead::new(2048, 512, &device.clone().autodiff()),
            "h_f.",
        );
        let [x, cotangent] = ["x", "cotangent"].map(|key| &case["inputs"][key]);
        let forward = |head: &ProjectionHead, x| head.forward(x);
        let mut out = vjp(
            &head,
            &rows,
            leaf::<2>(x, &device),
            tensor(cotangent, &device),
            forward,
        );
        rename_training(&mut out, &head);
        out.insert(
            "eval_y".into(),
            numbers(head.valid().forward(tensor(x, &device))),
        );
        check_case(case, &out, floor::NORMALISED, floor::KINKED);
        assert_vanishes(&out, "grad_linear2.bias", "grad_linear2.weight");
    }
}

/// On the CPU only: at full width D takes minutes on a software GPU. Its small sister runs there in
/// the trajectory tests.
#[test]
fn decoder() {
    let case = case("decoder");
    let device = &Device::flex();
    let (d, rows) = part(
        Decoder::new(PAPER_D, &device.clone().autodiff()),
        "decoder.",
    );
    let [x, cotangent] = ["x", "cotangent"].map(|key| &case["inputs"][key]);
    let forward = |d: &Decoder, x| d.forward(x);
    let mut out = vjp(
        &d,
        &rows,
        leaf::<2>(x, device),
        tensor(cotangent, device),
        forward,
    );
    rename_training(&mut out, &d);
    out.insert(
        "eval_y".into(),
        numbers(d.valid().forward(tensor(x, device))),
    );
    check_case(case, &out, floor::NORMALISED, floor::KINKED);
    for block in 1..=5 {
        let [bias, weight] = ["bias", "weight"].map(|p| format!("grad_block{block}.conv.{p}"));
        assert_vanishes(&out, &bias, &weight);
    }
}

/// The golden names of a training pass: `train_y`, and the statistics after it.
fn rename_training<M: Module>(out: &mut Outputs, module: &M) {
    let y = out.remove("y").expect("an output");
    out.insert("train_y".into(), y);
    let after = statistics(module).into_iter();
    out.extend(after.map(|(name, values)| (format!("after_{name}"), values)));
}

#[test]
fn upsampling() {
    for device in devices() {
        for name in ["upsample_1x1", "upsample_2x2", "upsample_5x7"] {
            let case = case(name);
            for double in [upsample2, upsample2_plain] {
                let x = leaf::<4>(&case["inputs"]["x"], &device);
                let y = double(x.clone());
                let cotangent = Tensor::from_inner(tensor(&case["inputs"]["cotangent"], &device));
                let grads = (y.clone() * cotangent).sum().backward();
                let grad_x = x.grad(&grads).expect("a gradient");
                let out = Outputs::from([
                    ("y".to_owned(), numbers(y)),
                    ("grad_x".to_owned(), numbers(grad_x)),
                ]);
                check_case(case, &out, 1e-6, 1e-6);
            }
        }
    }
}

#[test]
fn combination() {
    let case = case("combine");
    for device in devices() {
        let [face, pose] = ["face", "pose"].map(|key| leaf::<2>(&case["inputs"][key], &device));
        let y = combine(face.clone(), pose.clone(), Combine::SumL2);
        let cotangent = Tensor::from_inner(tensor(&case["inputs"]["cotangent"], &device));
        let grads = (y.clone() * cotangent).sum().backward();
        let zeros = Tensor::<2>::zeros([1, 4], &device);
        let mut out = named([
            ("sum_l2", y),
            ("sum", combine(face.clone(), pose.clone(), Combine::Sum)),
            ("concat", combine(face.clone(), pose, Combine::Concat)),
            (
                "sum_l2_of_zeros",
                combine(zeros.clone(), zeros, Combine::SumL2),
            ),
        ]);
        out.insert(
            "grad_face".into(),
            numbers(face.grad(&grads).expect("a gradient")),
        );
        check_case(case, &out, floor::VALUE, floor::SMOOTH);
    }
}

#[test]
fn a_comparison_can_fail() {
    let case = case("upsample_2x2");
    let x = tensor::<4>(&case["inputs"]["x"], &Device::flex());
    let wrong = numbers(upsample2(x) * 1.00001);
    let caught = std::panic::catch_unwind(|| check("y", &wrong, &case["outputs"]["y"], 1e-6));
    assert!(caught.is_err(), "an error of 1e-5 went unnoticed");
}

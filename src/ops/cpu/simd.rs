//! Plain loops at the processor's full vector width.

/// Runs `f` compiled for the widest vectors this processor has.
///
/// The crate is built for any processor of its kind; what `f` consists of is compiled a second time
/// for wide vectors, as far as it is `#[inline(always)]`. Multiplications and additions stay
/// separate, so the result is the same number on every processor.
#[inline(always)]
pub(in crate::ops) fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2")]
        unsafe fn avx512<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        #[target_feature(enable = "avx2")]
        unsafe fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        if is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
        {
            // SAFETY: the processor was asked.
            return unsafe { avx512(f) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor was asked.
            return unsafe { avx2(f) };
        }
    }
    f()
}

/// Bias and LeakyReLU over pixels whose channels lie side by side.
pub(in crate::ops) fn activate_biased(pixels: &mut [f32], bias: &[f32], slope: f32) {
    wide(
        #[inline(always)]
        || {
            for pixel in pixels.chunks_exact_mut(bias.len().max(1)) {
                for (v, b) in pixel.iter_mut().zip(bias) {
                    let sum = *v + b;
                    *v = if sum > 0.0 { sum } else { slope * sum };
                }
            }
        },
    );
}

/// eˣ to about one unit in the last place; 0 below −87.
#[inline(always)]
pub(in crate::ops) fn exp(x: f32) -> f32 {
    // Adding this number rounds to a whole one, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN2_HIGH - n * LN2_LOW;
    // Remez polynomial of degree 6 for eʳ, |r| ≤ ½ ln 2 (Cephes).
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_66;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127)
        << 23;
    p * f32::from_bits(exponent)
}

/// ln x of a positive, normal number to about one unit in the last place.
#[inline(always)]
pub(in crate::ops) fn ln(x: f32) -> f32 {
    // x = m · 2ᵉ with m from √½ to √2.
    let bits = x
        .to_bits()
        .wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits());
    let e = (bits as i32 >> 23) as f32;
    let m = (bits & 0x007F_FFFF).wrapping_add(std::f32::consts::FRAC_1_SQRT_2.to_bits());
    let f = f32::from_bits(m) - 1.0;
    // Polynomial of degree 8 for (ln(1 + f) − f + f²/2)/f³ (Cephes).
    let p = 7.037_683_6e-2;
    let p = p * f - 1.151_461e-1;
    let p = p * f + 1.167_699_9e-1;
    let p = p * f - 1.242_014_1e-1;
    let p = p * f + 1.424_932_3e-1;
    let p = p * f - 1.666_805_8e-1;
    let p = p * f + 2.000_071_5e-1;
    let p = p * f - 2.499_999_4e-1;
    let p = p * f + 3.333_333e-1;
    let z = f * f;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let tail = p * f * z + LN2_LOW * e - 0.5 * z;
    f + tail + LN2_HIGH * e
}

/// cos x for |x| ≤ π, to 7e-7.
#[inline(always)]
pub(in crate::ops) fn cos(x: f32) -> f32 {
    // 1 − 2 sin²(x/2), with the Taylor polynomial of the sine, whose error at π/2 is 6e-8.
    let h = 0.5 * x;
    let z = h * h;
    let p = -2.505_210_8e-8;
    let p = p * z + 2.755_731_9e-6;
    let p = p * z - 1.984_127e-4;
    let p = p * z + 8.333_333e-3;
    let p = p * z - 1.666_666_7e-1;
    let sine = h + h * z * p;
    1.0 - 2.0 * sine * sine
}

/// tanh x to about two units in the last place.
#[inline(always)]
pub(in crate::ops) fn tanh(x: f32) -> f32 {
    let a = x.abs();
    // Near zero the quotient would lose digits: there a polynomial (Cephes).
    let z = x * x;
    let p = -5.704_988_7e-3;
    let p = p * z + 2.063_909e-2;
    let p = p * z - 5.373_971_6e-2;
    let p = p * z + 1.333_144_2e-1;
    let p = p * z - 3.333_328e-1;
    let small = x + x * z * p;
    let large = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
    if a < 0.625 { small } else { large.copysign(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_cosine_and_tangent_are_exact_to_a_few_units() {
        let mut worst = [0.0f64; 3];
        let mut look = |which: usize, found: f32, right: f64, scale: f64| {
            worst[which] = worst[which].max((f64::from(found) - right).abs() / scale);
        };
        for i in 1..200_000 {
            let x = i as f32 / 200_000.0;
            let right = f64::from(x).ln();
            look(0, ln(x), right, right.abs().max(0.1));
            let angle = (2.0 * x - 1.0) * std::f32::consts::PI;
            look(1, cos(angle), f64::from(angle).cos(), 1.0);
            let y = (x - 0.5) * 24.0;
            let right = f64::from(y).tanh();
            look(2, tanh(y), right, right.abs().max(1e-30));
        }
        assert!(
            worst[0] < 2e-7 && worst[1] < 8e-7 && worst[2] < 3e-7,
            "{worst:?}"
        );
        assert_eq!((ln(1.0), cos(0.0), tanh(0.0)), (0.0, 1.0, 0.0));
        assert_eq!((tanh(50.0), tanh(-1e30)), (1.0, -1.0));
        assert!((ln(2f32.powi(-24)) + 16.635_532).abs() < 1e-5);
    }

    #[test]
    fn the_exponential_is_exact_to_a_few_units() {
        let mut worst = 0.0f64;
        for i in -86_000..88_000 {
            let x = i as f32 * 1e-3;
            let right = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) / right - 1.0).abs());
        }
        assert!(worst < 2e-7, "{worst}");
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0).is_finite());
    }
}

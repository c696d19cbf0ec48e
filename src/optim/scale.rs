//! The factor on the loss that keeps the gradients of 16-bit maps within what 16 bits can hold.
//!
//! f16 knows nothing below 6e-8 and nothing above 65504, and most gradients of a mean over many
//! pixels are tiny. The loss is therefore multiplied by a power of two before the backward pass and
//! the gradients are divided by it afterwards, which changes no bit of them. The factor follows
//! PyTorch's `GradScaler` with its defaults: it is halved, and the step left out, when a gradient
//! is not finite, and doubled when that has not happened for two thousand steps.

use serde::{Deserialize, Serialize};

/// Where the factor begins.
const START: f64 = 65536.0;
/// Good steps until it is doubled.
const GROWTH_STEPS: u32 = 2000;
/// Below this the scaling is not what makes gradients too large.
const SMALLEST: f64 = 1.0;
/// It grows no further: the squares of gradients this large are still f32.
const LARGEST: f64 = (1u64 << 40) as f64;

/// The factor and what decides about its next change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    /// What the loss is multiplied by.
    pub factor: f64,
    /// Steps since the factor last changed.
    pub good_steps: u32,
}

impl Default for LossScale {
    fn default() -> Self {
        Self {
            factor: START,
            good_steps: 0,
        }
    }
}

impl LossScale {
    /// Whether a smaller factor is left to try.
    pub fn can_fall(&self) -> bool {
        self.factor > SMALLEST
    }

    /// After a step whose gradients were not finite: half the factor.
    pub fn fall(&mut self) {
        self.factor = (self.factor / 2.0).max(SMALLEST);
        self.good_steps = 0;
    }

    /// After a step whose gradients were finite.
    pub fn count(&mut self) {
        self.good_steps += 1;
        if self.good_steps == GROWTH_STEPS {
            self.factor = (2.0 * self.factor).min(LARGEST);
            self.good_steps = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_to_one_and_no_further() {
        let mut scale = LossScale::default();
        let mut falls = 0;
        while scale.can_fall() {
            scale.fall();
            falls += 1;
        }
        // 65536 = 2¹⁶.
        assert_eq!((falls, scale.factor), (16, 1.0));
    }

    #[test]
    fn two_thousand_good_steps_in_a_row_double_it() {
        let mut scale = LossScale::default();
        (0..1999).for_each(|_| scale.count());
        assert_eq!(scale.factor, 65536.0);
        // The row ends here.
        scale.fall();
        (0..1999).for_each(|_| scale.count());
        assert_eq!(scale.factor, 32768.0);
        scale.count();
        assert_eq!((scale.factor, scale.good_steps), (65536.0, 0));
        (0..100 * 2000).for_each(|_| scale.count());
        assert_eq!(scale.factor, LARGEST);
    }
}

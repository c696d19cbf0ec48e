//! Where the features of the face lie once the muscles have moved them.
//!
//! The curves here are used twice: the mesh is shaped along them and the skin is painted along
//! them, so that relief and colour always agree. All lengths are in units of 10 cm in the head's
//! own frame: x to the right of the picture, y up from the pupils, z out of the face.

use super::expression::Muscles;
use super::identity::Identity;
use super::maths::{bump, lerp};

/// All features of one face in one state.
pub struct Features {
    /// −1 for a mirrored person; multiplies x wherever the face is asymmetric.
    pub side: f32,
    /// Scale of the face below the eyes.
    pub low: f32,
    /// How far the chin has moved down.
    pub drop: f32,
    /// Mouth and lips.
    pub mouth: Mouth,
    /// Right eye of the picture; the other one mirrors it.
    pub eye: Eye,
    /// Right brow of the picture; the other one mirrors it but for the skew.
    pub brow: Brow,
    /// Nose.
    pub nose: Nose,
}

/// The lips: four curves between the two corners.
pub struct Mouth {
    /// Half the distance of the corners.
    pub half_width: f32,
    corner_y: f32,
    /// Centre of the upper lip's lower edge.
    pub upper_y: f32,
    /// Centre of the lower lip's upper edge.
    pub lower_y: f32,
    upper_lip: f32,
    lower_lip: f32,
    skew: f32,
}

/// Heights of the lips' edges at one x, from top to bottom.
pub struct LipCurves {
    /// Upper edge of the upper lip.
    pub top: f32,
    /// Lower edge of the upper lip.
    pub upper: f32,
    /// Upper edge of the lower lip.
    pub lower: f32,
    /// Lower edge of the lower lip.
    pub bottom: f32,
}

/// One eye.
pub struct Eye {
    /// Distance of the pupil from the middle of the face.
    pub x: f32,
    /// Half the width between the corners.
    pub half_width: f32,
    upper: f32,
    lower: f32,
    tilt: f32,
}

/// One brow.
pub struct Brow {
    inner_x: f32,
    outer_x: f32,
    y: f32,
    arch: f32,
    inner_rise: f32,
    outer_rise: f32,
    thickness: f32,
    skew: f32,
}

/// The nose.
pub struct Nose {
    /// Height of the nostrils' underside.
    pub base_y: f32,
    /// Height of the tip.
    pub tip_y: f32,
    /// How far the tip stands out.
    pub projection: f32,
    /// Half the width at the wings.
    pub half_width: f32,
    /// Additional relief in the middle of the bridge.
    pub hump: f32,
    /// Sideways shift of the tip, on the picture's side.
    pub bend: f32,
}

impl Features {
    /// Features of `identity` with the given muscle activations and lid closure (0–1).
    pub fn new(identity: &Identity, muscles: &Muscles, blink: f32) -> Self {
        let id = identity;
        let m = muscles;
        let low = id.face_length;
        let base_y = -0.455 * low * id.nose_length + 0.025 * m.wrinkle;
        let mouth_y = low * (-0.715 + 0.03 * id.mouth_height);
        let drop = 0.27 * m.drop;

        let mouth = Mouth {
            half_width: id.mouth_width * (1.0 + 0.24 * m.smile - 0.16 * m.drop + 0.03 * m.depress),
            corner_y: mouth_y + 0.006 + 0.10 * m.smile
                - 0.35 * drop
                - 0.07 * m.depress
                - 0.02 * m.wrinkle,
            upper_y: mouth_y
                + 0.015 * m.smile
                + 0.012 * m.part
                + 0.05 * m.wrinkle
                + 0.01 * m.depress,
            lower_y: mouth_y + 0.012 * m.smile - 0.065 * m.part - drop
                + 0.01 * m.depress
                + 0.02 * m.wrinkle,
            upper_lip: id.upper_lip * (1.0 - 0.2 * m.smile),
            lower_lip: id.lower_lip * (1.0 - 0.15 * m.smile),
            skew: id.mouth_skew,
        };
        let lower = 0.043 * (1.0 - 0.75 * m.cheek) * (1.0 - 0.3 * m.wrinkle);
        let narrowed = (1.0 + 0.5 * m.widen)
            * (1.0 - 0.2 * m.cheek)
            * (1.0 - 0.18 * m.frown * (1.0 - m.inner_brow));
        let eye = Eye {
            x: id.eye_spacing,
            half_width: 0.167 * id.eye_width,
            upper: lerp(0.078 * id.eye_opening * narrowed, -0.9 * lower, blink),
            lower,
            tilt: 0.008 + 0.02 * id.eye_tilt,
        };
        let brow = Brow {
            inner_x: 0.105 - 0.03 * m.frown,
            outer_x: id.eye_spacing + 0.205,
            y: id.brow_height + 0.03 * m.widen - 0.02 * m.wrinkle,
            arch: 0.035 + 0.022 * id.brow_arch,
            inner_rise: 0.10 * m.inner_brow - 0.085 * m.frown * (1.0 - 0.5 * m.inner_brow),
            outer_rise: 0.09 * m.outer_brow - 0.015 * m.frown,
            thickness: id.brow_thickness,
            skew: id.brow_skew,
        };
        let nose = Nose {
            base_y,
            tip_y: base_y + 0.085 + 0.03 * id.nose_upturn,
            projection: 0.335 * id.nose_projection,
            half_width: 0.165 * id.nose_width * (1.0 + 0.08 * m.smile + 0.05 * m.wrinkle),
            hump: 0.035 * id.nose_hump,
            bend: id.nose_bend * id.side(),
        };
        Self {
            side: id.side(),
            low,
            drop,
            mouth,
            eye,
            brow,
            nose,
        }
    }
}

impl Mouth {
    /// The lips at `x` on the person's own side, or `None` beyond the corners.
    pub fn curves(&self, x: f32) -> Option<LipCurves> {
        let q = x / self.half_width;
        let hill = 1.0 - q * q;
        if hill <= 0.0 {
            return None;
        }
        let corner = self.corner_y + self.skew * q;
        let upper = corner + (self.upper_y - self.corner_y) * hill;
        // An open mouth is round, a shut one pointed.
        let open = ((self.upper_y - self.lower_y) * 6.0).clamp(0.0, 1.0);
        let round = lerp(hill, hill.sqrt(), open);
        let lower = (corner + (self.lower_y - self.corner_y) * round).min(upper);
        let bow = 1.0 - 0.30 * bump(x, 0.0, 0.09, 1.0);
        Some(LipCurves {
            top: upper + self.upper_lip * hill * bow,
            upper,
            lower,
            bottom: lower - self.lower_lip * hill * (0.75 + 0.25 * hill),
        })
    }

    /// Height of the corner on the side of `x`.
    pub fn corner(&self, x: f32) -> f32 {
        self.corner_y + self.skew * x.signum()
    }
}

impl Eye {
    /// Heights of the upper and lower lid at `across`, −1 at the inner and 1 at the outer corner.
    pub fn lids(&self, across: f32) -> (f32, f32) {
        let hill = (1.0 - across * across).max(0.0);
        let line = self.tilt * across;
        let upper = line + self.upper * hill * (1.0 - 0.18 * across);
        (upper, line - self.lower * hill * (1.0 + 0.2 * across))
    }
}

impl Brow {
    /// Middle and half thickness of the brow at `x`, or `None` beside it. `own_side` is the sign of
    /// x on the person's own side.
    pub fn at(&self, x: f32, own_side: f32) -> Option<(f32, f32)> {
        let t = (x.abs() - self.inner_x) / (self.outer_x - self.inner_x);
        if !(0.0..=1.0).contains(&t) {
            return None;
        }
        let start = (t * 9.0).min(1.0);
        let half = self.thickness * start * (1.0 - 0.75 * t * t);
        Some((self.middle(t) + self.skew * own_side, half))
    }

    /// Height of the brow at the fraction `t` of its length.
    fn middle(&self, t: f32) -> f32 {
        let away = 1.0 - t;
        self.y + self.arch * (4.0 * t * away) - 0.035 * t * t
            + self.inner_rise * away * away
            + self.outer_rise * t * (1.6 - 0.6 * t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::generated::expression::FaceState;

    fn features(au: usize) -> Features {
        let mut state = FaceState::default();
        if au < 8 {
            state.au_intensity[au] = 5.0;
        }
        Features::new(&Identity::draw(3), &state.muscles(), 0.0)
    }

    #[test]
    fn action_units_move_what_their_names_say() {
        let rest = features(8);
        let at_rest = rest.mouth.curves(0.0).unwrap();
        assert!(
            (at_rest.upper - at_rest.lower).abs() < 0.02,
            "the mouth is shut at rest"
        );
        let inner = |f: &Features| f.brow.at(0.14, 1.0).unwrap().0;
        let outer = |f: &Features| f.brow.at(0.45, 1.0).unwrap().0;
        assert!(inner(&features(0)) > inner(&rest) + 0.04);
        assert!(outer(&features(1)) > outer(&rest) + 0.04);
        assert!(inner(&features(2)) < inner(&rest) - 0.04);
        assert!(features(3).eye.lids(0.0).1 > rest.eye.lids(0.0).1 + 0.02);
        assert!(features(4).mouth.upper_y > rest.mouth.upper_y + 0.03);
        assert!(features(5).mouth.corner(1.0) > rest.mouth.corner(1.0) + 0.05);
        assert!(features(5).mouth.half_width > 1.15 * rest.mouth.half_width);
        assert!(features(6).mouth.lower_y < rest.mouth.lower_y - 0.05);
        assert!(features(7).mouth.lower_y < rest.mouth.lower_y - 0.2);
    }

    #[test]
    fn lids_close() {
        let state = FaceState::default();
        let shut = Features::new(&Identity::draw(3), &state.muscles(), 1.0);
        for across in [-0.8, -0.4, 0.0, 0.4, 0.8] {
            let (upper, lower) = shut.eye.lids(across);
            assert!((upper - lower).abs() < 0.012, "{across}: {upper} {lower}");
        }
    }
}
